"""An attribution explained in a marketer's words.

Of the visitor's values, a reason repeats only words of our own tables and a plain host, so it can be logged.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from service.attribution import channel, lead_source
from service.attribution.channel import ChannelRule
from service.attribution.lead_source import LeadSourceRule
from service.attribution.links import Host
from service.attribution.signals import Signals, TouchFacts, read_medium, read_source
from service.attribution.tables import ALIASES, HOSTS, NUMBERS, SETS, ClickId, SourceRow
from service.attribution.values import label


class ReasonInputs(NamedTuple):
    """The parts of a reason.

    visit: the name of the touch. utm_place, id_place: where its UTM values and its decisive click id were.
    first_touch: whether the form uses the first visit; None where the visit does not count at all.
    has_own_tags: the UTM values shown are the form's, and decided nothing.
    """

    visit: str
    utm_place: str
    id_place: str
    facts: TouchFacts
    signals: Signals
    channel: str
    channel_rule: ChannelRule
    number: int
    number_rule: LeadSourceRule
    first_touch: bool | None
    has_own_tags: bool = False


def explain(inputs: ReasonInputs) -> str:
    """Explain channel, visit and LeadSource in one sentence."""
    because = _PHRASES.get(inputs.channel_rule, _tags)(inputs)
    parts = [f"{because}: {inputs.channel}", *_asides(inputs), _NUMBERS[inputs.number_rule](inputs)]
    sentence = "; ".join(parts)
    return sentence if sentence.startswith("utm_") else sentence[0].upper() + sentence[1:]


def _asides(inputs: ReasonInputs) -> Iterator[str]:
    if _is_unknown(inputs):
        yield "no rule knows this utm_source"
    visit = _VISITS.get((inputs.visit, inputs.first_touch))
    if visit:
        yield visit
    if inputs.has_own_tags:
        yield "the visit has no UTM values, so those of this form (utm) are shown"


_VISITS: Mapping[tuple[str, bool | None], str] = {
    ("last", False): "this visit shows no origin, so the last remembered one counts",
    ("first", False): "only the first remembered visit shows an origin",
    ("first", True): "this form uses the first visit (touch)",
    ("last", True): "this form uses the first visit (touch); the earliest with an origin is the last remembered one",
    ("current", True): "this form uses the first visit (touch); no earlier one shows an origin",
}
"""(Visit that counts, whether the form uses the first) -> the remark on it."""


def _is_unknown(inputs: ReasonInputs) -> bool:
    """Return whether utm_source has a value that is in no table and not in this form's source_map."""
    name = inputs.signals.source_label
    known = not name or inputs.signals.source.row is not None or name in NUMBERS or name in SETS["SMS"]
    return not known and inputs.number_rule is not lead_source.mapped and inputs.channel_rule is not channel.unassigned


# -- the channel, one phrase for each rule


def _tags(inputs: ReasonInputs) -> str:
    """Name utm_source and utm_medium, as far as they may be repeated."""
    named = [spoken for spoken in (_spoken_source(inputs.facts.source), _spoken_medium(inputs.facts.medium)) if spoken]
    return f"{' and '.join(named) or 'UTM values'} {inputs.utm_place}"


def _cross_network(inputs: ReasonInputs) -> str:
    return f"utm_campaign {inputs.utm_place} names Google's cross-network campaigns"


def _paid(inputs: ReasonInputs) -> str:
    signals = inputs.signals
    base = _click_id(inputs, signals.ad) if signals.ad else _tags(inputs)
    also = _further_fact(inputs)
    return f"{base}, and {also}" if also else base


def _further_fact(inputs: ReasonInputs) -> str:
    """Return the further fact that decided the channel beside the ad id or the tags."""
    signals = inputs.signals
    if inputs.channel == "Paid Shopping" and signals.is_shop_campaign:
        return "utm_campaign names a shop"
    if signals.ad is None:
        return _origin(inputs) if signals.source.row is None and signals.referrer else ""
    if signals.ad.kind != "search" or inputs.channel == "Paid Search":
        return ""
    if signals.source_is("video"):
        return _spoken_source(inputs.facts.source)
    if signals.referrer_is("video", "ads") and (
        inputs.channel == "Paid Video" or "DISPLAY" not in signals.medium.kinds
    ):
        return _origin(inputs)
    return _spoken_medium(inputs.facts.medium)


