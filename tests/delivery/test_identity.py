"""Which worker is which, and who is gone."""

import os
import subprocess
import sys

import pytest

from service.background import is_gone, worker_name
from tests.tables import each_row

TELL_NAME = "from service.background import worker_name; print(worker_name(), flush=True); input()"


def test_a_worker_keeps_its_name() -> None:
    assert worker_name() == worker_name()


def test_a_worker_that_runs_is_not_gone() -> None:
    assert not is_gone(worker_name())


def test_another_process_of_this_host_is_gone_when_it_ended() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", TELL_NAME], text=True, **pipes) as process:  # type: ignore[call-overload]
        name = process.stdout.readline().strip()
        assert not is_gone(name)
        process.kill()
        process.wait()

        assert is_gone(name)


def test_a_process_that_has_the_number_of_a_former_one_is_another() -> None:
    *where, pid, started = worker_name().split("/")

    assert is_gone("/".join((*where, pid, str(int(started) - 1))))


@pytest.mark.parametrize("part", [0, 1, 2], ids=["another host", "another boot or clone", "another container"])
def test_a_worker_elsewhere_is_never_called_gone(part: int) -> None:
    parts = worker_name().split("/")
    parts[part] += "x"
    parts[-1] = "1"

    assert not is_gone("/".join(parts))


@each_row("name", ["", "the test", "a/b/c", f"a/b/c/{os.getpid()}/1", "a/b/c/d/e"])
def test_a_name_that_means_nothing_here_is_never_called_gone(name: str) -> None:
    assert not is_gone(name)
