"""Our commands as separate processes, and the kernel's facts about them. Linux only."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.launcher import Forked, fork

CHECKOUT = Path(__file__).parents[1]

SLOWEST_MACHINE = 6
"""Factor on the time that a quiet machine needs, after which a test says that something hangs.

Limits end what would never end, or would take minutes. Speed is measured by `make bench`.
"""


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def lead_capture(*words: str) -> list[str]:
    """Our own command."""
    return [sys.executable, "-m", "service.cli", *words]


def bare_environ(**settings: str) -> dict[str, str]:
    """An environment with only these variables set, so that none of the machine's leak in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(CHECKOUT)} | settings


def contact_forms_file(folder: Path | str) -> str:
    """The path of a new forms file with one form, `contact`."""
    file = Path(folder, "contact.toml")
    file.write_text("[forms.contact]\n")
    return str(file)


def family(pid: int) -> list[int]:
    """A process and all of its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def is_running(pid: int) -> bool:
    """Whether the process runs, and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], object], within_s: float, what: str, pause_s: float = 0.02) -> float:
    """Return as soon as `condition` holds; it is checked again after each pause.

    The pauses grow to a tenth of the time waited: checking often costs the processes that are waited for more.

    within_s: what a quiet machine needs at most.
    pause_s: the first pause, in seconds.
    Returns: the seconds that passed.
    Raises: TimeoutError that names `what`.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within_s * SLOWEST_MACHINE:
            raise TimeoutError(f"not within {within_s * SLOWEST_MACHINE:.0f} s: {what}")
        time.sleep(max(pause_s, (time.monotonic() - began) / 10))
    return time.monotonic() - began


class Process:
    """One running command, in a session of its own; all of its output goes into `log`."""

    def __init__(
        self, words: Sequence[str], environ: Mapping[str, str], folder: Path, under: Sequence[str] = ()
    ) -> None:
        """Start `lead-capture` with these words in `folder`.

        under: a command that takes ours as its last arguments and executes it, such as `setpriv`.
        """
        self.log = folder / f"{'-'.join(words)}-{time.monotonic_ns()}.log"
        self._process: subprocess.Popen[bytes] | Forked
        with self.log.open("wb") as log:
            if not under and words[0] != "up":
                self._process = fork(words, environ, folder, log.fileno())
            else:
                self._process = subprocess.Popen(
                    [*under, *lead_capture(*words)],
                    env=dict(environ),
                    cwd=folder,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        self.pid = self._process.pid

    @property
    def output(self) -> str:
        """Everything it has printed so far."""
        return self.log.read_text(errors="replace")

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    def family(self) -> list[int]:
        """The process and all of its descendants; empty when it has ended."""
        if self.exit_code is not None:
            return []
        with suppress(OSError):  # one of them ended meanwhile
            return family(self.pid)
        return self.family()

    def children(self) -> dict[str, int]:
        """Name of the command -> process, of the `lead-capture` commands that this one started."""
        process_ids = {}
        for pid in self.family()[1:]:
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it ended meanwhile
                continue
            if parent == self.pid and "service.cli" in words:
                process_ids[words[words.index("service.cli") + 1]] = pid
        return process_ids

    def wait_until(self, condition: Callable[[], object], within_s: float, what: str) -> None:
        """Return as soon as `condition` holds; do not wait for a process that ended.

        Raises: TimeoutError with the output.
        """
        try:
            wait_until(lambda: self._check_running() and condition(), within_s, what)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.output[-4000:]}") from None

    def _check_running(self) -> bool:
        if self.exit_code is not None:
            raise TimeoutError(f"{self._process.args!r} ended with {self.exit_code}")
        return True

    def wait(self, within_s: float) -> int:
        """Its exit code, once it has ended. Raises: subprocess.TimeoutExpired.

        within_s: what a quiet machine needs at most.
        """
        return self._process.wait(within_s * SLOWEST_MACHINE)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process alone."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End the process and all of its descendants at once, as a power cut would, and wait until they are gone."""
        pids = self.family()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # what it started since we looked
        self._process.wait()
        wait_until(lambda: not any(map(is_running, pids)), 10, "the killed processes end")
