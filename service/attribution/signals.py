"""The signals of one touch that the rules use: its tags, click ids and referrer, looked up in the tables."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from service.attribution.links import Host, suffixes, web_host
from service.attribution.policy import policy_of
from service.attribution.tables import ALIASES, CLICK_IDS, HOSTS, NUMBERS, PREFIXES, ROWS, SETS, WEB, ClickId, SourceRow
from service.attribution.values import label
from service.forms import AttributionConfig

_SHOP = re.compile(r"(?:^|[^a-df-z])shop|shopping")  # "e-shop", "eshop", but not "workshop"
_COUNTRY_ENDING = re.compile(r"\.(?:com|[a-z]{2})\Z")
_LONG_COUNTRY_ENDING = re.compile(r"\.com?\.[a-z]{2}\Z")
_WEBMAIL = re.compile(r"(?:web|e)?mail[0-9]*[a-z]?")
_HOST_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
_MAIL_WORDS = ("newsletter", "email", "e-mail")
_OTHER_SETS = frozenset({"PAID_SOURCE", "SPOKEN"})  # sets of words that are not kinds of medium


class Source(NamedTuple):
    """The meaning of a utm_source: its row, and whether one of its words says that the click was paid for."""

    row: SourceRow | None
    is_paid: bool = False


class Medium(NamedTuple):
    """The meaning of a utm_medium: its label, and the sets of words that it belongs to."""

    label: str = ""
    kinds: frozenset[str] = frozenset()


class TouchFacts(NamedTuple):
    """The facts of one touch that decide its channel, not yet looked up. ad, link: names of click ids, or ""."""

    source: str
    medium: str
    campaign: str
    is_tagged: bool
    ad: str
    link: str
    referrer: Host | None


class Signals(NamedTuple):
    """The facts of one touch, looked up in the tables.

    ad, link: the most telling click id of each sort. referrer: row of the page before. number: the
    LeadSource that the medium, else the source, is a word for. campaign: in lower case. is_tagged: there is any
    UTM value.
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
        """Whether an ad id, the medium or the source says that the click was paid for."""
        return self.ad is not None or "PAID" in self.medium.kinds or self.source.is_paid

    @property
    def is_shop_campaign(self) -> bool:
        """Whether the campaign's name is that of a shopping campaign, by Google Analytics' test."""
        return bool(_SHOP.search(self.campaign))

    def source_is(self, *categories: str) -> bool:
        """Return whether utm_source is known and of one of `categories`."""
        return self.source.row is not None and self.source.row.category in categories

    def referrer_is(self, *categories: str) -> bool:
        """Return whether there is a referrer and it is of one of `categories`."""
        return self.referrer is not None and self.referrer.category in categories


def read_signals(facts: TouchFacts) -> Signals:
    """Look up the facts of one touch in the tables."""
    medium, source_label = read_medium(facts.medium), label(facts.source)
    return Signals(
        ad=CLICK_IDS.get(facts.ad),
        link=CLICK_IDS.get(facts.link),
        source=read_source(facts.source),
        source_label=source_label,
        medium=medium,
        campaign=facts.campaign.lower(),
        is_tagged=facts.is_tagged,
        referrer=row_of_host(facts.referrer) if facts.referrer else None,
        number=NUMBERS.get(medium.label, NUMBERS.get(source_label)),
    )


@lru_cache(maxsize=4096)
def read_medium(utm_medium: str) -> Medium:
    """Return the sets that a cleaned utm_medium belongs to, as a word of them or by a part of it."""
    name = label(utm_medium)
    kinds = {kind for kind, words in SETS.items() if name in words and kind not in _OTHER_SETS}
    # The first line is Google Analytics' own test.
    if "cp" in name or name in {"ppc", "retargeting"} or name.startswith("paid") or "PLACEMENT" in kinds:
        kinds.add("PAID")
    if any(word in name for word in _MAIL_WORDS):
        kinds.add("EMAIL")
    if name.endswith("push") or "mobile" in name or "notification" in name:
        kinds.add("PUSH")
    if "video" in name:
        kinds.add("VIDEO")
    return Medium(name, frozenset(kinds))


