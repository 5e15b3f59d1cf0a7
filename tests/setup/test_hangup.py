"""SIGHUP from an operator reloads; the one that follows a closed terminal ends what was started there."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

from service.cli import up
from tests.processes import is_running, wait_until

SCRIPT = """
import signal, sys
from service.setup.current import on_hangup
log = open(sys.argv[1], "a", buffering=1)
on_hangup(lambda: log.write("reload\\n"), lambda: (log.write("stop\\n"), sys.exit(0)))
log.write("ready\\n")
while True:
    signal.pause()
"""


def test_a_signal_reloads_and_a_closed_terminal_stops(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()

    def words() -> list[str]:
        return log.read_text().split()

    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", SCRIPT, str(log)])  # noqa: S606 (ours)
    wait_until(lambda: words() == ["ready"], 10, "it runs")

    os.kill(child, signal.SIGHUP)
    wait_until(lambda: words() == ["ready", "reload"], 5, "it reloads")
    os.close(terminal)

    wait_until(lambda: words() == ["ready", "reload", "stop"], 5, "it stops")
    wait_until(lambda: not is_running(child), 5, "it is gone")
    os.waitpid(child, 0)


def test_a_signal_that_comes_too_early_does_not_end_what_up_has_started() -> None:
    command = [sys.executable, "-c", "import signal; print(signal.getsignal(signal.SIGHUP).name)"]

    started = subprocess.run(command, preexec_fn=up._end_with_parent, capture_output=True, text=True, check=True)

    assert started.stdout == "SIG_IGN\n"
