"""`lead-capture leads export`: leads as CSV or JSON lines, written while they are read.

A lead takes longer to write than to read, and one process cannot use a second core. So for very many leads, a second
process renders every other page.
"""

import argparse
import gc
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from service import clock
from service.cli.commands import Failed
from service.cli.installation import Installation
from service.cli.terminal import operator
from service.operations.acts import LEADS, record_export
from service.operations.exports import BYTE_ORDER_MARK, as_csv, as_json_lines, header
from service.store import ExportRow, Query, Store

PAGE_SIZE = 500
"""Leads read at a time, in each process."""

MIN_PAGES_FOR_TWO = 20
"""Pages from which on starting a second process pays."""

Render = Callable[[Store, Sequence[ExportRow]], str]
"""Renders some leads; a module's function, so that it can be sent to another process."""

_second_store: list[Store] = []
"""The store of the second process, set only there."""


def export_leads(installation: Installation, arguments: argparse.Namespace) -> int:
    """Write the leads to the standard output, oldest first."""
    query = Query(arguments.status, arguments.form, arguments.since, arguments.until)
    filters = {name: value for name in ("status", "form", "since", "until") if (value := getattr(arguments, name))}
    record_export(installation.store, operator(), LEADS, clock.now(), format=arguments.format, filters=filters)
    out = sys.stdout.buffer  # bytes: UTF-8 and these line ends, whatever the terminal uses
    gc.freeze()  # collecting the modules loaded by now again and again would take a tenth of the time
    if arguments.format == "csv":
        out.write((BYTE_ORDER_MARK if arguments.excel else "").encode() + header().encode())
    render = as_json_lines if arguments.format == "jsonl" else as_csv
    for page in rendered_pages(installation.store, installation.settings.database_url, query, render):
        out.write(page)
    out.flush()
    return 0


def rendered_pages(store: Store, url: str, query: Query, render: Render) -> Iterator[bytes]:
    """Yield the pages in UTF-8, oldest lead first. url: of the store's database.

    Of the query only status, form, since and until are used.
    Raises: StoreUnavailable; Failed.
    """
    # Filtered leads may lie far apart: looking them up is faster than skipping the others.
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
    return text.encode("utf-8", "replace")  # JSON can contain half a character, which UTF-8 cannot


def _result(future: Future[bytes]) -> bytes:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise Failed("the second process was ended, so the export is incomplete: export again") from error


def _ranges(store: Store, query: Query) -> Iterator[tuple[str, str]]:
    """Yield the id after which each page begins, and the last id of it; "" for the last page."""
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
