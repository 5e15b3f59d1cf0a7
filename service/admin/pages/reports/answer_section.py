"""How fast people answered, on Reports: median and share answered in time, by form and by owner."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.admin.pages.labels import share, short_duration
from service.i18n import _
from service.operations.answers import AnswerFigures
from service.store import AnswerCounts

NONE = "–"
"""Shown where there can be no figure."""

MAX_ROWS = 50


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One row, in words."""

    name: str
    leads: int
    answered: int
    in_time: str
    median: str
    working: str


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Rows by form, or by owner. title: of the first column."""

    title: str
    rows: Sequence[AnswerLine]


@dataclass(frozen=True, slots=True)
class AnswerSection:
    """The section: its sentence, its tables and their total. summary: "" where nobody has answered."""

    summary: str
    tables: Sequence[AnswerTable]
    total: AnswerLine


def answer_section(figures: AnswerFigures, titles: Mapping[str, str]) -> AnswerSection:
    """The section of some figures; owners only where leads have any. titles: of forms."""
    tables = [AnswerTable(_("Form"), [_line(row, titles.get(row.key, row.key)) for row in figures.rows["form"]])]
    owners = figures.rows["owner"]
    if any(row.key for row in owners):
        tables.append(AnswerTable(_("Owner"), [_line(row, row.key or _("nobody's turn")) for row in owners]))
    shown = [AnswerTable(table.title, table.rows[:MAX_ROWS]) for table in tables]
    return AnswerSection(_summary(figures.total), shown, _line(figures.total, _("Total")))


def _summary(total: AnswerCounts) -> str:
    if total.median_s is None:
        return ""
    half = _("Half of the answers came within %(median)s.", median=short_duration(total.median_s))
    if not total.due:
        return half
    in_time = _("%(share)s of those that were due came on time.", share=share(total.in_time, total.due))
    return f"{half} {in_time}"


def _line(counts: AnswerCounts, name: str) -> AnswerLine:
    return AnswerLine(
        name,
        counts.leads,
        counts.answered,
        share(counts.in_time, counts.due) if counts.due else NONE,
        _duration(counts.median_s),
        _duration(counts.median_working_s),
    )


def _duration(seconds: float | None) -> str:
    return NONE if seconds is None else short_duration(seconds)
