"""The verdict in a marketer's words.

Of the visitor's values only words of our own tables and a plain host are repeated, so a reason may be logged.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from service.attribution import channel, lead_source
from service.attribution.channel import ChannelRule
from service.attribution.lead_source import LeadSourceRule
from service.attribution.links import Host
from service.attribution.rows import read_source
from service.attribution.signals import Signals, TouchFacts, read_medium
from service.attribution.tables import ALIASES, HOSTS, NUMBERS, SETS, ClickId, SourceRow
from service.attribution.words import label


class ReasonInputs(NamedTuple):
    """All that a reason is made of.

    visit: the name of the touch. utm_place, id_place: where its Utm values and its telling click id were.
    first_touch: whether the form credits the first visit; None where the visit does not count at all.
    has_own_tags: the Utm values are the form's, and decided nothing.
    """

    visit: str
    utm_place: str
    id_place: str
    found: TouchFacts
    clues: Signals
    channel: str
    channel_rule: ChannelRule
    number: int
    number_rule: LeadSourceRule
    first_touch: bool | None
    has_own_tags: bool = False


def explain(told: ReasonInputs) -> str:
    """Say in one sentence why the lead was credited so: channel, visit and LeadSource."""
    because = _PHRASES.get(told.channel_rule, _tags)(told)
    parts = [f"{because}: {told.channel}", *_asides(told), _NUMBERS[told.number_rule](told)]
    sentence = "; ".join(parts)
    return sentence if sentence.startswith("utm_") else sentence[0].upper() + sentence[1:]


def _asides(told: ReasonInputs) -> Iterator[str]:
    if _is_unknown(told):
        yield "no rule knows this utm_source"
    visit = _VISITS.get((told.visit, told.first_touch))
    if visit:
        yield visit
    if told.has_own_tags:
        yield "the visit has no Utm values, so those of this form (utm) are shown"


_VISITS: Mapping[tuple[str, bool | None], str] = {
    ("last", False): "this visit itself tells nothing, so the last remembered one counts",
    ("first", False): "only the first remembered visit tells anything",
    ("first", True): "this form credits the first visit",
    ("last", True): "this form credits the first visit; the earliest that tells anything is the last remembered one",
    ("current", True): "this form credits the first visit; no earlier one tells anything",
}
"""(Which visit counts, whether the form credits the first) -> what must be said about that."""


def _is_unknown(told: ReasonInputs) -> bool:
    """Whether utm_source has a value of which neither a table nor this form's source_map knows anything."""
    name = told.clues.source_label
    known = not name or told.clues.source.row is not None or name in NUMBERS or name in SETS["SMS"]
    return not known and told.number_rule is not lead_source.mapped and told.channel_rule is not channel.unassigned


# -- the channel, one phrase for each rule


def _tags(told: ReasonInputs) -> str:
    """utm_source and utm_medium, as far as they may be repeated."""
    named = [spoken for spoken in (_spoken_source(told.found.source), _spoken_medium(told.found.medium)) if spoken]
    return f"{' and '.join(named) or 'Utm values'} {told.utm_place}"


def _cross_network(told: ReasonInputs) -> str:
    return f"utm_campaign {told.utm_place} names Google's cross-network campaigns"


def _paid(told: ReasonInputs) -> str:
    clues = told.clues
    base = _click_id(told, clues.ad) if clues.ad else _tags(told)
    also = _what_else(told)
    return f"{base}, and {also}" if also else base


def _what_else(told: ReasonInputs) -> str:
    """What made the channel another one than the ad id or the tags alone would have."""
    clues = told.clues
    if told.channel == "Paid Shopping" and clues.is_shop_campaign:
        return "utm_campaign names a shop"
    if clues.ad is None:
        return _origin(told) if clues.source.row is None and clues.referrer else ""
    if clues.ad.kind != "search" or told.channel == "Paid Search":
        return ""
    if clues.source_is("video"):
        return _spoken_source(told.found.source)
    if clues.referrer_is("video", "ads") and (told.channel == "Paid Video" or "DISPLAY" not in clues.medium.kinds):
        return _origin(told)
    return _spoken_medium(told.found.medium)


def _shop(told: ReasonInputs) -> str:
    return _tags(told) if told.clues.source_is("shopping") else f"utm_campaign {told.utm_place} names a shop"


