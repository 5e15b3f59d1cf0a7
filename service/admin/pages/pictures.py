"""Pictures: how many leads came and whence, how soon they were delivered, what became of them."""

import csv
import io
from http import HTTPStatus

from flask import Blueprint, Response, request

from service import clock
from service.admin.pages import spans
from service.admin.pages.gallery import DRAWN, Cell, Picture, Sights, draw
from service.admin.pages.shell import HEADERS, PREFIX, Shell
from service.admin.pages.spans import Asked, Time
from service.admin.pages.window import Window
from service.store import CountingState, Transaction

RUNNABLE = ("=", "+", "-", "@", "'", "\t", "\r")
"""How cells begin that a spreadsheet would run, or read as text already."""


def add(routes: Blueprint, window: Window, shell: Shell) -> None:
    """/admin/pictures, and each picture's figures as CSV."""

    @routes.get("/pictures")
    def pictures() -> Response:
        """All of them."""
        asked = spans.read(request.args)
        with window.store.read() as tx:
            state = tx.statistics.counting_state()
            sights = _sights(window, tx, asked, state)
            return shell.page(
                "pictures.html",
                here="pictures",
                asked=asked,
                state=state,
                span=sights.span,
                time=sights.time,
                pictures=draw(sights),
                forms=[(name, name) for name in sorted({*window.forms, asked.form} - {""})],
                periods=spans.PERIODS.items(),
                address=f"{PREFIX}/pictures",
            )

    @routes.get("/pictures/<name>.csv")
    def figures(name: str) -> Response:
        """One as CSV."""
        if name not in DRAWN:
            return shell.message(HTTPStatus.NOT_FOUND, "No such picture", "Go back and choose one of the page.")
        with window.store.read() as tx:
            sights = _sights(window, tx, spans.read(request.args), tx.statistics.counting_state())
            (picture,) = draw(sights, [name])
        answer = Response("\ufeff" + _csv(picture), content_type="text/csv; charset=utf-8")
        answer.headers.extend(HEADERS)
        answer.headers["Content-Disposition"] = f'attachment; filename="{_file_name(name, sights)}"'
        return answer


def _sights(window: Window, tx: Transaction, asked: Asked, state: CountingState) -> Sights:
    span = asked.span(clock.now().astimezone(window.zone).date(), state.first)
    time: Time = spans.parts(span)
    asking = [asked.form] if asked.form in window.forms else list(window.forms)

    def knows(source: str) -> bool:
        return any(window.knows_source(form, source) for form in asking)

    return Sights(tx.statistics, span, time, knows, window.defaults)


def _file_name(name: str, sights: Sights) -> str:
    return f"{name}-{sights.span.first}-{sights.span.last}.csv"


def _csv(picture: Picture) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([_safe(cell) for cell in row] for row in (picture.head, *picture.rows))
    return text.getvalue()


def _safe(cell: Cell) -> Cell:
    """A stranger's text as a cell that is only text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RUNNABLE) else cell
