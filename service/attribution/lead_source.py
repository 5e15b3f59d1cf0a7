"""The ordered rules of the LeadSource: the first that returns one decides."""

from collections.abc import Callable
from typing import NamedTuple

from service.attribution.channel import TAG_RULES, ChannelRule, came_from
from service.attribution.links import suffixes
from service.attribution.policy import Policy, fold_answer
from service.attribution.signals import Signals
from service.attribution.tables import SourceRow
from service.attribution.values import text_of, values_of
from service.lead import Answers

WEB, REFERRAL, DIRECT_EMAIL, EMAIL_MARKETING = 1, 5, 9, 10
GOOGLE_SEARCH, OTHER_SOCIAL, OTHER = 19, 98, 99

_GOOGLE_CHANNELS = frozenset({"Paid Search", "Organic Search", "Paid Shopping", "Organic Shopping", "Cross-network"})
_FAMILIES = {
    "Paid Search": ("search",),
    "Organic Search": ("search",),
    "Paid Social": ("social",),
    "Organic Social": ("social",),
    "Paid Video": ("video",),
    "Organic Video": ("video",),
    "Paid Shopping": ("shopping",),
    "Organic Shopping": ("shopping",),
    "AI Assistant": ("ai",),
    "Email": ("email",),
    "Referral": ("broker", "agent", "web"),
    "Display": ("ads",),
}
"""Channel -> the categories of rows that fit it."""

_CHANNEL_NUMBERS = {
    "Cross-network": GOOGLE_SEARCH,
    "Paid Social": OTHER_SOCIAL,
    "Organic Social": OTHER_SOCIAL,
    "Paid Video": OTHER_SOCIAL,
    "Organic Video": OTHER_SOCIAL,
    "Email": EMAIL_MARKETING,
    "Affiliates": REFERRAL,
    "Referral": REFERRAL,
    "Audio": OTHER,
    "SMS": OTHER,
    "Mobile Push": OTHER,
}


class LeadSourceInputs(NamedTuple):
    """The facts that decide a LeadSource. referrer: the host of the page before, "" when there is none."""

    signals: Signals
    referrer: str
    channel: str
    channel_rule: ChannelRule
    policy: Policy
    answers: Answers


LeadSourceRule = Callable[[LeadSourceInputs], int | None]
"""Returns the LeadSource, None where the rule does not apply."""


def fixed(inputs: LeadSourceInputs) -> int | None:
    """1. The form's fixed number, for forms of one origin: a phone desk, a broker's landing page."""
    return inputs.policy.lead_source


def answer(inputs: LeadSourceInputs) -> int | None:
    """2. The person's answer to "How did you hear about us?"."""
    policy = inputs.policy
    if not policy.answer_field:
        return None
    first, *_ = values_of(inputs.answers.get(policy.answer_field)) or ("",)
    return policy.answers.get(fold_answer(text_of(first)))


def mapped(inputs: LeadSourceInputs) -> int | None:
    """3. The operator's number for this utm_source, else for the host of the referrer."""
    policy, signals = inputs.policy, inputs.signals
    if signals.source_label in policy.labels:
        return policy.labels[signals.source_label]
    return next((policy.hosts[host] for host in suffixes(inputs.referrer) if host in policy.hosts), None)


def known_source(inputs: LeadSourceInputs) -> int | None:
    """4. Nexudus's own number for the source."""
    row = row_that_counts(inputs.signals, inputs.channel)
    if row is None or (row.lead_source == GOOGLE_SEARCH and inputs.channel not in _GOOGLE_CHANNELS):
        return None
    return row.lead_source


def row_that_counts(signals: Signals, channel: str) -> SourceRow | None:
    """Return the row of the ad id, else of utm_source, else of a referrer or link id that fits the channel."""
    if signals.ad is not None:
        return signals.ad.row
    if signals.source.row is not None:
        return signals.source.row
    family = _FAMILIES.get(channel, ())
    rows = (signals.referrer, signals.link.row if signals.link else None)
    return next((row for row in rows if row is not None and row.category in family), None)


def by_word(inputs: LeadSourceInputs) -> int | None:
    """5. The number that the medium, else the source, is a word for, where the tags decided the channel."""
    decided_by_tags = inputs.channel_rule in TAG_RULES and inputs.signals.ad is None
    return inputs.signals.number if decided_by_tags else None


def form_default(inputs: LeadSourceInputs) -> int | None:
    """6. The form's default, where nothing is known."""
    return inputs.policy.default_lead_source if inputs.channel in ("Direct", "Unassigned") else None


def by_channel(inputs: LeadSourceInputs) -> int | None:
    """6. The channel's number, else that of the website; an untagged click in webmail is a personal e-mail."""
    if inputs.channel == "Email" and inputs.channel_rule is came_from:
        return DIRECT_EMAIL
    return _CHANNEL_NUMBERS.get(inputs.channel, WEB)


RULES: tuple[LeadSourceRule, ...] = (fixed, answer, mapped, known_source, by_word, form_default, by_channel)
"""All rules; position is priority."""


def decide_lead_source(inputs: LeadSourceInputs) -> tuple[int, LeadSourceRule]:
    """Return the LeadSource and the rule that decided it."""
    return next((number, rule) for rule in RULES if (number := rule(inputs)) is not None)
