"""Many leads as text, a page at a time and in their order: where they are very many, a second process does every other.

To write a lead takes longer than to read it, and one process cannot use a second core for it.
"""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from service.cli.main import Failed
from service.store import ExportRow, Query, Store

PAGE = 500
"""Leads in memory at a time, in each process."""

MANY = 20
"""Pages from which on a second process is worth its start."""

Render = Callable[[Store, Sequence[ExportRow]], str]
"""Some leads as text; a function of a module, so that another process can be told it."""

_here: list[Store] = []
"""In the second process: its store."""


def texts(store: Store, url: str, query: Query, render: Render) -> Iterator[bytes]:
    """The pages in UTF-8, oldest lead first. url: of the store's database.

    query: its status, form, since and until count.
    Raises: StoreUnavailable; Failed.
    """
    # Filtered leads may lie far apart: they are better looked up than passed by.
    if query.status or query.form or len(_edges(store, query, MANY)) < MANY:
        return (_bytes(render(store, page)) for page in _pages(store, query))
    return _by_two(store, url, query, render)


def _pages(store: Store, query: Query) -> Iterator[list[ExportRow]]:
    after = ""
    while page := _read(store, query, after, ""):
        yield page
        after = page[-1].id


def _by_two(store: Store, url: str, query: Query, render: Render) -> Iterator[bytes]:
    with ProcessPoolExecutor(1, get_context("spawn"), _begin, (url,)) as second:
        stretches = _stretches(store, query)
        for mine in stretches:
            other = next(stretches, None)
            promised = second.submit(_render_there, render, query, *other) if other else None
            yield _bytes(render(store, _read(store, query, *mine)))
            if promised:
                yield _kept(promised)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # half a character, which JSON can spell and nobody can write


def _kept(promised: Future[bytes]) -> bytes:
    try:
        return promised.result()
    except BrokenProcessPool as error:
        raise Failed("the second process was ended, so this is not all: export again") from error


def _stretches(store: Store, query: Query) -> Iterator[tuple[str, str]]:
    """Above which id and up to which each page goes; "" for the last."""
    after = ""
    while edges := _edges(store, query, MANY, after):
        for edge in edges:
            yield after, edge
            after = edge
    yield after, ""


def _edges(store: Store, query: Query, most: int, after: str = "") -> list[str]:
    with store.read() as tx:
        return tx.leads.export_edges(query, after, PAGE, most)


def _read(store: Store, query: Query, after: str, last: str) -> list[ExportRow]:
    with store.read() as tx:
        return tx.leads.export_page(query, after, PAGE, last)


def _begin(url: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends this one
    sys.stdout = sys.stderr  # the leads are written there: nothing else may be
    _here.append(Store(url))


def _render_there(render: Render, query: Query, after: str, last: str) -> bytes:
    (store,) = _here
    return _bytes(render(store, _read(store, query, after, last)))
