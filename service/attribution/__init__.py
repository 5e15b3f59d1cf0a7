"""Room 2, CREDIT: where a person came from, decided from the evidence alone.

    attribute.py      the walk: touch -> Utm values -> channel -> LeadSource
    policy.py         what the operator asked for, made ready for look-ups
    clicks.py         click ids of all visits, also of those that do not count
    stored.py         visits that the page's script remembered
    touches.py        which visit counts
    carriers.py       what one URL or one set of fields carries
    pairs.py          names that mean something, and their values in order
    cleaning.py       values repaired or dropped, never refused
    placeholders.py   texts that stand for no value
    click_ids.py      ids that networks add to links
    links.py          URLs taken apart
    referrers.py      the page before, where it tells anything
    rows.py           hosts and sources looked up in the tables
    clues.py          all that the rules look at
    channel.py        the ordered rules of the channel
    lead_source.py    the ordered rules of the LeadSource
    reasons.py        the verdict in a marketer's words
    words.py          texts made comparable
    coverage.py       what the rules could not read
    tables/           sources, words, click ids: data to add to

The room is pure: no clock, no network, and it never raises, so it is never why a lead is lost.
Raise RULES_VERSION with every change of a rule or a table, so that stored verdicts can be
computed again.
"""

from service.attribution.attribute import RULES_VERSION, attribute, attribute_others
from service.attribution.clicks import Click, clicks
from service.attribution.links import translated_host
from service.attribution.pairs import is_tag
from service.attribution.stored import stored_touch

__all__ = [
    "RULES_VERSION",
    "Click",
    "attribute",
    "attribute_others",
    "clicks",
    "is_tag",
    "stored_touch",
    "translated_host",
]
