"""Exports of campaign costs by day, from ad platforms, and plain files.

Titles and periods may stand above the column names, totals below the rows; columns may be in any order and language. A
row is a campaign, or a part of one, on one day. The names here are common ones, in English, German, French, Spanish,
Italian and Portuguese; those of a platform, and how its exports are recognised, are in its record.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain, islice
from pathlib import Path

from service.capture.sheets.cells import HEAD_ROWS, NoSheet, SheetRow
from service.capture.sheets.opening import open_source
from service.operations.cost_cells import CellStyle, amount_of, day_of, style_of
from service.platforms.platform import CostHeader
from service.platforms.registry import COSTS, PLATFORMS
from service.store import Cost

MAX_LINES_ABOVE = 30
"""Lines at the top of a file in which the column names are searched for."""

_COSTS = ("cost", "kosten", "coût", "coste", "costo", "custo")

_USUAL: Mapping[str, Sequence[str]] = {
    "day": ("day", "date", "tag", "datum", "jour", "date de début", "día", "dia", "fecha", "giorno", "data"),
    "end": (),
    "campaign": (
        *("campaign name", "campaign", "kampagnenname", "kampagne", "name der kampagne", "nom de la campagne"),
        *("campagne", "nombre de la campaña", "campaña", "nome della campagna", "nome campagna", "campagna"),
        *("nome da campanha", "campanha", "utm_campaign"),
    ),
    "campaign_id": (
        *("campaign id", "campaign_id", "kampagnen-id", "kampagnen id", "id der kampagne", "id de la campagne"),
        *("identifiant de la campagne", "id de campagne", "identificador de la campaña", "id. de campaña"),
        *("id de la campaña", "id de campaña", "id campagna", "id da campanha"),
    ),
    "amount": _COSTS,
    "currency": (
        *("currency code", "currency", "währungscode", "währung", "code de devise", "devise", "código de moneda"),
        *("moneda", "codice valuta", "valuta", "código da moeda", "moeda"),
    ),
    "source": ("source", "platform", "utm_source", "quelle", "plattform", "plateforme", "fuente", "plataforma"),
    "account": (
        *("account id", "customer id", "account name", "account", "konto-id", "kontoname", "konto", "kunden-id"),
        *("nom du compte", "compte", "nombre de la cuenta", "cuenta", "nome account", "nome da conta"),
    ),
}

_VAGUE: Mapping[str, Sequence[str]] = {
    "amount": (
        *("spend", "amount", "total cost", "ausgaben", "betrag", "dépenses", "montant", "gasto", "importe"),
        "total gasto",
    ),
}
"""Names that count where no column has a better one."""

NAMES: Mapping[str, Sequence[str]] = {
    meaning: (
        *usual,
        *chain.from_iterable(platform.costs.columns.get(meaning, ()) for platform in PLATFORMS.values()),
        *_VAGUE.get(meaning, ()),
    )
    for meaning, usual in _USUAL.items()
}
"""Meaning of a column -> its names, folded, the best first."""

ENGLISH = frozenset(
    ("day", "date", "by day", "cost", "amount spent", "total spent", "spend", "amount", "campaign name")
)
"""Names that only a file in English has."""

_SOURCES = {alias: platform.costs.source for platform in PLATFORMS.values() for alias in platform.aliases}
"""Name of a platform in a plain file, without spaces -> the source of its costs."""

_BRACKETS = re.compile(r"\s*[(（]([A-Za-z]{3})[)）]\s*$")
_TOTAL = re.compile(r"(?:total|totals|gesamt|insgesamt|summe|totaux|totale|totali|итого)(?:[ :].*)?", re.IGNORECASE)
_CURRENCY = re.compile(r"[A-Z]{3}")
_SYMBOLS = {"€": "EUR", "£": "GBP"}
"""Signs of a single currency."""


@dataclass(frozen=True, slots=True)
class CostColumns:
    """The columns of a file. places: meaning -> column. currency: in the name of the amount's column, "" for none."""

    line: int
    names: Sequence[str]
    places: Mapping[str, int]
    currency: str = ""

    @property
    def is_english(self) -> bool:
        """Whether the names are English."""
        return any(name in ENGLISH for name in self.names)


