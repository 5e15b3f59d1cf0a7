"""Leads added up by what reports list, as they are kept and read.

A tally says of each measure how much of it each value has: measure -> value -> number. Tallies of blocks add up to that
of a period, which is why a block keeps them whole, as JSON: adding up two hundred rows by the database takes longer
than reading them all at once.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

JOINT = "\x1f"
"""Separates the parts of a joint value, those of a measure, and stages from each other."""

ALL_FORMS = ""
"""The form under which the leads of all forms of an account are added up once more."""

TAGS = "tags"
"""The kind of tallies that the report of attribution is made of: see origins.py."""

DELIVERED = "delivered"

Tally = dict[str, dict[str, int]]
"""Measure, as `written` -> value -> number."""

FormTallies = Mapping[tuple[str, str], Mapping[str, Tally]]
"""Account and form -> kind -> its tally."""


class Measure(NamedTuple):
    """What is counted, or added up.

    left_out: of leads that are left out for this status; "": of those that count. name: leads, delivered, won, lost;
    stages: leads that have entered the stages `detail`, joined; amount: won, in ten-thousandths of the currency
    `detail`; timed, to_win_ms: won at a known time, and the time from arrival that it took them all together.
    """

    left_out: str
    name: str
    detail: str = ""

    @property
    def written(self) -> str:
        """As it is kept."""
        return JOINT.join(self)


def measure_of(written: str) -> Measure:
    """Return a measure that was `written`."""
    return Measure(*written.split(JOINT, 2))


def add(total: Tally, more: Tally) -> None:
    """Add a tally to another."""
    for measure, numbers in more.items():
        known = total.get(measure)
        if known is None:
            total[measure] = defaultdict(int, numbers)
        else:
            for value, number in numbers.items():
                known[value] += number


def pack(tally: Tally) -> bytes:
    """Return a tally as it is kept."""
    return zlib.compress(json.dumps(tally, separators=(",", ":")).encode("ascii"), 1)


def unpack(packed: bytes) -> Tally:
    """Return a tally that was kept."""
    tally: Tally = json.loads(zlib.decompress(packed))
    return tally


def packed_rows(tallies: FormTallies) -> Iterator[dict[str, Any]]:
    """Yield rows of outcome_packs, without their block: each form's, and those of all forms together."""
    whole: defaultdict[tuple[str, str], Tally] = defaultdict(dict)
    for (account, form), kinds in sorted(tallies.items()):
        for kind, tally in kinds.items():
            yield {"kind": kind, "form": form, "account": account, "contents": pack(tally)}
            if kind != TAGS:
                add(whole[account, kind], tally)
    for (account, kind), tally in whole.items():
        yield {"kind": kind, "form": ALL_FORMS, "account": account, "contents": pack(tally)}


def unpacked(rows: Iterable[Any]) -> FormTallies:
    """Add up rows of outcome_packs."""
    tallies: defaultdict[tuple[str, str], defaultdict[str, Tally]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        add(tallies[row.account, row.form][row.kind], unpack(row.contents))
    return tallies