@lru_cache(maxsize=4096)
def read_source(utm_source: str) -> Source:
    """Look up a cleaned utm_source, first as a URL, then as an alias, a host name, a mail word."""
    if utm_source.startswith(("http://", "https://")):
        host = web_host(utm_source)
        return Source(row_of_host(Host(host)) if host else None)
    name = label(utm_source)
    row = _row_of_alias(name)
    if row is not None:
        return Source(row, is_paid=not SETS["PAID_SOURCE"].isdisjoint(name.split("-")))
    if _HOST_NAME.fullmatch(name):
        return Source(row_of_host(Host(name.removeprefix("www."))))
    if any(word in name for word in _MAIL_WORDS):
        return Source(ROWS["email"])
    return Source(None)


def _row_of_alias(name: str) -> SourceRow | None:
    """Return the row of the alias that equals `name`, else of the longest that begins it."""
    if name in ALIASES:
        return ALIASES[name]
    while "-" in name:
        name = name.rpartition("-")[0]
        if name in PREFIXES:
            return PREFIXES[name]
    return None


@lru_cache(maxsize=4096)
def row_of_host(host: Host) -> SourceRow:
    """Return the row with the longest entry that `host` matches, else webmail, else the web."""
    row = _listed(host.name)
    if row is not None:
        return row
    # "webmail.company.com", "mail2.company.com" and the like
    is_webmail = not host.is_app and any(_WEBMAIL.fullmatch(part) for part in host.name.split(".")[:-2])
    return ROWS["email"] if is_webmail else WEB


def _listed(name: str) -> SourceRow | None:
    endings = [match[0] for ending in (_COUNTRY_ENDING, _LONG_COUNTRY_ENDING) if (match := ending.search(name))]
    for suffix in suffixes(name):
        entries = [suffix] + [suffix.removesuffix(ending) + ".*" for ending in endings if suffix.endswith(ending)]
        if suffix == name:
            entries += ["=" + entry for entry in entries]
        row = next((HOSTS[entry] for entry in entries if entry in HOSTS), None)
        if row is not None:
            return row
    return None


def is_known_source(utm_source: str, config: AttributionConfig) -> bool:
    """Return whether a table, a word or the form's source_map knows a stored utm_source."""
    name = label(utm_source)
    is_word = name in NUMBERS or name in SETS["SMS"] or name in policy_of(config).labels
    return is_word or read_source(utm_source).row is not None


def lookalikes(values: Iterable[str]) -> Mapping[str, list[str]]:
    """Return tags whose several spellings people read as one: label -> spellings.

    Spellings differ by upper and lower case, or by space, "_", "+" and "-".
    """
    spellings: dict[str, list[str]] = {}
    for value in values:
        spellings.setdefault(label(value), []).append(value)
    return {name: each for name, each in spellings.items() if len(each) > 1}


# -- what reports show of a visit without tags

JOINT = " / "
"""Separator of source and medium."""

DIRECT = f"(direct){JOINT}(none)"

_PAID_MEDIUM = {"search": "cpc", "social": "paid_social"}
_SECOND_LEVEL = frozenset(("co", "com", "net", "org", "ac", "gov"))


@lru_cache(maxsize=4096)
def origin_of(facts: TouchFacts) -> str:
    """Return the source and medium of a visit without utm_source and utm_medium, as Google Analytics writes them."""
    if ad := CLICK_IDS.get(facts.ad):
        return f"{ad.row.name if ad.row else ad.name}{JOINT}{_PAID_MEDIUM.get(ad.kind, ad.kind)}"
    if facts.referrer is not None:
        return _referred(facts.referrer)
    link = CLICK_IDS.get(facts.link)
    if link is None:
        return f"(not set){JOINT}(not set)" if facts.is_tagged else DIRECT
    medium = link.kind if link.kind in ("email", "affiliate") else "referral"
    return f"{link.row.name if link.row else link.name}{JOINT}{medium}"


def _referred(host: Host) -> str:
    row = row_of_host(host)
    if row.category == "search":
        return f"{_engine(host.name) if row.name == 'search' else row.name}{JOINT}organic"
    return f"{host.name}{JOINT}{'email' if row.category == 'email' else 'referral'}"


def _engine(host: str) -> str:
    """Return the name of a search engine by its host: "ecosia" of www.ecosia.org."""
    *parts, _ending = host.split(".")
    if len(parts) > 1 and parts[-1] in _SECOND_LEVEL:
        parts.pop()
    return parts[-1] if parts else host
