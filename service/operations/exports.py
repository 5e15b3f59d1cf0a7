"""Exports: leads as CSV or JSON lines, rendered from plain rows; the terminal and the dashboard write the same.

The JSON is that of lead_json.py, in a third of the time; a test holds both together.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from typing import Any

from service.capture.sheets.cells import protect, protect_all
from service.lead import CANONICAL_FIELDS, LeadId, Status
from service.nexudus.values import lead_source_name
from service.operations.lead_json import instant, related_json
from service.store import ExportCall, ExportRow, Query, Sale, Store, as_instant, as_milliseconds

BATCH_SIZE = 500
"""Leads read at a time."""

BYTE_ORDER_MARK = "\ufeff"
"""Excel needs it to read UTF-8."""


def matches_as_csv(store: Store, query: Query) -> Iterator[str]:
    """Yield all leads that match, oldest first, as parts of one CSV; each batch is read in a transaction of its own.

    Raises: StoreUnavailable.
    """
    yield BYTE_ORDER_MARK + header()
    while True:
        with store.read() as tx:
            ids = tx.search.ids(query, BATCH_SIZE)
            page = tx.leads.export_rows(ids)
        if page:
            yield as_csv(store, page)
        if len(ids) < BATCH_SIZE:
            return
        query = replace(query, after=ids[-1])


# -- one lead


PERSON = ("email", "full_name", "first_name", "last_name", "phone", "company")
ANSWERS = tuple(name for name in CANONICAL_FIELDS if name not in PERSON)

COLUMNS = (
    *("id", "received_at", "status", "form", "account", "sender", "external_id", "form_name"),
    *(*PERSON, *ANSWERS),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("channel", "lead_source", "lead_source_name", "rule", "click_ids", "landing_url", "page_url", "referrer"),
    *("coworker_id", "opportunity_id", "delivered_at", "problem", "repeats", "extras"),
    *("stage", "sale_status", "value", "currency", "won_at", "lost_at", "loss_reason"),
)
"""Columns of the CSV in order. Add new ones at the end."""


# -- CSV


def header() -> str:
    """Return the first line of the CSV."""
    return _lines([COLUMNS])


def as_csv(store: Store, page: Sequence[ExportRow]) -> str:
    """Return some leads as lines of the CSV."""
    with store.read() as tx:
        sales = tx.crm.sales_of([row.id for row in page if row.opportunity_id is not None])
    return _lines([*_cells(row), *_sale_cells(sales.get(LeadId(row.id)))] for row in page)


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)  # with the line ends of RFC 4180, so that every line end in a cell is quoted
    return text.getvalue()


def _cells(row: ExportRow) -> Sequence[object]:
    """Return the cells of one lead; text from strangers cannot run in a spreadsheet."""
    fields, evidence = row.fields, row.evidence
    sender = protect_all((row.external_id, row.form_name))
    person = protect_all((row.email, row.full_name, row.first_name, row.last_name))
    tags = protect_all((row.utm_source, row.utm_medium, row.utm_campaign, row.utm_content, row.utm_term))
    pages = protect_all((evidence.get("landing_url", ""), row.page_url, evidence.get("referrer", "")))
    return (
        *(row.id, as_milliseconds(row.received_at), row.status, row.form, row.account, row.sender),
        *(*sender, *person, protect(row.phone), protect(row.company)),
        *[_answer(fields[name]) if name in fields else "" for name in ANSWERS],
        *(*tags, row.channel, row.lead_source, lead_source_name(row.lead_source), row.rule),
        protect(" ".join([f"{name}={value}" for name, value in row.click_ids.items()])) if row.click_ids else "",
        *(*pages, row.coworker_id, row.opportunity_id),
        "" if row.delivered_at is None else as_milliseconds(row.delivered_at),
        protect(row.problem) if row.problem else "",
        row.repeats,
        "" if row.extras == "{}" else _extras(row.extras),
    )


def _sale_cells(sale: Sale | None) -> Sequence[object]:
    """Return the cells of the lead's opportunity, as last seen in the CRM."""
    if sale is None:
        return ("",) * 7
    times = (instant(sale.won_at) or "", instant(sale.lost_at) or "")
    return (protect(sale.stage), sale.status.value, sale.value, sale.currency, *times, protect(sale.loss_reason))


