"""The origins of a period's leads: channels, sources, campaigns, repaired tags; counted from blocks, like outcomes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from service.store.outcome_folding import OutcomePeriod
from service.store.outcome_packs import DELIVERED, JOINT, TAGS, Tally, add
from service.store.outcomes import Outcomes, TalliesByForm

MAX_VALUES = 5000
"""Values listed of each kind, the most frequent first: strangers can write any number of them."""


@dataclass(frozen=True, slots=True)
class Period:
    """A period of arrival, from `since` up to but not including `until`. form: "" for all."""

    since: datetime
    until: datetime
    form: str = ""


class OriginCount(NamedTuple):
    """Number of leads that share some values, and how many of them were delivered.

    values: those that they share, in the order of the list's columns.
    """

    values: tuple[str, ...]
    leads: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of a period's leads.

    verdicts: (channel, LeadSource, rule). sources: (utm_source, utm_medium). by_form: (form, utm_source). campaigns,
    contents, terms: one UTM value. codes: (code, form, utm_campaign). left_out: status -> leads that are not counted.
    cut: names of lists that are longer than shown.
    """

    verdicts: Sequence[OriginCount]
    sources: Sequence[OriginCount]
    by_form: Sequence[OriginCount]
    campaigns: Sequence[OriginCount]
    contents: Sequence[OriginCount]
    terms: Sequence[OriginCount]
    codes: Sequence[OriginCount]
    left_out: dict[str, int]
    cut: frozenset[str]


_NAMES = ("sources", "campaigns", "contents", "terms")
"""Lists of values that strangers may write, besides those by form."""


class OriginCounts(Outcomes):
    """Counting origins. Use it first in a transaction, right after `fix_moment`."""

    def origins(self, period: Period, limit: int = MAX_VALUES) -> Origins:
        """Count the origins of a period's leads. limit: maximum length of each list whose values strangers can add."""
        by_form = self.tallies((TAGS,), OutcomePeriod(period.since, period.until, form=period.form), knows_form=True)
        tally: Tally = {}
        for of_form in by_form[TAGS].values():
            add(tally, of_form)
        lists = {name: _counts(tally, name) for name in _NAMES}
        lists |= {"by_form": _by_form(by_form[TAGS]), "codes": _codes(by_form[TAGS])}
        return Origins(
            verdicts=_counts(tally, "verdicts"),
            **{name: counts[:limit] for name, counts in lists.items()},
            left_out=dict(tally.get("left_out", {})),
            cut=frozenset(name for name, counts in lists.items() if len(counts) > limit),
        )


def _by_number(count: OriginCount) -> tuple[int, tuple[str, ...]]:
    return -count.leads, count.values


def _counts(tally: Tally, name: str) -> list[OriginCount]:
    """Return a list of a tally, the most frequent first."""
    delivered = tally.get(f"{name}{JOINT}{DELIVERED}", {})
    numbers = tally.get(name, {}).items()
    counts = (OriginCount(tuple(value.split(JOINT)), number, delivered.get(value, 0)) for value, number in numbers)
    return sorted(counts, key=_by_number)


def _by_form(tallies: TalliesByForm) -> list[OriginCount]:
    """Count the sources of each form."""
    numbers: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for form, tally in tallies.items():
        for (source, _), *counted in _counts(tally, "sources"):
            if source:
                for place, number in enumerate(counted):
                    numbers[form, source][place] += number
    return sorted((OriginCount(values, *counted) for values, counted in numbers.items()), key=_by_number)


def _codes(tallies: TalliesByForm) -> list[OriginCount]:
    """Count the codes of each form and campaign: a lead with two counts for both."""
    return sorted(
        (
            OriginCount((code, form, campaign), *counted)
            for form, tally in tallies.items()
            for (code, campaign), *counted in _counts(tally, "codes")
        ),
        key=_by_number,
    )