def _shop(inputs: ReasonInputs) -> str:
    return _tags(inputs) if inputs.signals.source_is("shopping") else f"utm_campaign {inputs.utm_place} names a shop"


def _opened(inputs: ReasonInputs) -> str:
    return _click_id(inputs, inputs.signals.link) if inputs.signals.link else ""


def _unassigned(inputs: ReasonInputs) -> str:
    return f"UTM values {inputs.utm_place} that no rule knows"


def _direct(_: ReasonInputs) -> str:
    return "nothing shows where the visit came from"


def _origin(inputs: ReasonInputs) -> str:
    visit = "the visit" if inputs.visit == "current" else f"the {inputs.visit} remembered visit"
    return f"{visit} came from {_site(inputs.facts.referrer, inputs.signals.referrer)}"


def _site(host: Host | None, row: SourceRow | None) -> str:
    title = row.title if row else "another website"
    return f"{host.name} ({title})" if host and _PLAIN_HOST.fullmatch(host.name) else title


_PHRASES: Mapping[ChannelRule, Callable[[ReasonInputs], str]] = {
    channel.cross_network: _cross_network,
    channel.paid_click: _paid,
    channel.organic_shopping: _shop,
    channel.opened_link: _opened,
    channel.came_from: _origin,
    channel.unassigned: _unassigned,
    channel.direct: _direct,
}
"""Rules with phrases of their own; all other rules decide by utm_source and utm_medium."""


# -- the LeadSource, one phrase for each rule


def _own_number(inputs: ReasonInputs) -> str:
    signals = inputs.signals
    row = lead_source.row_that_counts(signals, inputs.channel)
    by_origin = row is signals.referrer and inputs.channel_rule is not channel.came_from and not signals.source.row
    origin = f", as {_origin(inputs)}" if by_origin and not signals.ad else ""
    return f"LeadSource {inputs.number} for {row.title if row else inputs.channel}{origin}"


def _word(inputs: ReasonInputs) -> str:
    name = "utm_medium" if inputs.signals.medium.label in NUMBERS else "utm_source"
    return f"LeadSource {inputs.number} from the word in {name}"


def _channel_number(inputs: ReasonInputs) -> str:
    if inputs.number == lead_source.DIRECT_EMAIL and inputs.channel_rule is channel.came_from:
        return f"LeadSource {inputs.number}: an untagged click in webmail counts as a personal e-mail"
    return f"LeadSource {inputs.number} for {inputs.channel}"


_NUMBERS: Mapping[LeadSourceRule, Callable[[ReasonInputs], str]] = {
    lead_source.fixed: lambda inputs: f"LeadSource {inputs.number} is fixed for this form (lead_source)",
    lead_source.answer: lambda inputs: f"LeadSource {inputs.number} from the person's own answer (answer_map)",
    lead_source.mapped: lambda inputs: f"LeadSource {inputs.number} from the form's source_map",
    lead_source.known_source: _own_number,
    lead_source.by_word: _word,
    lead_source.form_default: lambda inputs: f"LeadSource {inputs.number} from the form's default_lead_source",
    lead_source.by_channel: _channel_number,
}


# -- what may be repeated

_PLAIN_HOST = re.compile(r"[a-z0-9._-]+")
_SPOKEN = frozenset(
    part for words in (ALIASES, *SETS.values()) for word in words for part in word.split("-") if not part.isdigit()
)
"""Parts of the words in our tables: a value made only of them reveals nothing about a person."""


@lru_cache(maxsize=4096)
def _spoken_source(utm_source: str) -> str:
    """Name utm_source with its value, else with its meaning; "" when that is unknown."""
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
"""Kinds of medium that a word may belong to by a part of it."""


def _may_be_repeated(value: str) -> bool:
    return value in HOSTS or all(part in _SPOKEN for part in label(value).split("-"))


def _click_id(inputs: ReasonInputs, click_id: ClickId) -> str:
    return f"{click_id.title} {click_id.name} {inputs.id_place}"
