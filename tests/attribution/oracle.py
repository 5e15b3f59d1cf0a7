"""A second implementation of the rules, literal and slow, that shares only the text files with the service.

If both agree on everything that hypothesis generates, a mistake must have been made twice.
"""

import re
import unicodedata
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import service.attribution

TABLES = Path(service.attribution.__file__).parent / "tables"
PLACEHOLDERS = {
    *("null", "undefined", "none", "(none)", "nan", "n/a", "-", "(not set)", "not set", "(not provided)"),
    *("(direct)", "direct", "$direct", "[object object]", "xxxxx"),
}
NAME = (
    r"((utm|mtm|pk|lc|query|get|url|hidden)[ _.:-]?[a-z _.-]*|source|medium|campaign|content|term|keyword|creative"
    r"|placement|referrer|(ad|ad[ _.-]?set|ad[ _.-]?group|campaign)[ _.-]?(name|id)|[a-z]*cl(ick|k)?[ _.-]?id"
    r"|page[ _.-]?url|landing[ _.-]?page)"
)
UNFILLED = [rf"\[{NAME}\]", rf"\[\[{NAME}\]\]", f"%{NAME}%", rf"\${NAME}", f"__{NAME}__"]
QUOTES = "\"'\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019"
PLACEMENTS = (
    "facebook-(desktop-feed|mobile-feed|right-column|marketplace|stories|instream-video|reels|mobile-reels|profile-feed"
    "|search)|instagram-(feed|stories|reels|explore|explore-grid-home|search|profile-feed|shop)"
    "|messenger-(inbox|stories)|threads-feed|(an|audience-network)-(classic|rewarded-video|instream-video)"
)
REMOVED = re.compile(
    r"(?P<macro>\$?\{\{[^{}]*\}\}|\$?\{[^{}]*\}|__[A-Z0-9]+(?:_[A-Z0-9]+)*__|%%[A-Za-z0-9_]+%%|\*\|[^|]*\|\*)"
    r"|(?P<email>[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)|(?P<phone>\+\d{8,15})"
)


def clean(value: str, *, lower: bool) -> str:
    """Section 1.4, step by step, for a text."""
    text = value[:2048]
    for _ in range(2):
        if re.search("%[0-9A-Fa-f]{2}", text):
            try:
                decoded = unquote(text, errors="strict")
            except UnicodeDecodeError:
                break
            if any(unicodedata.category(letter) == "Cc" for letter in decoded):
                break
            text = decoded
    text = unicodedata.normalize("NFC", text)
    text = re.sub("[\t\r\n]", " ", text)
    text = "".join(letter for letter in text if unicodedata.category(letter) not in ("Cc", "Cf"))
    text = re.sub(r"\s+", " ", text).strip()
    if re.search("<[A-Za-z/!]", text) or re.match(
        "(javascript|vbscript|data):", re.sub(r"\s", "", text), re.IGNORECASE
    ):
        return ""
    text = text.replace("<", "").replace(">", "")
    if REMOVED.search(text):
        text = REMOVED.sub("", text).strip(" _-|:/.,+")
    text = _ends(text, lower=lower)
    if len(text) > 1 and text[0] in QUOTES and text[-1] in QUOTES:
        text = _ends(text[1:-1], lower=lower)
    text = re.sub(r"\s+", " ", text).strip()
    if is_placeholder(text):
        return ""
    text = text[:255].strip()
    return text.lower() if lower else text


def _ends(text: str, *, lower: bool) -> str:
    """Step 6, what is removed once without the quotes and once within them."""
    text = re.sub(r"^[=+@ -]+", "", text)
    return re.sub(r"[ /,;]+$", "", text) if lower else text


def is_placeholder(text: str) -> bool:
    """Step 7."""
    return text.lower() in PLACEHOLDERS or any(re.fullmatch(each, text.lower()) for each in UNFILLED)


KEYS = ("utmsource", "utmmedium", "utmcampaign", "utmcontent", "utmterm")
TERM = ("utmterm", "mtmkwd", "mtmkeyword", "pkkwd", "pkkeyword")


def read_link(url: str) -> dict[str, str]:
    """Sections 1.2 and 1.3: the five values of a URL."""
    address, _, fragment = url[:8192].partition("#")
    fragment = fragment.partition("?")[2] if "?" in fragment else fragment
    return _five(_query(address.partition("?")[2]) + _query(fragment))


def read_fields(fields: dict[str, object]) -> dict[str, str]:
    """Section 1.3: the five values of fields."""
    return _five(list(fields.items()))


def _query(text: str) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for part in re.sub(r"\?(?=utm_)", "&", text, flags=re.IGNORECASE).split("&"):
        name, _, value = part.partition("=")
        name = re.sub(r"^\s*(amp;\s*)*", "", unquote(name.replace("+", " "))).strip()
        is_word = value[:1] == "%" and is_placeholder(value)
        pairs.append((name, value if is_word else unquote(value.replace("+", " "))))
    return pairs


