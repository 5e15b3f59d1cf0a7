"""`lead-capture leads export`: leads as CSV or JSON lines, written while they are read.

A lead takes longer to write than to read, and one process cannot use a second core. So where there are very many, a
second process renders every other page.

The JSON is that of service.operations.lead_json, in a third of the time; a test holds both together.
"""

import argparse
import csv
import gc
import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from io import StringIO
from multiprocessing import get_context
from typing import Any

from service.capture.sheets.cells import protect, protect_all
from service.cli.commands import Failed
from service.cli.installation import Installation
from service.lead import CANONICAL_FIELDS, LeadId, Status
from service.nexudus.values import lead_source_name
from service.operations.lead_json import related_json
from service.store import ExportCall, ExportRow, Query, Store, as_instant, as_milliseconds

PAGE_SIZE = 500
"""Leads in memory at a time, in each process."""

MIN_PAGES_FOR_TWO = 20
"""Pages from which on a second process is worth its start."""

BYTE_ORDER_MARK = "\ufeff"

Render = Callable[[Store, Sequence[ExportRow]], str]
"""Renders some leads; a function of a module, so that it can be sent to another process."""

_second_store: list[Store] = []
"""The store of the second process, there."""


def export_leads(installation: Installation, arguments: argparse.Namespace) -> int:
    """Write them to the standard output, oldest first."""
    query = Query(arguments.status, arguments.form, arguments.since, arguments.until)
    out = sys.stdout.buffer  # bytes: UTF-8 and these line ends, whatever the terminal has
    gc.freeze()  # collecting what is loaded by now again and again would take a tenth of the time
    if arguments.format == "csv":
        out.write((BYTE_ORDER_MARK if arguments.excel else "").encode() + header().encode())
    render = as_json_lines if arguments.format == "jsonl" else as_csv
    for page in rendered_pages(installation.store, installation.settings.database_url, query, render):
        out.write(page)
    out.flush()
    return 0


def rendered_pages(store: Store, url: str, query: Query, render: Render) -> Iterator[bytes]:
    """The pages in UTF-8, oldest lead first. url: of the store's database.

    Of the query, status, form, since and until count.
    Raises: StoreUnavailable; Failed.
    """
    # Filtered leads may lie far apart: it is faster to look them up than to pass over the others.
    if query.status or query.form or len(_edges(store, query, MIN_PAGES_FOR_TWO)) < MIN_PAGES_FOR_TWO:
        return (_encode(render(store, page)) for page in _pages(store, query))
    return _rendered_by_two(store, url, query, render)


def _pages(store: Store, query: Query) -> Iterator[list[ExportRow]]:
    after = ""
    while page := _read(store, query, after, ""):
        yield page
        after = page[-1].id


def _rendered_by_two(store: Store, url: str, query: Query, render: Render) -> Iterator[bytes]:
    with ProcessPoolExecutor(1, get_context("spawn"), _start_second, (url,)) as second:
        ranges = _ranges(store, query)
        for mine in ranges:
            other = next(ranges, None)
            future = second.submit(_render_in_second, render, query, *other) if other else None
            yield _encode(render(store, _read(store, query, *mine)))
            if future:
                yield _result(future)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # JSON can spell half a character, which UTF-8 cannot


def _result(future: Future[bytes]) -> bytes:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise Failed("the second process was ended, so the export is incomplete: export again") from error


def _ranges(store: Store, query: Query) -> Iterator[tuple[str, str]]:
    """The id after which each page begins, and the last id of it; "" for the last page."""
    after = ""
    while edges := _edges(store, query, MIN_PAGES_FOR_TWO, after):
        for edge in edges:
            yield after, edge
            after = edge
    yield after, ""


def _edges(store: Store, query: Query, limit: int, after: str = "") -> list[str]:
    with store.read() as tx:
        return tx.leads.export_edges(query, after, PAGE_SIZE, limit)


def _read(store: Store, query: Query, after: str, last: str) -> list[ExportRow]:
    with store.read() as tx:
        return tx.leads.export_page(query, after, PAGE_SIZE, last)


def _start_second(url: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    sys.stdout = sys.stderr  # the leads are written to the standard output: nothing else may be
    _second_store.append(Store(url))


def _render_in_second(render: Render, query: Query, after: str, last: str) -> bytes:
    (store,) = _second_store
    return _encode(render(store, _read(store, query, after, last)))


# -- one lead, as CSV and as JSON


PERSON = ("email", "full_name", "first_name", "last_name", "phone", "company")
ANSWERS = tuple(name for name in CANONICAL_FIELDS if name not in PERSON)

COLUMNS = (
    *("id", "received_at", "status", "form", "account", "sender", "external_id", "form_name"),
    *(*PERSON, *ANSWERS),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("channel", "lead_source", "lead_source_name", "rule", "click_ids", "landing_url", "page_url", "referrer"),
    *("coworker_id", "opportunity_id", "delivered_at", "problem", "repeats", "extras"),
)
"""The columns of the CSV in their order. New ones will be added at the end."""


# -- CSV


def header() -> str:
    """The first line of the CSV."""
    return _lines([COLUMNS])


def as_csv(_: Store, page: Sequence[ExportRow]) -> str:
    """Some leads as lines of the CSV."""
    return _lines(map(_cells, page))


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)  # with the line ends of RFC 4180, so that every line end in a cell is quoted
    return text.getvalue()


def _cells(row: ExportRow) -> Sequence[object]:
    """The cells of one lead; the text of strangers cannot run in a spreadsheet."""
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


def _extras(stored: str) -> str:
    if "\\" in stored:  # letters beyond ASCII are stored as numbers
        stored = json.dumps(json.loads(stored), ensure_ascii=False)
    # Where semicolons separate cells, the text after one could run; JSON can spell it otherwise.
    return stored.replace(";", "\\u003b")


def _answer(answer: str | Sequence[str]) -> str:
    return protect(answer if isinstance(answer, str) else "; ".join(answer))


# -- JSON

_encode_json = json.JSONEncoder(ensure_ascii=False).encode


def as_json_lines(store: Store, page: Sequence[ExportRow]) -> str:
    """Some leads as the API shows them, one on each line."""
    with store.read() as tx:
        calls = tx.leads.export_calls([row.id for row in page])
        related = related_json(tx, [LeadId(row.id) for row in page])
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
