"""`lead-capture up`: everything on one machine, in one terminal."""

import argparse
import ctypes
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

from service.cli import listening
from service.cli.commands import Failed
from service.cli.configuration import read_configuration
from service.cli.installation import SIMULATOR_PASSWORD, make_password, migrate, record_simulator, stored_setup
from service.cli.listening import LOOPBACK, ListenAddress, listen_address
from service.cli.terminal import port_number
from service.forms import Setup
from service.settings import SIMULATOR_USERNAME, Settings
from service.setup.current import on_hangup

DEFAULT_ADDRESS = ListenAddress(LOOPBACK, 8000)
"""Only this machine reaches a service on trial; `web` is for networks."""

START_TIMEOUT_S = 30.0
"""Seconds until the web process must accept leads."""

RELOADING = {"web", "worker"}
"""Processes that read the forms file again at a SIGHUP."""

STOP_TIMEOUT_S = 12.0
"""Seconds for the processes to end before they are killed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--host, --port and --simulator-port."""
    listening.add_arguments(parser, DEFAULT_ADDRESS)
    parser.add_argument("--simulator-port", type=port_number, default=8010, help="the port of the simulator (8010)")


@dataclass(frozen=True, slots=True)
class Stack:
    """The processes to run: their addresses and their environment. simulated: deliver to the simulator."""

    web: ListenAddress
    simulator: ListenAddress
    simulated: bool
    environ: Mapping[str, str]


def run(arguments: argparse.Namespace) -> int:
    """Start all, print the addresses, and stop all when one ends or on Ctrl-C."""
    settings, setup = read_configuration(alerts=True)
    migrate(settings.database_url)
    setup = stored_setup(settings, setup)
    stack = stack_of(settings, setup, arguments)
    check_ports(stack)
    password = "" if settings.admin_password else make_password(settings.database_url)
    group = ProcessGroup()
    try:
        group.start_all(stack)
        group.wait_until_ready(stack.web)
        simulator_url = f"http://{stack.simulator}" if stack.simulated else ""
        record_simulator(settings.database_url, simulator_url, stack.environ["PUBLIC_URL"])
        print(banner(stack, setup, password), flush=True)
        return group.watch()
    finally:
        group.stop_all()
        record_simulator(settings.database_url, "")


def stack_of(settings: Settings, setup: Setup, arguments: argparse.Namespace) -> Stack:
    """Return the processes: they deliver to Nexudus if credentials are set, else to the simulator on this machine.

    A Nexudus account that is connected in the dashboard while the simulator runs is used from then on; the simulator is
    not started again.
    """
    simulated = not settings.has_nexudus_login and not setup.has_default_login
    web = listen_address(settings, DEFAULT_ADDRESS, arguments)
    environ = dict(os.environ)
    environ.setdefault("PUBLIC_URL", web.local_url)
    for name in ("HOST", "PORT"):  # of the web process, which gets them as arguments
        environ.pop(name, None)
    stack = Stack(web, ListenAddress(LOOPBACK, arguments.simulator_port), simulated, environ)
    if simulated:
        login = {"NEXUDUS_USERNAME": SIMULATOR_USERNAME, "NEXUDUS_PASSWORD": SIMULATOR_PASSWORD}
        environ |= {**login, "NEXUDUS_BASE_URL": f"http://{stack.simulator}", "SAMPLE_PAGE": "true"}
    return stack


def check_ports(stack: Stack) -> None:
    """Check that the ports are free: the answers of another program would pass for ours.

    Raises: Failed.
    """
    stack.web.check_free("--port")
    if stack.simulated:
        stack.simulator.check_free("--simulator-port")


