"""The files around the program, compared with what the program really offers."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.cli.commands import COMMANDS
from service.cli.listening import ListenAddress
from service.cli.processes import WEB_ADDRESS, server_options
from service.forms import read_setup
from service.settings import SETTINGS, read_settings
from tests.processes import bare_environ
from tests.test_house import SERVICE

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OPTIONAL: dict[str, list[str]] = PROJECT["optional-dependencies"]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def arguments_of(dockerfile: str, word: str) -> list[str]:
    """The arguments of every line that begins with `word`."""
    return re.findall(rf"^{word}\s+(.*)$", dockerfile, re.MULTILINE)


def unit(path: Path) -> ConfigParser:
    """A systemd unit; a repeated key fails the parse, and none of ours needs one."""
    parser = ConfigParser(interpolation=None, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's keys have capitals
    parser.read_string(path.read_text())
    return parser


# -- Procfile


def test_every_line_of_the_procfile_starts_one_of_our_commands() -> None:
    kinds = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())

    assert list(kinds) == ["release", "web", "worker"]
    for command in kinds.values():
        program, name = shlex.split(command)
        assert program == "lead-capture"
        assert name in COMMANDS


# -- the image


def test_every_base_image_is_pinned_to_a_minor_version() -> None:
    base, _ = arguments_of(DOCKERFILE, "ARG")

    for image in (base.removeprefix("PYTHON="), COMPOSE["services"]["db"]["image"]):
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(-[a-z]+)+(@sha256:[0-9a-f]{64})?", image)
    assert [line.split()[0] for line in arguments_of(DOCKERFILE, "FROM")] == ["${PYTHON}", "${PYTHON}"]


def test_the_image_s_python_is_the_newest_that_the_tests_pass_on() -> None:
    base, _ = arguments_of(DOCKERFILE, "ARG")
    tried = [name.rpartition(" ")[2] for name in PROJECT["classifiers"] if ":: Python :: 3." in name]

    assert base.partition(":")[2].partition("-")[0] == tried[-1]


def test_the_image_has_no_installer() -> None:
    last = DOCKERFILE.rpartition("FROM ${PYTHON}\n")[2]

    assert "pip uninstall --yes --root-user-action=ignore pip" in last
    assert "ensurepip" in last
    assert "python -m venv --without-pip" in DOCKERFILE


def test_the_container_runs_as_an_unprivileged_user() -> None:
    (user,) = arguments_of(DOCKERFILE, "USER")

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)


def test_everything_the_image_copies_exists_and_is_sent_to_the_builder() -> None:
    copied = [line.split()[:-1] for line in arguments_of(DOCKERFILE, "COPY") if not line.startswith("--from")]
    sent = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    sources = {source.removeprefix("./") for sources in copied for source in sources}

    assert sources == set(sent)
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_both_locks_of_the_image_name_the_same_versions() -> None:
    names = ("requirements.lock", "requirements-extras.lock", "requirements-test.lock")
    plain, extras, tested = (set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), re.MULTILINE)) for name in names)

    assert plain < extras < tested
    assert {pin.partition("==")[0] for pin in extras - plain} >= {"sentry-sdk", "opentelemetry-sdk"}
    assert arguments_of(DOCKERFILE, "ARG")[1].removeprefix("REQUIREMENTS=") in names


def test_the_image_installs_only_locked_dependencies() -> None:
    installs = [line for line in arguments_of(DOCKERFILE, "RUN") if "pip install" in line]

    assert installs
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)


def test_the_image_shows_its_commands_when_asked_nothing() -> None:
    assert (arguments_of(DOCKERFILE, "ENTRYPOINT"), arguments_of(DOCKERFILE, "CMD")) == (
        ['["lead-capture"]'],
        ['["--help"]'],
    )
    assert arguments_of(DOCKERFILE, "STOPSIGNAL") == ["SIGTERM"]


def test_the_health_check_of_the_image_is_sound_python_that_asks_healthz() -> None:
    (check,) = arguments_of(DOCKERFILE, "HEALTHCHECK")
    words = yaml.safe_load(check.partition("CMD ")[2])

    compile(words[-1], "HEALTHCHECK", "exec")
    assert words[:2] == ["python", "-c"]
    assert "'/healthz'" in words[-1]


# -- compose


def test_compose_starts_our_commands_after_the_migration() -> None:
    services: dict[str, Any] = COMPOSE["services"]
    ours = {name: service for name, service in services.items() if name != "db"}

    assert set(ours) == {"migrate", "web", "worker"}
    assert all(service["command"] == [name] and name in COMMANDS for name, service in ours.items())
    assert all("migrate" in ours[name]["depends_on"] for name in ("web", "worker"))


def test_compose_needs_no_postgresql_but_for_its_profile() -> None:
    services = COMPOSE["services"]

    assert [name for name, service in services.items() if "profiles" in service] == ["db"]
    assert services["migrate"]["depends_on"]["db"]["required"] is False


def test_compose_keeps_the_leads_in_a_volume_where_the_image_puts_them() -> None:
    assert "data:/data" in COMPOSE["services"]["web"]["volumes"]
    assert "data:/data" in COMPOSE["services"]["worker"]["volumes"]
    assert "DATABASE_URL=sqlite:////data/" in DOCKERFILE


@pytest.mark.parametrize("name", ["lead-capture.env", "postgresql.env"])
def test_every_file_of_settings_that_compose_reads_has_an_example(name: str) -> None:
    assert name in (DEPLOY / "compose.yaml").read_text()
    assert (DEPLOY / f"{name}.example").is_file()


def test_the_example_of_settings_names_only_settings_and_suits_them() -> None:
    lines = re.findall(r"^#?([A-Z_]+)=(.*)$", (DEPLOY / "lead-capture.env.example").read_text(), re.MULTILINE)
    secrets = {"ADMIN_TOKEN": "t" * 16, "ADMIN_PASSWORD": "p" * 12, "ENCRYPTION_KEY": "k" * 32}
    given = dict(lines) | {"NEXUDUS_PASSWORD": "p", "NEXUDUS_TOTP_SECRET": "JBSWY3DP", **secrets}

    assert {name for name, _ in lines} <= {each.name for each in SETTINGS}
    assert read_settings(given).hints == ()


# -- systemd


@pytest.mark.parametrize("path", UNITS, ids=[path.stem for path in UNITS])
def test_a_unit_runs_its_own_command_without_rights(path: Path) -> None:
    service = unit(path)["Service"]
    program, name, *options = shlex.split(service["ExecStart"])

    assert options == (["--wait", "5m"] if name == "migrate" else [])
    assert (Path(program).name, name) == ("lead-capture", path.stem.removeprefix("lead-capture-"))
    assert name in COMMANDS
    assert service["User"] == "lead-capture"
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["CapabilityBoundingSet"]) == (
        "yes",
        "strict",
        "",
    )
    assert service["StateDirectory"] == Path(service["WorkingDirectory"]).name


@pytest.mark.parametrize("kind", ["web", "worker"])
def test_a_unit_starts_after_the_migration_and_always_comes_back(kind: str) -> None:
    parsed = unit(DEPLOY / "systemd" / f"lead-capture-{kind}.service")

    assert "lead-capture-migrate.service" in parsed["Unit"]["Wants"].split()  # if it fails, `Requires` would end all
    assert "lead-capture-migrate.service" in parsed["Unit"]["After"].split()
    assert parsed["Service"]["Restart"] == "always"
    assert parsed["Service"]["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_a_unit_waits_longer_for_the_end_than_the_process_takes() -> None:
    patience_s = {path.stem: unit(path)["Service"].get("TimeoutStopSec", "90") for path in UNITS}

    assert int(patience_s["lead-capture-web"]) > server_options(read_settings({}), WEB_ADDRESS)["graceful_timeout"]
    assert int(patience_s["lead-capture-worker"]) > 8  # service.delivery.loop.STOP_S


def test_the_unit_of_the_web_process_listens_on_this_machine_alone() -> None:
    settings = unit(DEPLOY / "systemd/lead-capture-web.service")["Service"]["Environment"].split()

    assert "HOST=127.0.0.1" in settings


# -- what the guide installs


def test_the_forms_file_of_the_guide_has_one_form() -> None:
    setup = read_setup(DEPLOY / "forms.toml.example", {"FORMS_FILE": "forms.toml.example"}.get)

    assert list(setup.forms) == ["contact"]


# -- gunicorn and CI


def test_gunicorn_s_configuration_file_gives_the_options_of_the_web_command(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "HOST": "::1",
        "PORT": "8123",
        "WEB_THREADS": "3",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'leads.db'}",
    }
    expected = {
        **server_options(read_settings({"WEB_THREADS": "3"}), ListenAddress("::1", 8123)),
        "wsgi_app": "wsgi:application()",
    }

    printed = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", DEPLOY / "gunicorn.conf.py", "--print-config"],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    shown = {
        name.strip(): value.strip() for name, value in re.findall(r"^(\w+) += (.*)$", printed.stdout, re.MULTILINE)
    }
    expected["bind"] = [expected["bind"]]  # gunicorn shows all addresses it listens on
    assert {name: shown[name] for name in expected} == {name: _shown(value) for name, value in expected.items()}


def _shown(value: Any) -> str:
    """An option as gunicorn prints it."""
    return f"<{value.__qualname__}()>" if callable(value) else str(value)


def test_the_ci_script_may_be_run_and_is_sound() -> None:
    script = ROOT / ".ci/run"

    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True)


# -- the package and the Makefile


def test_the_package_has_its_licence_and_its_types() -> None:
    assert PROJECT["license"] == "MIT"
    assert [name for name in PROJECT["license-files"] if not (ROOT / name).is_file()] == []
    assert (ROOT / "service" / "py.typed").is_file()


def test_the_image_that_compose_builds_bears_the_version_of_the_package() -> None:
    image = COMPOSE["x-lead-capture"]["image"]

    assert image == f"{PROJECT['name']}:{PROJECT['version']}"


def test_every_package_that_is_imported_is_declared_as_a_dependency() -> None:
    requirements = [*PROJECT["dependencies"], *OPTIONAL["otel"], *OPTIONAL["sentry"]]
    declared = {re.split(r"[\[<>=~! ]", requirement)[0].lower() for requirement in requirements}
    imported = {name.partition(".")[0] for source in SERVICE for name in source.imports}
    foreign = imported - {"service"} - set(sys.stdlib_module_names)
    distributions = packages_distributions()

    undeclared = {
        name for name in foreign if not declared & {each.lower().replace("_", "-") for each in distributions[name]}
    }
    assert undeclared == set()


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `make` with our Makefile in another folder."""
    command = ["make", "--file", str(ROOT / "Makefile"), *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=bare_environ())


def test_an_old_python_is_refused_in_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    old = tmp_path / "python3.10"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.12\n')
    old.chmod(0o755)

    ended = make(tmp_path, "setup", f"PYTHON={old}")

    assert ended.returncode == 2
    assert "Python 3.11 or newer is needed; this is Python 3.10.12." in ended.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_ports_of_make_run_are_those_that_are_given(tmp_path: Path) -> None:
    words = ("run", "--dry-run", "--old-file=setup", "PORT=8100", "SIMULATOR_PORT=8200")

    assert make(tmp_path, *words).stdout.splitlines()[-1].endswith("up --port 8100 --simulator-port 8200")
