"""Room 2, ATTRIBUTE: where a person came from, decided from the evidence alone.

    attribute.py      evidence -> touch -> UTM values -> channel -> LeadSource
    policy.py         the operator's settings prepared for look-ups
    touches.py        the visits that are known, which of them counts, and its first page
    tags.py           UTM values and click ids of one URL or one set of fields
    links.py          URLs taken apart; referrers
    values.py         values made comparable, repaired or dropped
    signals.py        facts of one touch looked up in the tables; source and medium of one without tags
    channel.py        the ordered rules of the channel
    lead_source.py    the ordered rules of the LeadSource
    reasons.py        the attribution explained in a marketer's words
    tables/           sources, words, click ids: data to add to

The room is pure: no clock, no network, and it never raises, so it is never why a lead is lost.
Raise RULES_VERSION with every change of a rule or a table, so that stored attributions can be
computed again.
"""

from service.attribution.attribute import RULES_VERSION, Click, attribute, attribute_others, clicks, other_touch
from service.attribution.links import translated_host
from service.attribution.tags import is_tag
from service.attribution.touches import stored_touch

__all__ = [
    "RULES_VERSION",
    "Click",
    "attribute",
    "attribute_others",
    "clicks",
    "is_tag",
    "other_touch",
    "stored_touch",
    "translated_host",
]
