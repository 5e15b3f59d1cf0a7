"""All that the rules look at, worked out once for the touch that was picked."""

import re
from dataclasses import dataclass
from functools import lru_cache

from service.attribution.carriers import Utm
from service.attribution.click_ids import ad_id, link_id
from service.attribution.rows import Source, read_source, row_of_host
from service.attribution.tables import NUMBERS, SETS, ClickId, Row
from service.attribution.touches import Touch
from service.attribution.words import label

_SHOP = re.compile(r"(?:^|[^a-df-z])shop|shopping")  # "e-shop", "eshop", but no "workshop"


@dataclass(frozen=True, slots=True)
class Medium:
    """A utm_medium as the rules see it: its label, and the sets that hold it."""

    label: str = ""
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Clues:
    """The evidence of one touch, looked up in the tables.

    ad, link: the most telling click id of each sort. source: what utm_source means. referrer: row
    of the page before. number: LeadSource that the medium, else the source, is a word for.
    """

    touch: Touch
    utm: Utm
    ad: ClickId | None
    link: ClickId | None
    source: Source
    source_label: str
    medium: Medium
    referrer: Row | None
    number: int | None

    @property
    def is_paid(self) -> bool:
        """Tell whether an ad id, the medium or the source says that the click was paid for."""
        return self.ad is not None or "PAID" in self.medium.kinds or self.source.is_paid

    @property
    def is_shop_campaign(self) -> bool:
        """Tell a shopping campaign by its name, as Google Analytics does."""
        return bool(_SHOP.search(self.utm.campaign.lower()))

    def source_is(self, *categories: str) -> bool:
        """Tell whether utm_source is known and of one of `categories`."""
        return self.source.row is not None and self.source.row.category in categories

    def referrer_is(self, *categories: str) -> bool:
        """Tell whether there is a referrer and it is of one of `categories`."""
        return self.referrer is not None and self.referrer.category in categories


def read_clues(touch: Touch) -> Clues:
    """Look everything up."""
    utm = touch.utm
    medium, source_label = read_medium(utm.medium), label(utm.source)
    return Clues(
        touch=touch,
        utm=utm,
        ad=ad_id(touch.click_ids),
        link=link_id(touch.click_ids),
        source=read_source(utm.source),
        source_label=source_label,
        medium=medium,
        referrer=row_of_host(touch.referrer) if touch.referrer else None,
        number=NUMBERS.get(medium.label, NUMBERS.get(source_label)),
    )


@lru_cache(maxsize=4096)
def read_medium(utm_medium: str) -> Medium:
    """Tell which sets a cleaned utm_medium belongs to, by word or by what the word contains."""
    name = label(utm_medium)
    kinds = {kind for kind, words in SETS.items() if name in words}
    if "cp" in name or name in {"ppc", "retargeting"} or name.startswith("paid"):  # Google Analytics' own test
        kinds.add("PAID")
    if any(word in name for word in ("email", "e-mail", "newsletter")):
        kinds.add("EMAIL")
    if name.endswith("push") or "mobile" in name or "notification" in name:
        kinds.add("PUSH")
    if "video" in name:
        kinds.add("VIDEO")
    return Medium(name, frozenset(kinds))