def _five(pairs: list[tuple[str, object]]) -> dict[str, str]:
    levels = [_listed(pairs)]
    while levels[-1]:
        carried: list[tuple[str, object]] = []
        for place, (name, value) in enumerate(levels[-1]):
            parts = re.split("&(?=(?:amp;)*utm_)", value, maxsplit=1, flags=re.IGNORECASE)
            if name in KEYS and len(parts) > 1:
                levels[-1][place] = (name, parts[0])
                carried += [pair for pair in _listed(_query(parts[1])) if pair[0] in KEYS]
        levels.append([(name, str(value)) for name, value in carried])
    pairs_of_levels = [pair for level in levels for pair in level]
    names = [(key, key.replace("utm", "mtm"), key.replace("utm", "pk")) for key in KEYS[:4]]
    return {
        key[0]: next((text for each in key for name, value in pairs_of_levels if name == each
                      and (text := clean(value, lower=key[0] in KEYS[:2]))), "")
        for key in (*names, TERM)
    }  # fmt: skip


def _listed(pairs: list[tuple[str, object]]) -> list[tuple[str, str]]:
    """Names folded, the numbered ones in the order of their numbers, and lists as repeats."""
    rows = []
    for written, value in pairs:
        number = re.search(r"\[(\d*)\]$", written.strip(), re.ASCII)
        name = written.strip()[: number.start()] if number else written
        digits = number[1] if number else ""
        rows.append((re.sub("[^a-z0-9]", "", name.lower()), int(digits) if digits else None, value))
    queues = {
        name: sorted((row for row in rows if row[0] == name and row[1] is not None), key=lambda row: row[1] or 0)
        for name, _, _ in rows
    }
    ordered = [queues[row[0]].pop(0) if row[1] is not None else row for row in rows]
    return [(name, text) for name, _, value in ordered for text in (value if isinstance(value, list) else [value])
            if isinstance(text, str)]  # fmt: skip


class Entry(NamedTuple):
    """One row of the table of sources."""

    name: str
    category: str
    number: int | None
    aliases: tuple[str, ...]
    hosts: tuple[str, ...]


def read_rows() -> list[Entry]:
    """The table of sources."""
    lines = [line for line in (TABLES / "sources.txt").read_text().splitlines() if line and line[0] != "#"]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [
        Entry(name, category, None if number == "-" else int(number), tuple(aliases.split()), tuple(hosts.split()))
        for name, category, number, aliases, hosts in cells
    ]


def read_sets() -> dict[str, set[str]]:
    """The sets of words."""
    lines = [line for line in (TABLES / "sets.txt").read_text().splitlines() if line and line[0] != "#"]
    return {name: set(words.split()) for name, _, words in (line.partition(":") for line in lines)}


ROWS, SETS = read_rows(), read_sets()
WEB = Entry("web", "web", None, (), ())
BY_NAME = {row.name: row for row in ROWS}


def label(text: str) -> str:
    """Section 0."""
    return re.sub(r"[\s_+-]+", "-", text.lower()).strip("-")


def row_of_host(host: str) -> Entry:
    """Section 2.3: the longest entry that matches, each written out as an expression."""
    matching = []
    for row in ROWS:
        for entry in row.hosts:
            bare = entry.removeprefix("=")
            ending = r"\.(com|[a-z]{2}|com?\.[a-z]{2})" if bare.endswith(".*") else ""
            before = "" if entry.startswith("=") else r"(.+\.)?"
            if re.fullmatch(before + re.escape(bare.removesuffix(".*")) + ending, host):
                matching.append((len(bare.removesuffix(".*")), row))
    if matching:
        return max(matching, key=lambda pair: pair[0])[1]
    if any(re.fullmatch(r"(web|e)?mail\d*[a-z]?", part, re.ASCII) for part in host.split(".")[:-2]):
        return BY_NAME["email"]
    return WEB


def row_of_source(source: str) -> tuple[Entry | None, bool]:
    """Section 2.3: the row of a utm_source, and whether it is paid for (2.4)."""
    name = label(source)
    starred = [(len(alias), row) for row in ROWS for alias in row.aliases if alias.endswith("*")
               and name.startswith(alias[:-1] + "-")]  # fmt: skip
    exact = [row for row in ROWS if name in [alias.removesuffix("*") for alias in row.aliases]]
    if exact or starred:
        row = exact[0] if exact else max(starred, key=lambda pair: pair[0])[1]
        return row, bool(SETS["PAID_SOURCE"] & set(name.split("-")))
    if re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", name):
        return row_of_host(name.removeprefix("www.")), False
    if "newsletter" in name or "email" in name or "e-mail" in name:
        return BY_NAME["email"], False
    return None, False


class Case(NamedTuple):
    """Clean UTM values, an ad id's row and kind, a link id's row and kind, the host of the referrer."""

    source: str
    medium: str
    campaign: str
    ad: tuple[str, str] | None
    link: tuple[str, str] | None
    referrer: str


