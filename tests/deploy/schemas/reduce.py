"""Extracts from two packages the official schemas that the tests of deploy/ need, without their descriptions.

The packages are too large for every developer (kubernetes-validate alone is 108 MB installed), so what they hold of our
kinds lies beside this file. To renew it, in an environment of its own with both packages, run this file in the
project's root:

    pip install kubernetes-validate check-jsonschema
    python tests/deploy/schemas/reduce.py
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

KUBERNETES = "1.37"
KINDS = {
    "ConfigMap": "configmap-v1",
    "Deployment": "deployment-apps-v1",
    "HorizontalPodAutoscaler": "horizontalpodautoscaler-autoscaling-v2",
    "Ingress": "ingress-networking-v1",
    "Job": "job-batch-v1",
    "Namespace": "namespace-v1",
    "NetworkPolicy": "networkpolicy-networking-v1",
    "PodDisruptionBudget": "poddisruptionbudget-policy-v1",
    "Service": "service-v1",
}
DEFINITIONS_FILE = "/api/_definitions.json"


def bare(schema: Any) -> Any:
    """The schema without descriptions; a property that is called so stays."""
    if isinstance(schema, list):
        return [bare(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value.removeprefix(DEFINITIONS_FILE) if key == "$ref" else bare(value)
        for key, value in schema.items()
        if not (key == "description" and isinstance(value, str)) and not key.startswith("x-kubernetes")
    }


def references(schema: Any) -> set[str]:
    """The names of the definitions that a schema refers to."""
    if isinstance(schema, list):
        return set().union(*map(references, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"].rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
    return own.union(*map(references, schema.values()))


def kubernetes() -> dict[str, Any]:
    """One schema: the kinds that deploy/kubernetes uses, and all that they refer to."""
    folder = files("kubernetes_validate").joinpath(f"kubernetes-json-schema/v{KUBERNETES}.0-local-strict")
    every = json.loads(folder.joinpath("_definitions.json").read_text())["$defs"]
    kinds = {kind: bare(json.loads(folder.joinpath(f"{name}.json").read_text())) for kind, name in KINDS.items()}
    definitions: dict[str, Any] = {}
    waiting = references(kinds)
    while waiting:
        name = waiting.pop()
        definitions[name] = bare(every[name])
        waiting |= references(definitions[name]) - definitions.keys()
    return {"kinds": kinds, "$defs": definitions}


def compose() -> dict[str, Any]:
    """The schema of the Compose specification."""
    folder = files("check_jsonschema").joinpath("builtin_schemas/vendor")
    schema: dict[str, Any] = bare(json.loads(folder.joinpath("compose-spec.json").read_text()))
    return schema


if __name__ == "__main__":
    for name, schema in {"kubernetes": kubernetes(), "compose": compose()}.items():
        text = json.dumps(schema, separators=(",", ":"), sort_keys=True)
        Path(__file__).with_name(f"{name}.json").write_text(text + "\n")
