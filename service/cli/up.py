"""`lead-capture up`: one machine, one terminal, everything running."""

import argparse
import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

from service.cli.configuration import number_within, read_configuration, with_port
from service.cli.main import Failed
from service.cli.migrate import migrate
from service.cli.simulated import PASSWORD, USERNAME, note_address
from service.forms import Setup
from service.settings import Settings

START_S = 30.0
"""How long the web process may take until it takes leads."""

STOP_S = 12.0
"""How long the processes may take to end; then they are killed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--port and --simulator-port."""
    parser.add_argument("--port", type=number_within(1, 65535), help="where to take leads (PORT, then 8000)")
    parser.add_argument(
        "--simulator-port", type=number_within(1, 65535), default=8010, help="where the simulator listens (8010)"
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run, and where."""

    port: int
    simulator_port: int
    simulated: bool
    environ: Mapping[str, str]

    @property
    def simulator_url(self) -> str:
        """Where the simulator listens."""
        return f"http://127.0.0.1:{self.simulator_port}"


def run(arguments: argparse.Namespace) -> int:
    """Start all, tell where, stop all when one ends or somebody says so."""
    settings, setup = read_configuration(alerts=True)
    plan = plan_of(settings, arguments)
    check_ports(plan)
    migrate(settings.database_url)
    password = "" if settings.admin_password else _made_password(settings.database_url)
    team = Team()
    try:
        team.start_all(plan)
        team.wait_until_ready(plan.port)
        note_address(settings.database_url, plan.simulator_url if plan.simulated else "")
        print(banner(plan, setup, password), flush=True)
        return team.watch()
    finally:
        team.stop_all()
        if plan.simulated:
            note_address(settings.database_url, "")


def plan_of(settings: Settings, arguments: argparse.Namespace) -> Plan:
    """Deliver to Nexudus where credentials are set, else to the simulator."""
    simulated = not settings.has_nexudus_login
    port = with_port(settings, arguments.port, 8000)
    environ = dict(os.environ)
    environ.setdefault("PUBLIC_URL", f"http://localhost:{port}")
    environ.pop("PORT", None)
    plan = Plan(port, arguments.simulator_port, simulated, environ)
    if simulated:
        login = {"NEXUDUS_USERNAME": USERNAME, "NEXUDUS_PASSWORD": PASSWORD, "NEXUDUS_BASE_URL": plan.simulator_url}
        environ |= {**login, "SAMPLE_PAGE": "true"}
    return plan


def check_ports(plan: Plan) -> None:
    """See that nobody else listens where we will: their answers would pass for ours.

    Raises: Failed.
    """
    wanted = {"--port": plan.port}
    if plan.simulated:
        wanted["--simulator-port"] = plan.simulator_port
    for option, port in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))  # noqa: S104 (as the web process does; nothing is served)
            except OSError as error:
                raise Failed(f"port {port} cannot be used ({error.strerror}): choose another with {option}") from error


class Team:
    """The processes of one `up`: all of them run, or none."""

    def __init__(self) -> None:
        self._members: dict[str, subprocess.Popen[bytes]] = {}
        self._asked_to_stop = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note_stop)

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._asked_to_stop = True

    def start_all(self, plan: Plan) -> None:
        """Start each as a process of its own."""
        if plan.simulated:
            self._start("simulator", plan, "--port", str(plan.simulator_port))
        self._start("web", plan, "--port", str(plan.port))
        self._start("worker", plan)

    def _start(self, name: str, plan: Plan, *arguments: str) -> None:
        command = [sys.executable, "-m", "service.cli", name, *arguments]
        # A session of its own: Ctrl-C reaches us alone, and we end them in order.
        self._members[name] = subprocess.Popen(  # noqa: S603 (our own command)
            command,
            env=dict(plan.environ),
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 (we have no threads)
        )

    def wait_until_ready(self, port: int) -> None:
        """Until leads are taken.

        Raises: Failed when a process ends or the time is up.
        """
        deadline = time.monotonic() + START_S
        while not _answers(port):
            self._check_alive()
            if self._asked_to_stop:
                return
            if time.monotonic() > deadline:
                raise Failed(f"the web process took no leads within {START_S:.0f} s: see its log above")
            time.sleep(0.05)

    def watch(self) -> int:
        """Until somebody says stop (0) or a process ends by itself (1)."""
        while not self._asked_to_stop:
            try:
                self._check_alive()
            except Failed as failure:
                print(f"lead-capture: {failure}", file=sys.stderr)
                return 1
            time.sleep(0.2)
        return 0

    def _check_alive(self) -> None:
        for name, process in self._members.items():
            code = process.poll()
            if code is not None and not self._asked_to_stop:
                raise Failed(f"the {name} process ended by itself (exit {code}); stopping all")

    def stop_all(self) -> None:
        """Ask all to end, wait, kill what is left."""
        for process in self._members.values():
            process.terminate()
        deadline = time.monotonic() + STOP_S
        for process in self._members.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill_group(process)


def _end_with_parent() -> None:
    """Linux ends a child with us, even when we are killed; elsewhere an orphan must be stopped by hand."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _made_password(database_url: str) -> str:
    """The dashboard's password, if it was made just now."""
    from service.admin.pages.password import make_password  # noqa: PLC0415 (only where no password is set)
    from service.store import Store  # noqa: PLC0415

    store = Store(database_url)
    try:
        return make_password(store)
    finally:
        store.close()


def banner(plan: Plan, setup: Setup, password: str = "") -> str:
    """Where things are; in the demo, that nothing is real. password: to be shown this once."""
    here = f"http://localhost:{plan.port}"
    lines = [f"Form {name}: POST {here}/f/{name}" for name in setup.forms][:5]
    if plan.simulated:
        lines = [
            "DEMO: no Nexudus credentials are set.",
            "Leads go to a SIMULATED Nexudus and are gone when it stops.",
            "Set NEXUDUS_USERNAME and NEXUDUS_PASSWORD for the real one.",
            "",
            f"Sample landing page      {here}/sample",
            f"Simulated CRM board      http://localhost:{plan.simulator_port}/",
            f"Hosted form              {here}/f/{next(iter(setup.forms))}",
        ]
    else:
        lines = ["Delivering to Nexudus.", "", *lines]
    lines += [f"Dashboard                {here}/admin/", f"API description          {here}/docs"]
    if password:
        lines += ["", f"Sign in to the dashboard as admin with   {password}", "Note it: it is shown this once."]
    lines += ["", "Ctrl-C stops everything."]
    width = max(map(len, lines))
    rule = "═" * (width + 2)
    body = "\n".join(f"║ {line.ljust(width)} ║" for line in lines)
    return f"\n╔{rule}╗\n{body}\n╚{rule}╝\n"