def decide(case: Case) -> tuple[str, int]:
    """Sections 2.5 and 3 without the form's wishes: channel and LeadSource."""
    m, s = label(case.medium), label(case.source)
    source, is_paid_source = row_of_source(case.source) if case.source else (None, False)
    referrer = row_of_host(case.referrer) if case.referrer else None
    is_s, is_r = (source.category if source else ""), (referrer.category if referrer else "")
    word = next((int(name[2:]) for w in (m, s) for name, words in SETS.items() if name[:2] == "LS" and w in words), 0)
    shop = bool(re.search("(^|[^a-df-z])shop|shopping", case.campaign.lower()))
    paid_medium = bool(re.match("^(.*cp.*|ppc|retargeting|paid.*)$", m)) or m in SETS["PAID"]
    paid_medium = paid_medium or bool(re.fullmatch(PLACEMENTS, m))
    mail = m in SETS["EMAIL"] or "email" in m or "e-mail" in m or "newsletter" in m
    channel, rule = "", 0
    if "cross-network" in case.campaign.lower():
        channel, rule = "Cross-network", 1
    elif case.ad or paid_medium or is_paid_source:
        kind = case.ad[1] if case.ad else is_s or is_r
        if case.ad and kind == "search":
            kind = "video" if "video" in (is_s, is_r) else kind
            kind = "display" if kind == "search" and (m in SETS["DISPLAY"] or is_r == "ads") else kind
        banner = "Display" if kind in ("display", "ads") or m in SETS["DISPLAY"] else "Paid Other"
        paid = {"search": "Paid Search", "social": "Paid Social", "video": "Paid Video"}.get(kind, banner)
        channel, rule = ("Paid Shopping" if kind == "shopping" or shop else paid), 2
    else:
        tests = [
            (m in SETS["DISPLAY"] or is_s == "ads", "Display"),
            (is_s == "shopping" or shop, "Organic Shopping"),
            (is_s == "social" or m in SETS["SOCIAL"], "Organic Social"),
            (is_s == "video" or "video" in m, "Organic Video"),
            (is_s == "search" or m in SETS["ORGANIC"], "Organic Search"),
            (is_s == "ai" or m == "ai-assistant", "AI Assistant"),
            (is_s == "email" or mail or word == 9, "Email"),
            (m in SETS["AFFILIATE"], "Affiliates"),
            (is_s in ("broker", "agent") or m in SETS["REFERRAL"] or word in (11, 12), "Referral"),
            (m in SETS["AUDIO"], "Audio"),
            (m in SETS["SMS"] or s in SETS["SMS"], "SMS"),
            (m.endswith("push") or "mobile" in m or "notification" in m, "Mobile Push"),
            (word != 0, "Other Campaign"),
            (is_s == "web", "Referral"),
        ]
        channel, rule = next(((name, n) for n, (holds, name) in enumerate(tests, 3) if holds), ("", 0))
    if not channel and case.link:
        opened = {"facebook": "Organic Social", "instagram": "Organic Social", "email": "Email", "": "Affiliates"}
        channel, rule = opened[case.link[0]], 17
    if not channel and referrer:
        named = {"search": "Organic Search", "social": "Organic Social", "video": "Organic Video", "ads": "Display",
                 "shopping": "Organic Shopping", "ai": "AI Assistant", "email": "Email"}  # fmt: skip
        channel, rule = named.get(is_r, "Referral"), 18
    if not channel:
        channel = "Unassigned" if any(case[:3]) else "Direct"
    return channel, _number(case, channel, rule, source, referrer, word)


def _number(case: Case, channel: str, rule: int, source: Entry | None, referrer: Entry | None, word: int) -> int:
    """Section 3, from rule 4."""
    family = {"Display": ("ads",), "AI Assistant": ("ai",), "Email": ("email",), "Referral": ("broker", "agent", "web")}
    kind = channel.removeprefix("Paid ").removeprefix("Organic ").lower()
    fitting = family.get(channel, (kind,) if kind in ("search", "social", "video", "shopping") else ())
    if case.ad:
        row = BY_NAME.get(case.ad[0])
    else:
        link = BY_NAME.get(case.link[0]) if case.link else None
        row = source or next((each for each in (referrer, link) if each and each.category in fitting), None)
    googles = ("Paid Search", "Organic Search", "Paid Shopping", "Organic Shopping", "Cross-network")
    if row and row.number and not (row.number == 19 and channel not in googles):
        return row.number
    if 2 <= rule <= 16 and not case.ad and word:
        return word
    if channel == "Email":
        return 9 if rule == 18 else 10
    by_channel = {"Cross-network": 19, "Paid Social": 98, "Organic Social": 98, "Paid Video": 98, "Organic Video": 98,
                  "Affiliates": 5, "Referral": 5, "Audio": 99, "SMS": 99, "Mobile Push": 99}  # fmt: skip
    return by_channel.get(channel, 1)
