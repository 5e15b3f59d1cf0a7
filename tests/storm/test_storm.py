"""Two hundred histories, and that their judge sees what must not happen."""

from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest

from tests.storm.history import History
from tests.storm.installation import Installation

pytestmark = pytest.mark.long

ACTIONS = 3
"""Fewer than in `make storm`, for the sake of time: replay with `python -m tests.storm --seed N --actions 3`."""

PARTS, SEEDS = 4, range(200)


@pytest.fixture
def folders(memory_folder: Path | None) -> Iterator[Path]:
    """A folder for what histories leave."""
    folder = Path(mkdtemp(dir=memory_folder))
    yield folder
    rmtree(folder)


def history(seed: int, folders: Path, migrated_file: Path, actions: int = ACTIONS) -> History:
    """A history in a folder of its own."""
    folder = folders / str(seed)
    folder.mkdir()
    Installation.install(migrated_file, folder)
    return History(seed, folder, actions)


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_happens_no_lead_is_lost_or_doubled(part: int, folders: Path, migrated_file: Path) -> None:
    for seed in SEEDS[part::PARTS]:
        one = history(seed, folders, migrated_file)

        verdict = one.run()

        assert verdict.is_good, "\n".join((f"seed {seed}", *one.lines, *verdict.lost, *verdict.doubled))


def test_a_history_happens_again_for_its_seed(folders: Path, migrated_file: Path) -> None:
    first = history(7, folders, migrated_file, actions=12)
    first.run()
    rmtree(folders / "7")
    second = history(7, folders, migrated_file, actions=12)
    second.run()

    assert without_ids(first.lines) == without_ids(second.lines)


def test_a_lost_and_a_doubled_lead_are_seen(folders: Path, migrated_file: Path) -> None:
    one = history(0, folders, migrated_file)
    assert one.run().is_good
    table = one.installation.network.worlds["crm.storm.example"].tables["CrmOpportunity"]
    ident, record = next(iter(table.rows.items()))

    table.put(record | {"Id": ident + 1000})
    doubled = one.judge()
    table.drop(ident)
    table.drop(ident + 1000)
    lost = one.judge()

    assert [len(doubled.doubled), len(doubled.lost)] == [1, 0]
    assert [len(lost.doubled), len(lost.lost)] == [0, 1]


def without_ids(lines: list[str]) -> list[str]:
    """The lines without the ids of leads, a part of which is drawn anew each time."""
    return [" ".join(word for word in line.split() if len(word) != 32) for line in lines]
