"""Starts our commands by forking a process that has imported them: importing takes most of the time of a start.

A command that is forked is a process like any other, with its own environment, folder, session and log; only the
command line that the kernel shows is the launcher's. Linux only.
"""

import atexit
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import service

CHECKOUT = Path(__file__).parents[1]
LIBRARIES = ("gunicorn.app.base", "gunicorn.arbiter", "psycopg", "sqlite3", "sqlalchemy.dialects.postgresql.psycopg")
NOT_IMPORTED = ("__main__", "service.store.database.migrations")
"""Modules that do something when they are imported."""

MAX_MESSAGE_BYTES = 1 << 16


class Forked:
    """A forked command, with the interface of `subprocess.Popen`."""

    def __init__(self, connection: socket.socket, words: Sequence[str], pid: int) -> None:
        self.args = words
        self.pid = pid
        self._connection = connection
        self._exit_code: int | None = None

    def poll(self) -> int | None:
        """Return its exit code: None while it runs, negative when a signal ended it."""
        if self._exit_code is None:
            self._exit_code = _call(self._connection, {"wait_for": self.pid})
        return self._exit_code

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended. Raises: subprocess.TimeoutExpired."""
        if self.poll() is None:
            exit_event = os.pidfd_open(self.pid)
            try:
                if not select.select([exit_event], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(list(self.args), timeout or 0)
            finally:
                os.close(exit_event)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to this process, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def fork(words: Sequence[str], environ: Mapping[str, str], folder: Path, log: int) -> Forked:
    """Start `lead-capture` with these words in `folder`; `log`: the file descriptor for all that it prints."""
    connection = _launcher()
    message = {"words": list(words), "environ": dict(environ), "folder": str(folder)}
    return Forked(connection, words, _call(connection, message, log))


@cache
def _launcher() -> socket.socket:
    """Start this test process's launcher; it ends with us."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "tests.launcher", str(theirs.fileno())],
            cwd=CHECKOUT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )

    @atexit.register
    def end() -> None:
        ours.close()
        launcher.wait()

    return ours


def _call(connection: socket.socket, message: Mapping[str, Any], *files: int) -> Any:
    socket.send_fds(connection, [json.dumps(message).encode()], files)
    return json.loads(connection.recv(MAX_MESSAGE_BYTES))


def _import_all() -> None:
    for name in LIBRARIES:
        import_module(name)
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if not any(part in module.name for part in NOT_IMPORTED):
            import_module(module.name)


def _serve(connection: socket.socket) -> bool:
    """Fork commands until the tests end.

    Returns: True in a process that has to become the command in `sys.argv`, False in the launcher.
    """
    while True:
        body, files, *_ = socket.recv_fds(connection, MAX_MESSAGE_BYTES, 1)
        if not body:
            return False
        message = json.loads(body)
        if "wait_for" in message:
            pid, status = os.waitpid(message["wait_for"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if not answer:
                connection.close()
                _take_over(message, files[0])
                return True
            os.close(files[0])
        connection.send(json.dumps(answer).encode())


def _take_over(message: Mapping[str, Any], log: int) -> None:
    os.setsid()
    os.chdir(message["folder"])
    os.environ.clear()
    os.environ.update(message["environ"])
    for output in (sys.stdout, sys.stderr):
        os.dup2(log, output.fileno())
    os.close(log)
    sys.argv = ["lead-capture", *message["words"]]


if __name__ == "__main__":
    from service.cli.main import loading, main

    with loading():  # no forked command searches the modules for garbage, which would take a second
        _import_all()
    if _serve(socket.socket(fileno=int(sys.argv[1]))):
        sys.exit(main())
