"""All that the rules of the channel look at, looked up in the tables."""

import re
from functools import lru_cache
from typing import NamedTuple

from service.attribution.links import Host
from service.attribution.rows import Source, read_source, row_of_host
from service.attribution.tables import CLICK_IDS, NUMBERS, SETS, ClickId, SourceRow
from service.attribution.words import label

_SHOP = re.compile(r"(?:^|[^a-df-z])shop|shopping")  # "e-shop", "eshop", but no "workshop"


class Medium(NamedTuple):
    """A utm_medium as the rules see it: its label, and the sets that hold it."""

    label: str = ""
    kinds: frozenset[str] = frozenset()


class Signals(NamedTuple):
    """The evidence of one touch, looked up in the tables.

    ad, link: the most telling click id of each sort. source: what utm_source means. referrer: row
    of the page before. number: LeadSource that the medium, else the source, is a word for.
    campaign: in lower case. is_tagged: there is any Utm value.
    """

    ad: ClickId | None = None
    link: ClickId | None = None
    source: Source = Source(None)
    source_label: str = ""
    medium: Medium = Medium()
    campaign: str = ""
    is_tagged: bool = False
    referrer: SourceRow | None = None
    number: int | None = None

    @property
    def is_paid(self) -> bool:
        """Tell whether an ad id, the medium or the source says that the click was paid for."""
        return self.ad is not None or "PAID" in self.medium.kinds or self.source.is_paid

    @property
    def is_shop_campaign(self) -> bool:
        """Tell a shopping campaign by its name, as Google Analytics does."""
        return bool(_SHOP.search(self.campaign))

    def source_is(self, *categories: str) -> bool:
        """Tell whether utm_source is known and of one of `categories`."""
        return self.source.row is not None and self.source.row.category in categories

    def referrer_is(self, *categories: str) -> bool:
        """Tell whether there is a referrer and it is of one of `categories`."""
        return self.referrer is not None and self.referrer.category in categories


class TouchFacts(NamedTuple):
    """What of one touch the rules of the channel depend on, as it was found. ad, link: names of click ids, or ""."""

    source: str
    medium: str
    campaign: str
    is_tagged: bool
    ad: str
    link: str
    referrer: Host | None


def read_clues(found: TouchFacts) -> Signals:
    """Look everything up."""
    medium, source_label = read_medium(found.medium), label(found.source)
    return Signals(
        ad=CLICK_IDS.get(found.ad),
        link=CLICK_IDS.get(found.link),
        source=read_source(found.source),
        source_label=source_label,
        medium=medium,
        campaign=found.campaign.lower(),
        is_tagged=found.is_tagged,
        referrer=row_of_host(found.referrer) if found.referrer else None,
        number=NUMBERS.get(medium.label, NUMBERS.get(source_label)),
    )


_NO_KINDS = frozenset({"PAID_SOURCE", "SPOKEN"})
"""Sets of words that are no kinds of medium."""


@lru_cache(maxsize=4096)
def read_medium(utm_medium: str) -> Medium:
    """Tell which sets a cleaned utm_medium belongs to, by word or by what the word contains."""
    name = label(utm_medium)
    kinds = {kind for kind, words in SETS.items() if name in words and kind not in _NO_KINDS}
    if (
        "PLACEMENT" in kinds or "cp" in name or name in {"ppc", "retargeting"} or name.startswith("paid")
    ):  # Google Analytics' own test
        kinds.add("PAID")
    if any(word in name for word in ("email", "e-mail", "newsletter")):
        kinds.add("EMAIL")
    if name.endswith("push") or "mobile" in name or "notification" in name:
        kinds.add("PUSH")
    if "video" in name:
        kinds.add("VIDEO")
    return Medium(name, frozenset(kinds))
