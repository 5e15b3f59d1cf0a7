"""Last week's figures as a message: a subject, a text, and the same as HTML for e-mail."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from service.alerts.channels import Message
from service.alerts.wording import count, defuse
from service.forms import Brand
from service.forms.brand import make_shades
from service.operations.outcomes import OutcomeRow
from service.weekly.figures import SourceTable, Week, WeekFigures

if TYPE_CHECKING:
    from jinja2 import Template

USUAL_COLOUR = "#0a6350"
LEFT_OUT = {
    "quarantined": "held as spam",
    "discarded": "discarded",
    "test": "test leads",
    "erased": "erased before they were delivered",
}
MAX_NAME_CHARS = 60


def compose_report(figures: WeekFigures, brand: Brand, public_url: str) -> Message:
    """Write the report. public_url: of the dashboard, without a slash at its end."""
    total = figures.total
    won = f", {total.won:,} won" if total.won else ""
    title = f"{brand.name or 'Lead Capture'}: {count(total.leads, 'lead')}{won} last week"
    chosen = {"from": figures.week.first, "to": figures.week.last, **({"form": figures.only} if figures.only else {})}
    link = f"{public_url}/admin/reports?{urlencode(chosen)}"
    colours = make_shades(brand.colour or USUAL_COLOUR)
    html = _template().render(
        title=title,
        brand=brand,
        colours=colours,
        days=days_of(figures.week),
        facts=list(_facts(figures)),
        tables=[*_form_table(figures), *map(_source_table, figures.sources)],
        left_out=_left_out(figures.left_out),
        link=link,
    )
    return Message(title, "\n".join(_lines(figures, link)), "info", brand, html)


def days_of(week: Week) -> str:
    """Return the days of a week, as "23 to 29 November 2026"."""
    first, last = week.first, week.last
    if first.year != last.year:
        return f"{_day(first)} {first.year} to {_day(last)} {last.year}"
    return f"{first.day if first.month == last.month else _day(first)} to {_day(last)} {last.year}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"


def _lines(figures: WeekFigures, link: str) -> Iterator[str]:
    """The text, one fact a line."""
    yield f"{days_of(figures.week)}, compared with the week before."
    yield ""
    for name, value, before in _facts(figures):
        yield f"{name}: {value}" + (f" ({before})" if before else "")
    for title, rows, more in (*_form_table(figures), *map(_source_table, figures.sources)):
        yield from ("", f"{title}:")
        for name, leads, rest in rows:
            yield f"- {name}: " + ", ".join(filter(None, (leads, *rest)))
        if more:
            yield f"- {more}"
    if left_out := _left_out(figures.left_out):
        yield from ("", left_out)
    yield from ("", f"All figures: {link}")


def _facts(figures: WeekFigures) -> Iterator[tuple[str, str, str]]:
    """Yield name, value, and the value of the week before in words, "" where there is no comparison."""
    total = figures.total
    before = total.previous or OutcomeRow({})
    yield "Leads", f"{total.leads:,}", _before(before.leads, total.leads)
    yield "Delivered to Nexudus", f"{total.delivered:,}", ""
    for name in figures.milestones:
        number, earlier = total.milestones.get(name, 0), before.milestones.get(name, 0)
        yield f"Reached {defuse(name)!r}", f"{number:,}", _before(earlier, number)
    yield "Won", f"{total.won:,}", _before(before.won, total.won)
    if total.value:
        yield "Value won", _money(total.value), ""
    if total.cost:
        yield "Cost", _money(total.cost), ""
        yield from (("Cost per lead", _money(total.cost_per_lead), ""),) if total.leads else ()


def _before(before: int, now: int) -> str:
    if not before:
        return f"{before:,} the week before"
    change = round((now / before - 1) * 100)
    return f"{before:,} the week before, {change:+,}%".replace("-", "\u2212") if change else "as the week before"


Table = tuple[str, list[tuple[str, str, tuple[str, ...]]], str]
"""Title; name, leads and further facts of each row; a sentence about rows that are not listed."""


def _form_table(figures: WeekFigures) -> Iterator[Table]:
    if figures.forms:
        yield "By form", [_table_row(title, row) for title, row in figures.forms], ""


def _source_table(table: SourceTable) -> Table:
    title = f"Where they came from, {defuse(table.title)}" if table.title else "Where they came from"
    rows = [_table_row(row.key["source_medium"], row) for row in table.rows]
    return title, rows, f"and {count(table.more, 'further source')}" if table.more else ""


def _table_row(name: str, row: OutcomeRow) -> tuple[str, str, tuple[str, ...]]:
    """Name, leads, and what became of them. Names of sources are strangers' words."""
    facts = (f"{row.won:,} won" if row.won else "", _money(row.value), f"cost {_money(row.cost)}" if row.cost else "")
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    short = plain if len(plain) <= MAX_NAME_CHARS else f"{plain[: MAX_NAME_CHARS - 1]}…"
    return defuse(short), count(row.leads, "lead"), tuple(filter(None, facts))


def _money(amounts: Mapping[str, float]) -> str:
    return " + ".join(f"{currency} {amount:,.2f}".strip().removesuffix(".00") for currency, amount in amounts.items())


def _left_out(numbers: Mapping[str, int]) -> str:
    parts = [f"{number:,} {LEFT_OUT.get(status, status)}" for status, number in numbers.items() if number]
    return f"Not counted: {', '.join(parts)}." if parts else ""


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 (once a week, 2 MB)

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("letter.html")
