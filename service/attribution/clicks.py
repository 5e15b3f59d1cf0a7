"""The click ids of all visits that are known, not only of the one that counts.

They change neither channel nor LeadSource. But an ad platform that is to learn what became of a click
needs its id also where another visit got the credit: an ad began what a newsletter closed.
"""

from collections.abc import Mapping
from typing import NamedTuple

from service.attribution.policy import Policy, policy_of
from service.attribution.tags import read_click_ids
from service.attribution.touches import Touch, is_in_time, read_current, url_of
from service.attribution.words import number_of
from service.forms import AttributionConfig
from service.lead import Evidence, StoredTouch


class Click(NamedTuple):
    """One click id. at: when its link was opened, in unix seconds; None when unknown, or in this visit."""

    name: str
    value: str
    at: float | None


def clicks(evidence: Evidence, config: AttributionConfig) -> tuple[Click, ...]:
    """Return the click ids of all visits, those of the newest visit first, each once with its earliest time.

    Pure. Raises: nothing.
    """
    current = read_current(evidence, policy_of(config)).click_ids
    found: dict[tuple[str, str], float | None] = dict.fromkeys(current.items())
    for stored in _remembered(evidence):
        at = number_of(stored.at)
        ids = read_click_ids(url_of(stored.url))
        found.update((click, found.get(click) if at is None else at) for click in ids.items())
    return tuple(Click(name, value, at) for (name, value), at in found.items())


def all_click_ids(touch: Touch, evidence: Evidence, policy: Policy) -> Mapping[str, str]:
    """Return the click ids of all visits by name: of `touch`, which counts, then of the newest that has the name."""
    found = touch.click_ids
    if policy.first_touch and touch.name != "current":  # else this visit counts, or has nothing that tells anything
        found = {**found, **read_current(evidence, policy).click_ids, **found}
    read = url_of(evidence.landing_url)
    for stored in _remembered(evidence):
        url = url_of(stored.url)
        if url != read and (ids := read_click_ids(url)):  # whoever came once only has one address in all places
            found = {**found, **ids, **found}
        read = url
    return found


def _remembered(evidence: Evidence) -> list[StoredTouch]:
    """Return the remembered visits that are not out of date, the last before the first."""
    return [
        stored
        for stored in (evidence.last, evidence.first)
        if isinstance(stored, StoredTouch) and is_in_time(stored.at, evidence.submitted_at)
    ]