@dataclass(frozen=True, slots=True)
class CostProblem:
    """A line that cannot be read, and why."""

    line: int
    sentence: str


@dataclass(frozen=True, slots=True)
class CostFile:
    """The contents of a file. days: source and account -> the days that it covers, including those without costs.

    totals: number of lines that only add up others.
    """

    costs: Sequence[Cost]
    days: Mapping[tuple[str, str], frozenset[date]]
    problems: Sequence[CostProblem] = ()
    totals: int = 0
    rows: int = 0
    words: str = ""


def read_cost_file(path: Path, source: str = "") -> CostFile:
    """Read an export. source: the platform, "" to recognise it by the columns.

    Raises: NoSheet with a sentence that begins with the name of the file; OSError.
    """
    try:
        opened = open_source(path, _understood_in)
    except NoSheet as reason:
        raise NoSheet(f"{path.name} {reason}") from reason
    try:
        top = list(islice(opened.rows(), HEAD_ROWS))
        columns = find_columns(top)
        if columns is None:
            raise NoSheet(
                f"{path.name} has no line that names a day and an amount: export it by day, with the columns day, "
                "campaign and cost, or write a file with the columns day, source, campaign, amount, currency"
            )
        platform = source or platform_of(columns)
        if not platform and "source" not in columns.places:
            raise NoSheet(f"{path.name} does not show whose costs these are: add a column `source`, or name the source")
        rows = (row for row in opened.rows() if row.line > columns.line and not row.is_empty)
        return replace(_read(list(rows), columns, platform), words=opened.words)
    finally:
        opened.close()


def _understood_in(rows: Sequence[SheetRow]) -> tuple[int, int]:
    columns = find_columns(rows)
    return (len(columns.names), len(columns.places)) if columns else (0, 0)


def find_columns(rows: Iterable[SheetRow]) -> CostColumns | None:
    """Return the columns, by the first line that names a day and an amount."""
    for row in islice(rows, MAX_LINES_ABOVE):
        names = [fold_name(cell) for cell in row.cells or ()]
        plain = [_BRACKETS.sub("", name) for name in names]
        places = {meaning: place for meaning in NAMES if (place := _place_of(meaning, names, plain)) is not None}
        if "day" in places and "amount" in places:
            inside = _BRACKETS.search(names[places["amount"]])
            return CostColumns(row.line, names, places, inside[1].upper() if inside else "")
    return None


def fold_name(cell: str) -> str:
    """Return a column's name in normalised spelling."""
    return " ".join(cell.replace("\ufeff", "").replace("\xa0", " ").split()).casefold()


def _place_of(meaning: str, names: Sequence[str], plain: Sequence[str]) -> int | None:
    known = NAMES[meaning]
    for name in known:
        for written in (names, plain):
            if name in written:
                return written.index(name)
    return None


def platform_of(columns: CostColumns) -> str:
    """Return the platform whose exports have these columns; "" if none has, or a column names it in each row."""
    if "source" in columns.places:
        return ""
    header = _header_of(columns)
    exports = [platform.costs for platform in PLATFORMS.values()]
    own = (export.source for export in exports if export.is_own(header))
    beside = (export.source for export in exports if header.is_usual and export.beside & header.names)
    return next(chain(own, beside), "")


def _header_of(columns: CostColumns) -> CostHeader:
    day, amount, campaign = (
        columns.names[columns.places[meaning]] if meaning in columns.places else ""
        for meaning in ("day", "amount", "campaign")
    )
    amount = _BRACKETS.sub("", amount)
    return CostHeader(day, amount, campaign, amount in (*_COSTS, "total cost"), frozenset(columns.names))


@dataclass(slots=True)
class _Totals:
    """Costs while rows are added up: several rows of one campaign and day are parts of it."""

    amounts: defaultdict[Cost, int] = field(default_factory=lambda: defaultdict(int))
    days: defaultdict[tuple[str, str], set[date]] = field(default_factory=lambda: defaultdict(set))
    problems: list[CostProblem] = field(default_factory=list)
    totals: int = 0