class ProcessGroup:
    """The processes of one `up`: all of them run, or none."""

    def __init__(self) -> None:
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._is_stopping = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        on_hangup(self._pass_hangup_on, self._stop)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        self._is_stopping = True

    def _pass_hangup_on(self) -> None:
        """Pass a SIGHUP on to web and worker, which read the forms file again."""
        for name in self._processes.keys() & RELOADING:
            self._processes[name].send_signal(signal.SIGHUP)

    def start_all(self, stack: Stack) -> None:
        """Start each process."""
        if stack.simulated:
            self._start("simulator", stack, *_listening_at(stack.simulator))
        self._start("web", stack, *_listening_at(stack.web))
        self._start("worker", stack)

    def _start(self, name: str, stack: Stack, *arguments: str) -> None:
        command = [sys.executable, "-m", "service.cli", name, *arguments]
        # A session of its own, so that Ctrl-C reaches this process only, which ends the others in order.
        self._processes[name] = subprocess.Popen(  # noqa: S603 (our own command)
            command,
            env=dict(stack.environ),
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 (there are no threads here)
        )

    def wait_until_ready(self, address: ListenAddress) -> None:
        """Wait until leads are accepted.

        Raises: Failed if a process ends or the time is up.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(address):
            self._check_alive()
            if self._is_stopping:
                return
            if time.monotonic() > deadline:
                raise Failed(f"the web process was not ready within {START_TIMEOUT_S:.0f} s: see its log above")
            time.sleep(0.05)

    def watch(self) -> int:
        """Wait until a signal to stop (0) or until a process ends unexpectedly (1)."""
        while not self._is_stopping:
            try:
                self._check_alive()
            except Failed as failure:
                print(f"lead-capture: {failure}", file=sys.stderr)
                return 1
            time.sleep(0.2)
        return 0

    def _check_alive(self) -> None:
        for name, process in self._processes.items():
            code = process.poll()
            if code is not None and not self._is_stopping:
                raise Failed(f"the {name} process ended unexpectedly (exit {code}); stopping all")

    def stop_all(self) -> None:
        """Ask all to end, wait, then kill the rest."""
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill_group(process)


def _listening_at(address: ListenAddress) -> tuple[str, ...]:
    return "--host", address.host, "--port", str(address.port)


def _end_with_parent() -> None:
    """Have Linux end the child with its parent, even a killed one; elsewhere an orphan must be stopped by hand.

    Also ignore a SIGHUP that arrives before the child can handle one.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answers(address: ListenAddress) -> bool:
    connection = http.client.HTTPConnection(address.reachable_host, address.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _audience(web: ListenAddress) -> str:
    """Return who can reach the service, which its addresses do not show."""
    if web.is_loopback:
        return "Only this machine can reach it; --host 0.0.0.0 opens it to the network."
    return f"It listens on {web.host}: the network can reach it."


def banner(stack: Stack, setup: Setup, password: str = "") -> str:
    """Return the addresses, and in the demo a warning that nothing is real. password: shown this once."""
    here = stack.web.local_url
    lines = [f"Form {name}: POST {here}/f/{name}" for name in setup.forms][:5]
    if stack.simulated:
        lines = [
            "DEMO: no Nexudus credentials are set.",
            "Leads go to a SIMULATED Nexudus and are lost when it stops.",
            "Connect the real one in the dashboard, under Connections,",
            "or set NEXUDUS_USERNAME and NEXUDUS_PASSWORD.",
            "",
            f"Start here               {here}/",
            f"Sample landing page      {here}/sample",
            f"Simulated CRM board      {stack.simulator.local_url}/",
            f"Hosted form              {here}/f/{next(iter(setup.forms))}",
        ]
    else:
        lines = ["Delivering to Nexudus.", "", *lines]
    lines += [f"Dashboard                {here}/admin/", f"API description          {here}/docs"]
    if password:
        lines += ["", f"Sign in to the dashboard as admin with   {password}", "Write it down: it is shown only once."]
    lines += ["", _audience(stack.web), "Ctrl-C stops everything."]
    width = max(map(len, lines))
    rule = "═" * (width + 2)
    body = "\n".join(f"║ {line.ljust(width)} ║" for line in lines)
    return f"\n╔{rule}╗\n{body}\n╚{rule}╝\n"
