"""The Kubernetes manifests, held to the official schema and to the program."""

import re
from typing import Any

import pytest
from jsonschema_rs import validator_for

from service.cli.commands import COMMANDS
from service.store import Store
from tests.deploy.files import DEPLOY, SETTING_NAMES, documents, nested, schema
from tests.front import Front
from tests.tables import each_row
from tests.test_deploy import PROJECT, arguments_of

FOLDER = DEPLOY / "kubernetes"
OBJECTS = {
    f"{path.stem}: {each['kind']} {each['metadata']['name']}": each
    for path in sorted(FOLDER.glob("*.yaml"))
    for each in documents(path)
}
PODS = {name: each["spec"]["template"] for name, each in OBJECTS.items() if each["kind"] in {"Deployment", "Job"}}
CONTAINERS = {name: pod["spec"]["containers"][0] for name, pod in PODS.items()}
SCHEMA = schema("kubernetes")
README = (DEPLOY / "README.md").read_text()


def of_kind(kind: str) -> list[dict[str, Any]]:
    """All objects of one kind."""
    return [each for each in OBJECTS.values() if each["kind"] == kind]


@each_row("name", OBJECTS)
def test_an_object_suits_the_official_schema(name: str) -> None:
    schema_of_kind = SCHEMA["kinds"][OBJECTS[name]["kind"]] | {"$defs": SCHEMA["$defs"]}

    assert [error.message for error in validator_for(schema_of_kind).iter_errors(OBJECTS[name])] == []


def test_a_misspelt_key_would_not_suit_it() -> None:
    deployment = of_kind("Deployment")[0]
    misspelt = {**deployment, "spec": {**deployment["spec"], "replica": 2}}
    validator = validator_for(SCHEMA["kinds"]["Deployment"] | {"$defs": SCHEMA["$defs"]})

    assert validator.is_valid(deployment)
    assert not validator.is_valid(misspelt)


def test_the_containers_run_our_commands_in_our_image() -> None:
    assert sorted(container["args"][0] for container in CONTAINERS.values()) == ["migrate", "web", "worker"]
    assert {container["args"][0] for container in CONTAINERS.values()} <= COMMANDS.keys()
    assert {container["image"] for container in CONTAINERS.values()} == {f"{PROJECT['name']}:{PROJECT['version']}"}


@pytest.mark.parametrize("name", PODS)
def test_a_pod_has_no_rights_and_writes_nowhere_but_to_tmp(name: str) -> None:
    pod, container = PODS[name]["spec"], CONTAINERS[name]
    (user,) = arguments_of((DEPLOY / "Dockerfile").read_text(), "USER")
    writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]

    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == user
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert writable == ["/tmp"]  # noqa: S108 (the container's)


def test_every_setting_of_the_manifests_is_one() -> None:
    (settings,) = of_kind("ConfigMap")
    secrets = set(re.findall(r"--from-literal=(\w+)=", README))

    assert settings["data"].keys() <= SETTING_NAMES
    assert secrets <= SETTING_NAMES
    assert "DATABASE_URL" in secrets  # SQLite cannot be shared by pods


def test_the_forms_file_lies_where_the_image_looks_for_it() -> None:
    image = (DEPLOY / "Dockerfile").read_text()
    mounts = [mount["mountPath"] for container in CONTAINERS.values() for mount in container["volumeMounts"]]

    assert "FORMS_FILE=/etc/lead-capture/forms.toml" in image
    assert mounts.count("/etc/lead-capture") == 3


def test_every_name_that_an_object_refers_to_is_defined() -> None:
    defined = {(each["kind"], each["metadata"]["name"]) for each in OBJECTS.values()}
    made_by_hand = {("ConfigMap", "lead-capture-forms"), ("Secret", "lead-capture")}
    every = list(OBJECTS.values())
    named = {
        *(("ConfigMap", each["name"]) for key in ("configMapRef", "configMap") for each in nested(every, key)),
        *(("Secret", each["name"]) for each in nested(every, "secretRef")),
        *(("Service", each["name"]) for each in nested(every, "service")),
        *((each["kind"], each["name"]) for each in nested(every, "scaleTargetRef")),
    }

    assert named - defined == made_by_hand
    assert all(re.search(rf"create {kind.lower()}\b.* {name}\b", README) for kind, name in made_by_hand)
    assert {each["metadata"].get("namespace", "leads") for each in every} == {"leads"}


def test_every_selector_finds_the_pods_it_means() -> None:
    labels = [pod["metadata"]["labels"] for pod in PODS.values()]
    selectors = [each["spec"]["selector"] for each in of_kind("Service")]
    selectors += [each["matchLabels"] for each in nested(list(OBJECTS.values()), "selector") if "matchLabels" in each]
    selectors += [each["matchLabels"] for each in nested(list(OBJECTS.values()), "labelSelector")]

    lost = [each for each in selectors if not any(each.items() <= own.items() for own in labels)]

    assert lost == [{"app.kubernetes.io/name": "nowhere"}]  # where /metrics leads
    assert len(selectors) == 8


def test_the_probes_ask_routes_of_ours_at_the_port_of_the_image(sqlite: Store) -> None:
    (web,) = (container for container in CONTAINERS.values() if container["args"] == ["web"])
    routes = {rule.rule for rule in Front(sqlite).app.url_map.iter_rules()}
    probed = {web[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}

    assert probed == {"/healthz", "/readyz"}
    assert probed < routes
    assert [str(port["containerPort"]) for port in web["ports"]] == arguments_of(
        (DEPLOY / "Dockerfile").read_text(), "EXPOSE"
    )


def test_the_autoscaler_reads_a_metric_that_the_service_has_and_the_adapter_passes_on(sqlite: Store) -> None:
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    (values,) = documents(FOLDER / "prometheus-adapter/values.yaml")
    name = scaler["spec"]["metrics"][0]["external"]["metric"]["name"]

    assert f"\n{name} " in Front(sqlite).client.get("/metrics").text
    assert [rule["seriesQuery"] for rule in values["rules"]["external"]] == [name]