def _opened(told: ReasonInputs) -> str:
    return _click_id(told, told.clues.link) if told.clues.link else ""


def _came(told: ReasonInputs) -> str:
    return _origin(told)


def _unassigned(told: ReasonInputs) -> str:
    return f"Utm values {told.utm_place} in words that no rule knows"


def _direct(_: ReasonInputs) -> str:
    return "nothing tells where the visit came from"


_PHRASES: Mapping[ChannelRule, Callable[[ReasonInputs], str]] = {
    channel.cross_network: _cross_network,
    channel.paid_click: _paid,
    channel.organic_shopping: _shop,
    channel.opened_link: _opened,
    channel.came_from: _came,
    channel.unassigned: _unassigned,
    channel.direct: _direct,
}
"""The rules that are told in words of their own; all others looked at utm_source and utm_medium."""


# -- the LeadSource, one phrase for each rule


def _own_number(told: ReasonInputs) -> str:
    clues = told.clues
    row = lead_source.row_that_counts(clues, told.channel)
    by_origin = row is clues.referrer and told.channel_rule is not channel.came_from and not clues.source.row
    origin = f", as {_origin(told)}" if by_origin and not clues.ad else ""
    return f"LeadSource {told.number} for {row.title if row else told.channel}{origin}"


def _word(told: ReasonInputs) -> str:
    name = "utm_medium" if told.clues.medium.label in NUMBERS else "utm_source"
    return f"LeadSource {told.number} by the word in {name}"


def _channel_number(told: ReasonInputs) -> str:
    if told.number == lead_source.DIRECT_EMAIL and told.channel_rule is channel.came_from:
        return f"LeadSource {told.number}: an untagged click in webmail is a personal mail"
    return f"LeadSource {told.number} for {told.channel}"


_NUMBERS: Mapping[LeadSourceRule, Callable[[ReasonInputs], str]] = {
    lead_source.fixed: lambda told: f"LeadSource {told.number} is fixed for this form (lead_source)",
    lead_source.answer: lambda told: f"LeadSource {told.number} by the person's own answer (answer_map)",
    lead_source.mapped: lambda told: f"LeadSource {told.number} by the form's source_map",
    lead_source.known_source: _own_number,
    lead_source.by_word: _word,
    lead_source.form_default: lambda told: f"LeadSource {told.number} by the form's default_lead_source",
    lead_source.by_channel: _channel_number,
}


# -- what may be repeated

_PLAIN_HOST = re.compile(r"[a-z0-9._-]+")
_SPOKEN = frozenset(
    part for words in (ALIASES, *SETS.values()) for word in words for part in word.split("-") if not part.isdigit()
)
"""Parts of the words in our tables: what consists of them says nothing of a person."""


@lru_cache(maxsize=4096)
def _spoken_source(utm_source: str) -> str:
    """Name utm_source with its value, else with what it stands for; "" when that is nothing known."""
    if not utm_source:
        return ""
    if _may_be_repeated(utm_source):
        return f"utm_source {utm_source}"
    row = read_source(utm_source).row
    return f"utm_source ({row.title})" if row else ""


@lru_cache(maxsize=4096)
def _spoken_medium(utm_medium: str) -> str:
    if not utm_medium:
        return ""
    if _may_be_repeated(utm_medium):
        return f"utm_medium {utm_medium}"
    kinds = read_medium(utm_medium).kinds
    return next((f"utm_medium ({word})" for kind, word in _KINDS.items() if kind in kinds), "")


_KINDS = {"PAID": "paid", "EMAIL": "e-mail", "PUSH": "push", "VIDEO": "video"}
"""Kinds of medium that a word belongs to by what it contains."""


def _may_be_repeated(value: str) -> bool:
    return value in HOSTS or all(part in _SPOKEN for part in label(value).split("-"))


def _click_id(told: ReasonInputs, click_id: ClickId) -> str:
    return f"{click_id.title} {click_id.name} {told.id_place}"


def _origin(told: ReasonInputs) -> str:
    visit = "the visit" if told.visit == "current" else f"the {told.visit} remembered visit"
    return f"{visit} came from {_site(told.found.referrer, told.clues.referrer)}"


def _site(host: Host | None, row: SourceRow | None) -> str:
    title = row.title if row else "another website"
    return f"{host.name} ({title})" if host and _PLAIN_HOST.fullmatch(host.name) else title
