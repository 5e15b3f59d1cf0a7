"""The tables beside this file, read once at import into plain dictionaries.

They are data: a new source, word, click id or sign-in page is a line in a text file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One kind of source.

    lead_source: Nexudus's own number for it, None where there is none. title: the name that marketers use.
    """

    name: str
    category: str
    lead_source: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class ClickId:
    """The meaning of one click id.

    kind: "search", "social", "display", ... title: the name that marketers use.
    """

    name: str
    is_ad: bool
    row: SourceRow | None
    kind: str
    title: str


def _lines(file: str) -> Iterator[str]:
    for line in (_HERE / file).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def _columns(file: str) -> Iterator[list[str]]:
    for line in _lines(file):
        yield [column.strip() for column in line.split("|")]


def _row(name: str, category: str, number: str) -> SourceRow:
    return SourceRow(name, category, None if number == "-" else int(number), _TITLES[name])


def _click_id(name: str, proves: str, row_name: str, kind: str, title: str) -> ClickId:
    row = None if row_name == "-" else ROWS[row_name]
    return ClickId(name, proves == "ad", row, row.category if row and kind == "-" else kind, title)


_TITLES = {columns[0]: columns[1] for columns in _columns("titles.txt")}

_SOURCES = [(_row(*columns[:3]), columns[3].split(), columns[4].split()) for columns in _columns("sources.txt")]

ROWS: Mapping[str, SourceRow] = MappingProxyType({row.name: row for row, _, _ in _SOURCES})
"""Name -> row, in the order of the file."""

ALIASES: Mapping[str, SourceRow] = MappingProxyType(
    {alias.removesuffix("*"): row for row, aliases, _ in _SOURCES for alias in aliases}
)
"""Label of a utm_source -> row."""

PREFIXES: Mapping[str, SourceRow] = MappingProxyType(
    {alias.removesuffix("*"): row for row, aliases, _ in _SOURCES for alias in aliases if alias.endswith("*")}
)
"""The aliases that also count when "-" and more words follow."""

HOSTS: Mapping[str, SourceRow] = MappingProxyType({host: row for row, _, hosts in _SOURCES for host in hosts})
"""Host or package entry as written ("=google.*", "bing.com") -> row."""

WEB = SourceRow("web", "web", title="another website")
"""The row of a site in no table."""

CLICK_IDS: Mapping[str, ClickId] = MappingProxyType(
    {columns[0]: _click_id(*columns) for columns in _columns("click-ids.txt")}
)
"""Name -> click id, the most telling first."""

SETS: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset(words.split()) for name, _, words in (line.partition(":") for line in _lines("sets.txt"))}
)
"""Name of a set -> its words, as labels."""

NUMBERS: Mapping[str, int] = MappingProxyType(
    {word: int(name.removeprefix("LS")) for name, words in SETS.items() if name.startswith("LS") for word in words}
)
"""Word of a set LS<number> -> that LeadSource."""

IGNORED_REFERRERS: frozenset[str] = frozenset(host for line in _lines("ignored-referrers.txt") for host in line.split())
"""Hosts that people only pass through, such as sign-in and payment pages."""
