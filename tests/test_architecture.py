"""docs/architecture.md, held to the program: a real lead walks as it says, and its words are in the code."""

import json
import re
import subprocess
import sys
from functools import cache

import pytest

from tests.processes import CHECKOUT, bare_environ

pytestmark = pytest.mark.journey

ARCHITECTURE = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
WALKS = dict(re.findall(r"<!-- walk: ([^>]+) -->\n((?:\|.*\n)+)", ARCHITECTURE))


@cache
def walked() -> dict[str, list[list[str]]]:
    """The functions that each journey enters, in order.

    Traced in a process of its own, because a worker takes over signals.
    """
    command = [sys.executable, "-m", "tests.census", "--journeys"]
    done = subprocess.run(command, env=bare_environ(), capture_output=True, text=True, timeout=120, check=True)
    journeys: dict[str, list[list[str]]] = json.loads(done.stdout.splitlines()[-1])
    return journeys


def steps(walk: str) -> list[list[str]]:
    """[file, function] of each row."""
    rows = re.findall(r"^\|[^|]*\| `([\w/]+\.py)` \| `([^`]+)` \|$", WALKS[walk], re.MULTILINE)
    return [list(row) for row in rows]


def outside_the_store(walk: list[list[str]]) -> list[list[str]]:
    """The steps whose order is certain: another thread, which is not watched, may commit what the store does."""
    return [step for step in walk if not step[0].startswith("store/")]


def test_both_walks_are_described() -> None:
    assert {name: len(steps(name)) >= 10 for name in WALKS} == {
        "form post": True,
        "claim and deliver two new people": True,
    }


@pytest.mark.parametrize("walk", WALKS)
def test_a_lead_walks_as_the_page_says(walk: str) -> None:
    described = steps(walk)

    entered = [step for step in walked()[walk] if step in described]

    assert sorted(entered) == sorted(described)
    assert outside_the_store(entered) == outside_the_store(described)


def test_every_room_is_on_the_page() -> None:
    files = [*(CHECKOUT / "service").glob("*.py"), *(CHECKOUT / "service").glob("*/__init__.py")]
    rooms = {path.name if path.parent.name == "service" else path.parent.name for path in files} - {"__init__.py"}

    assert {room for room in rooms if f"](../service/{room})" not in ARCHITECTURE} == set()


def test_every_word_of_the_glossary_is_a_name_in_the_code() -> None:
    glossary = ARCHITECTURE.partition("## The words")[2].partition("\n## ")[0]
    words = {word for cell in re.findall(r"^\| ([A-Z][^|]*) \|", glossary, re.MULTILINE) for word in cell.split(", ")}
    code = "\n".join(path.read_text().casefold() for path in (CHECKOUT / "service").rglob("*.py"))

    assert len(words) > 25
    assert {word for word in words - {"Word"} if not re.search(rf"[a-z_]*{word.casefold()}", code)} == set()
