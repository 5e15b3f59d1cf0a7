"""`lead-capture leads export`: all leads, or those that filters choose, as CSV or JSON lines, while they are read."""

import argparse
import csv
import gc
import json
import sys
from collections.abc import Iterable, Sequence
from io import StringIO

from service.capture.sheets.cells import protect, protect_all
from service.cli.export_lines import as_lead_json
from service.cli.export_pages import texts
from service.cli.installation import Installation
from service.lead import CANONICAL_FIELDS, LeadId, Status
from service.nexudus.enumerations import lead_source_name
from service.operations.lead_json import related_json
from service.store import ExportRow, Query, Store, as_milliseconds

BYTE_ORDER_MARK = "\ufeff"

PERSON = ("email", "full_name", "first_name", "last_name", "phone", "company")
ANSWERS = tuple(name for name in CANONICAL_FIELDS if name not in PERSON)

COLUMNS = (
    *("id", "received_at", "status", "form", "account", "sender", "external_id", "form_name"),
    *(*PERSON, *ANSWERS),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("channel", "lead_source", "lead_source_name", "rule", "click_ids", "landing_url", "page_url", "referrer"),
    *("coworker_id", "opportunity_id", "delivered_at", "problem", "repeats", "extras"),
)
"""The columns of the CSV in their order. Further ones will come at the end."""


def export_leads(installation: Installation, arguments: argparse.Namespace) -> int:
    """Write them to the standard output, oldest first."""
    query = Query(arguments.status, arguments.form, arguments.since, arguments.until)
    out = sys.stdout.buffer  # bytes: UTF-8 and our line ends, whatever the terminal has
    gc.freeze()  # what is loaded now stays to the end: looking it through again and again takes a tenth of the time
    if arguments.format == "csv":
        out.write((BYTE_ORDER_MARK if arguments.excel else "").encode() + _lines([COLUMNS]).encode())
    render = as_json_lines if arguments.format == "jsonl" else as_table
    for text in texts(installation.store, installation.settings.database_url, query, render):
        out.write(text)
    out.flush()
    return 0


def as_table(_: Store, page: Sequence[ExportRow]) -> str:
    """Some leads as lines of the CSV."""
    return _lines(map(row_of, page))


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)  # with RFC 4180's line ends: they have it quote every line end inside of a cell
    return text.getvalue()


def row_of(told: ExportRow) -> Sequence[object]:
    """The cells of one lead; what strangers wrote cannot run in a spreadsheet."""
    fields, evidence = told.fields, told.evidence
    sender = protect_all((told.external_id, told.form_name))
    person = protect_all((told.email, told.full_name, told.first_name, told.last_name))
    tags = protect_all((told.utm_source, told.utm_medium, told.utm_campaign, told.utm_content, told.utm_term))
    pages = protect_all((evidence.get("landing_url", ""), told.page_url, evidence.get("referrer", "")))
    return (
        *(told.id, as_milliseconds(told.received_at), told.status, told.form, told.account, told.sender),
        *(*sender, *person, protect(told.phone), protect(told.company)),
        *[_answer(fields[name]) if name in fields else "" for name in ANSWERS],
        *(*tags, told.channel, told.lead_source, lead_source_name(told.lead_source), told.rule),
        protect(" ".join([f"{name}={value}" for name, value in told.click_ids.items()])) if told.click_ids else "",
        *(*pages, told.coworker_id, told.opportunity_id),
        "" if told.delivered_at is None else as_milliseconds(told.delivered_at),
        protect(told.problem) if told.problem else "",
        told.repeats,
        "" if told.extras == "{}" else _extras(told.extras),
    )


def _extras(kept: str) -> str:
    if "\\" in kept:  # letters that are no ASCII were written as numbers
        kept = json.dumps(json.loads(kept), ensure_ascii=False)
    # Where a semicolon ends a cell, what follows it could run: in JSON it can be written otherwise.
    return kept.replace(";", "\\u003b")


def _answer(answer: str | Sequence[str]) -> str:
    return protect(answer if isinstance(answer, str) else "; ".join(answer))


_encode = json.JSONEncoder(ensure_ascii=False).encode


def as_json_lines(store: Store, page: Sequence[ExportRow]) -> str:
    """Some leads as the API shows them, each on a line."""
    with store.read() as tx:
        calls = tx.leads.export_calls([told.id for told in page])
        beside = related_json(tx, [LeadId(told.id) for told in page])
        due = tx.leads.export_due_times([told.id for told in page if told.status == Status.PENDING])
    return "".join(
        _encode(as_lead_json(told, calls.get(told.id, ()), due.get(told.id)) | beside[LeadId(told.id)]) + "\n"
        for told in page
    )
