"""Every change of a rule or a table raises RULES_VERSION, which every stored attribution records."""

import hashlib
from pathlib import Path

from service.attribution import RULES_VERSION, channel, lead_source, tables
from tests.attribution.visits import attributed

TABLES = ("sources.txt", "click-ids.txt", "sets.txt", "ignored-referrers.txt")
KNOWN = (3, "b03e464dcf87957a")
"""The version, and the digest of what it stands for: where this test fails, raise the one and put in the other."""


def digest() -> str:
    """Of the tables' lines, without remarks, and of the rules' names in their order."""
    folder = Path(str(tables.__file__)).parent
    lines = [line for name in TABLES for line in (folder / name).read_text("utf-8").splitlines() if line[:1] != "#"]
    rules = [rule.__name__ for rule in (*channel.RULES, *lead_source.RULES)]
    return hashlib.sha256("\n".join([*lines, *rules]).encode()).hexdigest()[:16]


def test_tables_and_rules_are_those_of_the_version() -> None:
    assert (RULES_VERSION, digest()) == KNOWN


def test_a_verdict_says_by_which_version_it_was_reached() -> None:
    assert attributed("gclid=a1").rule == (
        f"rules:{RULES_VERSION} touch:current channel:paid_click lead_source:known_source"
    )
