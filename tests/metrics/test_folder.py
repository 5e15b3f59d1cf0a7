"""The folder in which web processes count: space reserved, counts of ended processes kept, unused folders removed."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from structlog.testing import capture_logs

from service.edge import REPEAT
from service.metrics.folder import PREFIX, RESERVED_BYTES, MetricsFolder
from service.metrics.web import BUCKETS_S, WebMetrics
from service.store import Store
from tests.front import Front

LEAVE_ONE = "import sys, os; from service.metrics.folder import *; MetricsFolder.create(Path(sys.argv[1])); os._exit(0)"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[MetricsFolder]:
    """A folder of this process."""
    folder = MetricsFolder.create(tmp_path)
    yield folder
    folder.remove()


def count(folder: MetricsFolder, process_id: int, **numbers: float) -> None:
    """Count as prometheus_client does in a process."""
    file = MmapedDict(str(folder.path / f"counter_{process_id}.db"))
    for name, number in numbers.items():
        file.write_value(name, number, 0.0)
    file.close()


def counted(folder: MetricsFolder) -> dict[str, float]:
    """The sums over all files."""
    sums: dict[str, float] = {}
    for path in folder.path.glob("*.db"):
        for name, number, *_ in MmapedDict.read_all_values_from_file(str(path)):
            sums[name] = sums.get(name, 0.0) + number
    return sums


def test_what_ended_processes_counted_stays_in_one_file(folder: MetricsFolder) -> None:
    for process_id in (11, 12, 13):
        count(folder, process_id, leads=process_id, **{f"only{process_id}": 1})

    for process_id in (11, 12, 99):
        folder.retire(process_id)

    assert counted(folder) == {"leads": 36, "only11": 1, "only12": 1, "only13": 1}
    assert sorted(path.name for path in folder.path.glob("*.db")) == ["counter_13.db", "counter_ended.db"]
    assert folder.process_ids() == [13]


def test_the_space_of_a_process_is_there_before_it_counts(folder: MetricsFolder) -> None:
    folder.reserve()

    files = {path.name.partition("_")[0]: path.stat() for path in folder.path.glob("*.db")}
    assert {kind: file.st_size for kind, file in files.items()} == RESERVED_BYTES
    assert all(file.st_blocks * 512 >= file.st_size for file in files.values())
    count(folder, os.getpid(), leads=2)
    assert counted(folder) == {"leads": 2}


def test_a_process_without_room_does_not_count(folder: MetricsFolder) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (RESERVED_BYTES["histogram"] - 1, hard))

    with capture_logs() as lines:
        folder.reserve()

    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    metrics = WebMetrics(dict, set(), folder)
    metrics.count({"REQUEST_METHOD": "GET"}, None, "200", 0.1)

    assert [sample for family in metrics.collect() for sample in family.samples if sample.value] == []
    assert [line["event"] for line in lines] == ["metrics_without_room"]


def test_a_folder_that_a_killed_gunicorn_left_is_removed_by_the_next(tmp_path: Path, folder: MetricsFolder) -> None:
    subprocess.run([sys.executable, "-c", LEAVE_ONE, str(tmp_path)], check=True)
    left = {path for path in tmp_path.glob(f"{PREFIX}*") if path != folder.path}

    newest = MetricsFolder.create(tmp_path)

    assert len(left) == 1
    assert set(tmp_path.glob(f"{PREFIX}*")) == {folder.path, newest.path}
    newest.remove()
    assert not newest.path.exists()


def test_the_space_suffices_for_every_route_and_for_a_hundred_forms(sqlite: Store) -> None:
    rules = Front(sqlite).app.url_map.iter_rules()
    routes = {(method, rule.rule) for rule in rules for method in rule.methods or ()}
    requests = [
        mmap_key(
            "lead_capture_requests",
            "lead_capture_requests_total",
            ["method", "route", "status"],
            [*route, "200"],
            "x" * 20,
        )
        for route in routes
    ]
    durations = [
        mmap_key(
            "lead_capture_request_seconds",
            "lead_capture_request_seconds_bucket",
            ["method", "route", "le"],
            [*route, "0.025"],
            "x" * 45,
        )
        for route in routes
        for _ in (*BUCKETS_S, "+Inf", "sum")
    ]
    taken = mmap_key(
        "lead_capture_leads_taken",
        "lead_capture_leads_taken_total",
        ["outcome", "form", "sender"],
        [REPEAT, "f" * 20, "browser"],
        "x" * 60,
    )

    assert sum(len(key) + 32 for key in durations) < RESERVED_BYTES["histogram"]
    assert sum(len(key) + 32 for key in requests) * 2 + (len(taken) + 32) * 100 < RESERVED_BYTES["counter"]
