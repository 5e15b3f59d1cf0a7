"""Leads added up by what reports list, in their stored form.

A tally has the amount of each measure for each value: measure -> value -> number. Tallies of blocks add up to the tally
of a period. A block stores them whole, as JSON: having the database add up two hundred rows takes longer than reading
them all at once.
"""

import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

JOINT = "\x1f"
"""Separates the parts of a joint value, of a measure, and stages from each other."""

ALL_FORMS = ""
"""The form under which the leads of all forms of an account are added up."""

TAGS = "tags"
"""The kind of tallies behind the attribution report: see origins.py."""

DELIVERED = "delivered"

Tally = dict[str, dict[str, int]]
"""Measure, as `written` -> value -> number."""

FormTallies = Mapping[tuple[str, str], Mapping[str, Tally]]
"""Account and form -> kind -> its tally."""


class Measure(NamedTuple):
    """A number that is counted or added up.

    left_out: only leads left out for this status; "": only leads that count. name: leads, delivered, won, lost; stages:
    leads that have entered the stages `detail`, joined; amount: won, in ten-thousandths of the currency `detail`;
    timed, to_win_ms: won at a known time, and the total time from arrival to winning.
    """

    left_out: str
    name: str
    detail: str = ""

    @property
    def written(self) -> str:
        """Its stored form."""
        return JOINT.join(self)


def measure_of(written: str) -> Measure:
    """Parse the stored form of a measure."""
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
    """Return the stored form of a tally."""
    return zlib.compress(json.dumps(tally, separators=(",", ":")).encode("ascii"), 1)


def unpack(packed: bytes) -> Tally:
    """Parse the stored form of a tally."""
    tally: Tally = json.loads(zlib.decompress(packed))
    return tally


def packed_rows(tallies: FormTallies) -> Iterator[dict[str, Any]]:
    """Yield rows of outcome_packs, without their block: one for each form, and one for all forms together."""
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
