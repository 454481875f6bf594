"""Who calls, and with which ids: Schemathesis draws everything else. The world comes from `check.ts`."""

import json
import os
import re
import unicodedata
import urllib.request

import schemathesis

with open(os.environ["MUSTER_WORLD"], encoding="utf8") as file:
    world = json.load(file)

label_name = re.compile(r"^[A-Za-z0-9._/-]{1,64}$")
slug = re.compile(r"^[A-Za-z0-9._-]{1,64}$")
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


def printable(text):
    """The tool knows `\\p{C}` only in part, and draws what does not print."""
    return "".join("x" if unicodedata.category(letter).startswith("C") else letter for letter in text)


def storable(value):
    """No text holds a NUL, not even a name: no store could keep it. The document says so in words."""
    if isinstance(value, str):
        return value.replace("\x00", "x")
    if isinstance(value, list):
        return [storable(held) for held in value]
    if isinstance(value, dict):
        return {storable(name): storable(held) for name, held in value.items()}
    return value


def good_password(given):
    """Length is all that the schema can say of a password; it must not be one that is tried first, either."""
    return f"{given} that nobody tries"[-256:] if 8 <= len(given) <= 256 else given


def well_formed(body):
    """What a good body is beyond its schema."""
    body = storable(body)
    if not isinstance(body, dict):
        return body
    for field in ("password", "new_password"):
        if isinstance(body.get(field), str):
            body[field] = good_password(body[field])
    for field in ("nick", "name"):
        if isinstance(body.get(field), str):
            body[field] = printable(body[field])
    if isinstance(body.get("labels"), dict):
        body["labels"] = {name: printable(text) for name, text in body["labels"].items() if label_name.match(name)}
    if isinstance(body.get("ports"), dict):
        # The tool draws names that `patternProperties` with `additionalProperties: false` does not allow.
        ports = body["ports"].items()
        body["ports"] = {"game" if at == 0 or not slug.match(name) else name: port for at, (name, port) in enumerate(ports)}
    return body


turn = 0


@schemathesis.hook
def before_call(context, case, kwargs):
    """In every other call, an id that there is; and good bodies as good as the document's words have them.

    A call that follows another's answer keeps the id it learned there."""
    global turn
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    turn += 1
    known = real_id(case.operation.path)
    follows = case.meta.phase.name == "stateful"
    if known is not None and not follows and turn % 2 == 0 and case.path_parameters and "id" in case.path_parameters:
        case.path_parameters["id"] = known
    if case.body is not None and "PUT /players/me/storage" not in case.operation.label:
        case.body = well_formed(case.body)
    elif case.body is not None:
        case.body = storable(case.body)
    if "if-match" in case.headers and not re.match(r'^(\*|"[!#-~]*")$', case.headers["if-match"]):
        # In one phase the tool takes no notice of a header's pattern.
        case.headers["if-match"] = "*"
    for name, value in storable(dict(case.query or {})).items():
        case.query[name] = value
    # A long poll would hold up everything behind it, for nothing.
    for part in (case.query, case.body):
        if isinstance(part, dict) and isinstance(part.get("wait_s"), (int, float)):
            part["wait_s"] = min(part["wait_s"], 0.05)
    if "if-match" in case.headers:
        case.headers.pop("if-none-match", None)
    label = (case.query or {}).get("label")
    if label is not None:
        # Two values of one label fit no server, and are refused.
        named = {one.split("=")[0]: printable(one) for one in ([label] if isinstance(label, str) else label)}
        case.query["label"] = list(named.values())