def _read(rows: Sequence[SheetRow], columns: CostColumns, platform: str) -> CostFile:
    style = style_of(
        (_cell(row, columns, "day") for row in rows),
        (_cell(row, columns, "amount") for row in rows),
        is_english=columns.is_english,
        day_first=COSTS[platform].costs.day_first if platform in COSTS and columns.is_english else None,
    )
    read = _Totals()
    for row in rows:
        if _is_total(row, columns):
            read.totals += 1
        else:
            _add(read, row, columns, platform, style)
    costs = [replace(key, amount=amount) for key, amount in read.amounts.items() if amount]
    days = {key: frozenset(days) for key, days in read.days.items()}
    return CostFile(tuple(costs), days, tuple(read.problems), read.totals, len(rows))


def _cell(row: SheetRow, columns: CostColumns, meaning: str) -> str:
    place = columns.places.get(meaning)
    cells = row.cells or []
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _is_total(row: SheetRow, columns: CostColumns) -> bool:
    """Return whether a row only adds up others: it says so, or names neither a day nor a campaign."""
    filled = [cell.strip() for cell in row.cells or () if cell.strip()]
    if filled and _TOTAL.fullmatch(filled[0]):
        return True
    named = [_cell(row, columns, meaning) for meaning in ("day", "campaign", "campaign_id")]
    return all(not cell.strip("-–— ") for cell in named) or any(_TOTAL.fullmatch(cell) for cell in named[:1])


def _add(read: _Totals, row: SheetRow, columns: CostColumns, platform: str, style: CellStyle) -> None:
    written, amount = _cell(row, columns, "amount"), amount_of(_cell(row, columns, "amount"), style)
    day, end = (day_of(_cell(row, columns, meaning), style) for meaning in ("day", "end"))
    source = platform or source_named(_cell(row, columns, "source"))
    problem = _problem(row, columns, source, day, end)
    if problem is None and amount is None:
        problem = f"the amount {written!r} is not a number"
    if problem is not None or day is None or amount is None:
        read.problems.append(CostProblem(row.line, problem or "cannot be read"))
        return
    account = _cell(row, columns, "account")
    campaign, number = _cell(row, columns, "campaign"), _cell(row, columns, "campaign_id")
    currency = _currency(_cell(row, columns, "currency"), columns.currency, written)
    read.days[source, account].add(day)
    read.amounts[Cost(day, source, account, campaign.strip("-–— "), number.strip("-–— '"), currency, 0)] += amount


def _problem(row: SheetRow, columns: CostColumns, source: str, day: date | None, end: date | None) -> str | None:
    if not source:
        return "no source is named"
    if day is None:
        return f"the day {_cell(row, columns, 'day')!r} is unclear: write it like 2026-11-24"
    if end is not None and end != day:
        return f"it covers the days from {day} to {end}: export it by day"
    return None


def source_named(name: str) -> str:
    """Return the source of costs that a plain file means; any name but a platform's is kept, in lower case."""
    folded = fold_name(name)
    return _SOURCES.get(folded.replace(" ", ""), folded)


def _currency(cell: str, in_name: str, amount: str) -> str:
    """Return the currency in its own column, in the name of the amount's column, or by a sign in the amount."""
    if _CURRENCY.fullmatch(cell.strip().upper()):
        return cell.strip().upper()
    if in_name:
        return in_name
    if match := re.search(r"\b[A-Z]{3}\b", amount):
        return match[0]
    return next((code for sign, code in _SYMBOLS.items() if sign in amount), "")


def lines_of(problems: Sequence[CostProblem], limit: int) -> Iterator[str]:
    """Yield a sentence for each of the first `limit` problems, and one for the rest."""
    yield from (f"line {one.line}: {one.sentence}" for one in problems[:limit])
    if len(problems) > limit:
        yield f"and {len(problems) - limit:,} more lines"
