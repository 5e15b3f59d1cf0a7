"""A report of outcomes as JSON and as rows of a CSV: the same figures for the API, the terminal and the dashboard."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from service.capture.sheets.cells import protect_all
from service.operations.lead_json import instant
from service.operations.outcomes import OutcomeReport, OutcomeRow


def outcomes_json(report: OutcomeReport) -> dict[str, Any]:
    """Return the report as the API sends it; instants in ISO 8601, `previous` is null without a comparison."""
    query, previous = report.query, report.previous
    return {
        "by": query.by,
        "touch": query.touch,
        "since": instant(query.since),
        "until": instant(query.until),
        "previous_since": instant(previous[0]) if previous else None,
        "previous_until": instant(previous[1]) if previous else None,
        "rows": [{"key": dict(row.key), **_figures(row)} for row in report.rows],
        "total": _figures(report.total),
        "left_out": dict(report.left_out),
    }


def _figures(row: OutcomeRow) -> dict[str, Any]:
    return {
        "leads": row.leads,
        "delivered": row.delivered,
        "milestones": dict(row.milestones),
        "won": row.won,
        "lost": row.lost,
        "value": dict(row.value),
        "cost": dict(row.cost),
        "time_to_win_s": row.time_to_win_s,
        "previous": _figures(row.previous) if row.previous else None,
    }


def outcomes_csv(report: OutcomeReport) -> str:
    """Return the report as CSV that no spreadsheet executes: strangers can write a campaign's name."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(protect_all(line) for line in outcomes_table(report))
    return text.getvalue()


def outcomes_table(report: OutcomeReport) -> Iterator[Sequence[str]]:
    """Yield the names of the columns, a line for each row, and the total. Rates are shares of 1; "" is unknown."""
    values, costs = _currencies(report, "value"), _currencies(report, "cost")
    is_compared = report.previous is not None
    keys = list(report.rows[0].key) if report.rows else [report.query.by]
    yield [
        *keys,
        *("leads", "share", *(("previous_leads", "change") if is_compared else ()), "delivered"),
        *report.milestones,
        *("won", "lost", "win_rate", *(_named("value", currency) for currency in values), "time_to_win_s"),
        *(name for currency in costs for name in _cost_names(currency)),
    ]
    for row in (*report.rows, report.total):
        previous = row.previous.leads if row.previous else 0
        yield [
            *(str(row.key[key]) if row.key else "total" if key == keys[0] else "" for key in keys),
            *(str(row.leads), _rate(row.share), *((str(previous), _rate(row.change)) if is_compared else ())),
            *(str(row.delivered), *(str(number) for number in row.milestones.values())),
            *(str(row.won), str(row.lost), _rate(row.win_rate)),
            *(_amount(row.value.get(currency)) for currency in values),
            "" if row.time_to_win_s is None else f"{row.time_to_win_s:.0f}",
            *(
                _amount(amounts.get(currency))
                for currency in costs
                for amounts in (row.cost, row.cost_per_lead, row.cost_per_won)
            ),
        ]


def _currencies(report: OutcomeReport, name: str) -> list[str]:
    return sorted({currency for row in (*report.rows, report.total) for currency in getattr(row, name)})


def _named(name: str, currency: str) -> str:
    return f"{name}_{currency}" if currency else name


def _cost_names(currency: str) -> Sequence[str]:
    return [_named(name, currency) for name in ("cost", "cost_per_lead", "cost_per_won")]


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.4f}"


def _amount(amount: float | None) -> str:
    return "" if amount is None else f"{amount:.2f}"
