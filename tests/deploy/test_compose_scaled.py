"""compose.scaled.yaml and what it starts with; both compose files against the official schema."""

import itertools

import pytest
from jsonschema_rs import validator_for

from service.cli.commands import COMMANDS
from tests.deploy.files import DEPLOY, documents, schema
from tests.test_deploy import COMPOSE, PROJECT

(SCALED,) = documents(DEPLOY / "compose.scaled.yaml")
SERVICES = SCALED["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("nexudus-lead-capture:")}


@pytest.mark.parametrize("name", ["compose.yaml", "compose.scaled.yaml"])
def test_a_compose_file_suits_the_specification(name: str) -> None:
    (content,) = documents(DEPLOY / name)
    validator = validator_for(schema("compose"))

    assert [error.message for error in validator.iter_errors(content)] == []
    assert not validator.is_valid({**content, "service": {}})


def test_two_of_each_process_start_after_one_migration() -> None:
    assert {name: service["command"] for name, service in OURS.items()} == {
        name: [name] for name in ("migrate", "web", "worker")
    }
    assert OURS.keys() <= COMMANDS.keys()
    assert [OURS[name]["deploy"]["replicas"] for name in ("web", "worker")] == [2, 2]
    assert all("migrate" in OURS[name]["depends_on"] for name in ("web", "worker"))


def test_both_compose_files_run_the_image_alike() -> None:
    alike = ("image", "build", "env_file", "read_only", "cap_drop", "security_opt", "stop_grace_period")
    (one,) = documents(DEPLOY / "compose.yaml")

    assert {key: SCALED["x-lead-capture"][key] for key in alike} == {key: one["x-lead-capture"][key] for key in alike}
    assert SCALED["x-lead-capture"]["image"] == f"{PROJECT['name']}:{PROJECT['version']}"
    assert SERVICES["db"]["image"] == COMPOSE["services"]["db"]["image"]


def test_only_the_proxy_is_open_to_the_world() -> None:
    published = {name: port for name, service in SERVICES.items() for port in service.get("ports", [])}
    local = {name for name, port in published.items() if port.startswith("127.0.0.1:")}

    assert published.keys() - local == {"caddy"}


def test_every_file_that_is_mounted_exists_or_is_made_by_the_guide() -> None:
    mounted = {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    }
    readme = (DEPLOY / "README.md").read_text()

    missing = {each for each in mounted if not (DEPLOY / each).exists()}

    assert missing <= {"./config"}
    assert "mkdir -p deploy/config" in readme


def test_caddy_and_prometheus_ask_the_web_containers_at_their_port() -> None:
    caddyfile = (DEPLOY / "caddy/Caddyfile.scaled").read_text().split()
    (prometheus,) = documents(DEPLOY / "prometheus/prometheus.yml")
    (discovery,) = prometheus["scrape_configs"][0]["dns_sd_configs"]

    assert ("name", "web") in itertools.pairwise(caddyfile)
    assert ("port", "8000") in itertools.pairwise(caddyfile)
    assert (discovery["names"], discovery["port"]) == (["web"], 8000)


def test_grafana_reads_prometheus_by_the_name_of_its_service() -> None:
    (sources,) = documents(DEPLOY / "grafana/provisioning/datasources/prometheus.yml")
    (source,) = sources["datasources"]

    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in SERVICES
