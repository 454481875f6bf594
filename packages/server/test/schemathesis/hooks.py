"""Who calls, and with which ids: Schemathesis draws everything else. The world comes from `check.ts`."""

import json
import os
import re
import urllib.request

import schemathesis

with open(os.environ["MUSTER_WORLD"], encoding="utf8") as file:
    world = json.load(file)

left = world["left"]
role = os.environ["MUSTER_ROLE"]
# They end whoever calls them, so somebody new calls each time.
ends_its_caller = re.compile(r"^(POST /auth/(logout-all|password|upgrade)|DELETE /players/me)$")
tokens = {
    "a player": left["seated"][0]["access_token"],
    "an operator": world["keys"]["operator"]["secret"],
    "a service": world["keys"]["service"]["secret"],
    "a game server": left["key"]["secret"],
    "a session": left["report"],
}


def new_guest() -> str:
    request = urllib.request.Request(f"{world['url']}/auth/guest", b"{}", {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def token_for(label: str) -> str | None:
    if ends_its_caller.match(label) and role in ("whoever may", "a player"):
        return new_guest()
    if role != "whoever may":
        return tokens.get(role)
    path = label.split(" ")[1]
    if path.startswith("/keys"):
        return tokens["an operator"]
    if path.startswith("/servers"):
        listing = label.startswith("GET ")
        return tokens["a service" if listing else "a game server"]
    if re.search(r"^/sessions/\{id\}/(ready|started|players|result|abandoned)$", path):
        return tokens["a session"]
    if "/matches/" in path:
        return left["offered"][0]["access_token"]
    return tokens["a player"]


@schemathesis.auth(refresh_interval=None)
class Caller:
    def get(self, case, context):
        return token_for(case.operation.label)

    def set(self, case, data, context):
        if data is not None:
            case.headers["Authorization"] = f"Bearer {data}"


def real_id(path: str) -> str | None:
    if path.startswith("/servers/"):
        return left["server"]
    if path.startswith("/sessions/"):
        return left["session"]
    if "/matches/" in path:
        return left["match"]
    if path == "/players/{id}":
        return left["seated"][0]["user_id"]
    return None


def good_password(given):
    """Length is all that the schema can say of a password; it must not be one that is tried first, either."""
    return f"{given} that nobody tries"[-256:] if isinstance(given, str) and 8 <= len(given) <= 256 else given


turn = 0


@schemathesis.hook
def before_call(context, case, kwargs):
    """In every other call, an id that there is; and no well-formed password that is among the common ones."""
    global turn
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    turn += 1
    known = real_id(case.operation.path)
    if known is not None and turn % 2 == 0 and case.path_parameters and "id" in case.path_parameters:
        case.path_parameters["id"] = known
    if isinstance(case.body, dict):
        for field in ("password", "new_password"):
            if field in case.body:
                case.body[field] = good_password(case.body[field])
