"""Each web process has a core of its own where there is one for each, and its successor gets the free one."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from service.cli.server_hooks import choose_core, core_hooks
from tests.processes import Process, bare_environ, contact_forms_file, free_port, lead_capture
from tests.tables import each_row


@each_row(
    ("taken", "chosen"),
    [((), 2), ((2,), 5), ((5,), 2), ((2, 5), 2), ((5, 2, 2), 5)],
    ids=["first", "second", "the free one again", "round", "fewest"],
)
def test_the_core_that_fewest_have_is_chosen(taken: tuple[int, ...], chosen: int) -> None:
    assert choose_core({5, 2}, taken) == chosen


@pytest.mark.parametrize(
    ("processes", "number"),
    [(1, 1), (1, 2), (2, 1), (2, 3), (2, 64)],
    ids=["one on one", "one on two", "two on one", "two on three", "two on many"],
)
def test_where_there_is_a_choice_or_none_the_kernel_decides(
    processes: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(number)))

    assert core_hooks(processes) == {}


def test_a_system_without_affinity_decides_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")

    assert core_hooks(2) == {}


def test_two_processes_on_two_cores_have_one_each_and_so_has_a_successor(tmp_path: Path) -> None:
    two = sorted(os.sched_getaffinity(0))[:2]
    one_each = [{two[0]}, {two[-1]}]  # where the machine has one core only, both have that
    environ = bare_environ(DATABASE_URL=f"sqlite:///{tmp_path / 'leads.db'}", FORMS_FILE=contact_forms_file(tmp_path))
    subprocess.run(lead_capture("migrate"), env=environ, check=True, capture_output=True)
    only_two = ("taskset", "--cpu-list", ",".join(map(str, two)))
    web = Process(["web", "--port", str(free_port())], environ, tmp_path, only_two)
    try:
        web.wait_until(lambda: _cores_of(web) == one_each, 20, "a core for each")
        first = web.family()[1]
        os.kill(first, signal.SIGKILL)
        web.wait_until(lambda: first not in web.family(), 20, "the first is gone")
        web.wait_until(lambda: _cores_of(web) == one_each, 20, "its core for its successor")
    finally:
        web.kill()


def _cores_of(web: Process) -> list[set[int]]:
    """Where each web process may run."""
    return sorted((os.sched_getaffinity(pid) for pid in web.family()[1:]), key=sorted)
