"""The operator's attribution settings prepared for look-ups. Wrong types and numbers count as absent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.attribution.links import listed_host
from service.attribution.tags import Utm
from service.attribution.values import clean, label, text_of
from service.forms import AttributionConfig

LEAD_SOURCES = frozenset({1, 2, *range(4, 27), 98, 99})
"""The numbers Nexudus knows (eCrmOpportunitySource); 3 is missing from all its documents."""

_LOWERED = ("source", "medium")


@dataclass(frozen=True, slots=True)
class Policy:
    """One form's AttributionConfig with its names folded.

    answers: answer, trimmed and folded -> LeadSource. labels: label of a utm_source -> LeadSource.
    hosts: host -> LeadSource. utm: the form's own UTM values, for visits without any.
    """

    first_touch: bool
    lead_source: int | None
    answer_field: str
    answers: Mapping[str, int]
    labels: Mapping[str, int]
    hosts: Mapping[str, int]
    default_lead_source: int | None
    own_hosts: frozenset[str]
    ignored_hosts: frozenset[str]
    utm: Utm


@lru_cache(maxsize=512)
def policy_of(config: AttributionConfig) -> Policy:
    """Return the policy of `config`, computed once for each object."""
    sources = _numbers(config.source_map)
    utm = config.utm if isinstance(config.utm, Mapping) else {}
    return Policy(
        first_touch=config.touch == "first",
        lead_source=_valid(config.lead_source),
        answer_field=text_of(config.answer_field),
        answers=_folded(_numbers(config.answer_map), fold_answer),
        labels=_folded(sources, label),
        hosts=_folded(sources, listed_host),
        default_lead_source=_valid(config.default_lead_source),
        own_hosts=_hosts(config.own_domains),
        ignored_hosts=_hosts(config.ignored_referrers),
        utm=Utm(*(clean(utm.get(name), lower=name in _LOWERED).text for name in Utm._fields)),
    )


def fold_answer(answer: str) -> str:
    """Return an answer trimmed and in one case, for comparison."""
    return answer.strip().casefold()


def _valid(number: object) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and number in LEAD_SOURCES else None


def _numbers(entries: object) -> list[tuple[str, int]]:
    """Return the entries of a map with a text as name and a number that Nexudus knows."""
    if not isinstance(entries, Mapping):
        return []
    checked = ((name, _valid(number)) for name, number in entries.items())
    return [(name, number) for name, number in checked if isinstance(name, str) and number is not None]


def _folded(entries: list[tuple[str, int]], fold: Callable[[str], str]) -> dict[str, int]:
    """Return name -> number under folded names; of two that fold alike the first written wins."""
    return {folded: number for name, number in reversed(entries) if (folded := fold(name))}


def _hosts(entries: object) -> frozenset[str]:
    if not isinstance(entries, Sequence) or isinstance(entries, str | bytes):
        return frozenset()
    return frozenset(host for entry in entries if isinstance(entry, str) and (host := listed_host(entry)))
