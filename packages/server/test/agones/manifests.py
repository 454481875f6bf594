"""Checks the manifests of docs/agones.md against the schemas that Kubernetes publishes."""

import re
import sys

import kubernetes_validate
import yaml

version = kubernetes_validate.latest_version()
with open(sys.argv[1], encoding="utf-8") as file:
    text = file.read()

for block in re.findall(r"```yaml\n(.*?)```", text, re.S):
    for document in yaml.safe_load_all(block):
        kind = document["kind"]
        if document["apiVersion"] == "agones.dev/v1":
            # Agones's own kinds are in no schema of Kubernetes; what they run is.
            pod = document["spec"]["template"]["spec"]["template"]
            document = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, **pod}
        kubernetes_validate.validate(document, version, strict=True)
        print(kind)