def _extras(stored: str) -> str:
    if "\\" in stored:  # letters beyond ASCII are stored as numbers
        stored = json.dumps(json.loads(stored), ensure_ascii=False)
    # If semicolons separate cells, the text after one could run; JSON can spell it differently.
    return stored.replace(";", "\\u003b")


def _answer(answer: str | Sequence[str]) -> str:
    return protect(answer if isinstance(answer, str) else "; ".join(answer))


# -- JSON

_encode_json = json.JSONEncoder(ensure_ascii=False).encode


def as_json_lines(store: Store, page: Sequence[ExportRow]) -> str:
    """Return some leads as the API shows them, one per line."""
    with store.read() as tx:
        calls = tx.leads.export_calls([row.id for row in page])
        attempts = tx.leads.attempts_of([row.id for row in page])
        related = related_json(tx, attempts, [LeadId(row.id) for row in page if row.opportunity_id is not None])
        due_times = tx.leads.export_due_times([row.id for row in page if row.status == Status.PENDING])
    return "".join(
        _encode_json(_as_json(row, calls.get(row.id, ()), due_times.get(row.id)) | related[LeadId(row.id)]) + "\n"
        for row in page
    )


def _as_json(row: ExportRow, calls: Sequence[ExportCall], next_attempt_at: int | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "form": row.form,
        "account": row.account,
        "sender": row.sender,
        "external_id": row.external_id or None,
        "form_name": row.form_name or None,
        "page_url": row.page_url or None,
        "status": row.status,
        "received_at": as_instant(row.received_at),
        "delivered_at": None if row.delivered_at is None else as_instant(row.delivered_at),
        "contact": {
            "email": row.email or None,
            "full_name": row.full_name or None,
            "phone": row.phone or None,
            "company": row.company or None,
        },
        "fields": row.fields,
        "extras": {} if row.extras == "{}" else json.loads(row.extras),
        "attribution": _attribution(row),
        "coworker_id": row.coworker_id,
        "opportunity_id": row.opportunity_id,
        "attempts": [_attempt(call) for call in calls],
        "next_attempt_at": None if next_attempt_at is None else as_instant(next_attempt_at),
        "problem": row.problem or None,
        "repeats": row.repeats,
        "setup_version": row.setup_version,
        "corrections": [_correction(each) for each in row.corrections or ()],
    }


def _attribution(row: ExportRow) -> dict[str, Any]:
    return {
        "utm_source": row.utm_source,
        "utm_medium": row.utm_medium,
        "utm_campaign": row.utm_campaign,
        "utm_content": row.utm_content,
        "utm_term": row.utm_term,
        "channel": row.channel,
        "lead_source": row.lead_source,
        "lead_source_name": lead_source_name(row.lead_source),
        "rule": row.rule,
        "reason": row.reason,
        "first": _touch(row.evidence.get("first")),
        "last": _touch(row.evidence.get("last")),
        "click_ids": row.click_ids,
    }


def _touch(stored: Sequence[Any] | None) -> dict[str, Any] | None:
    return None if stored is None else dict(zip(("url", "referrer", "at"), stored, strict=True))


def _attempt(call: ExportCall) -> dict[str, Any]:
    return {
        "started_at": as_instant(call.started_at),
        "duration_ms": call.duration_ms,
        "step": call.step,
        "outcome": call.outcome,
        "http_status": call.http_status,
        "detail": call.detail or None,
        "trigger": call.trigger,
    }


def _correction(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "at": stored["at"].replace("+00:00", "Z"),
        "by": stored.get("by", "operator"),
        "was": stored["was"],
        "became": stored["became"],
        "applied": stored.get("applied", True),
    }
