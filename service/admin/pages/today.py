"""Today: what needs a person first, then what came and went, then how the connections stand."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from flask import Blueprint
from werkzeug.wrappers import Response

from service import clock
from service.admin.pages.shell import PREFIX, Shell
from service.admin.pages.standing import standings
from service.admin.pages.window import Window
from service.lead import Lead, Status
from service.store import Alert, MatchCount, Query, Transaction

MOST_LISTED = 3
"""Leads of one kind that are named; the others are counted."""

LATEST = 6


@dataclass(frozen=True, slots=True)
class Call:
    """Something that needs a person. leads: some that are meant; link: where all of them are."""

    title: str
    sentence: str
    since: datetime | None = None
    leads: tuple[Lead, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and where its leads are."""

    name: str
    tally: MatchCount
    note: str
    link: str
    tone: str = "calm"


def morning(now: datetime, zone: tzinfo) -> datetime:
    """When this day began for the operator."""
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def add(routes: Blueprint, window: Window, shell: Shell) -> None:
    """/admin/."""

    @routes.get("/", strict_slashes=False)
    def today() -> Response:
        """The first page."""
        now = clock.now()
        with window.store.read() as tx:
            return shell.page(
                "today.html",
                here="today",
                calls=list(_calls(tx, window)),
                figures=_figures(tx, morning(now, window.zone)),
                standings=standings(tx, window.forms.values(), now),
                latest=tx.search.leads(Query(), LATEST),
                day=now.astimezone(window.zone),
            )


def _calls(tx: Transaction, window: Window) -> Iterator[Call]:
    for concern in tx.alerts.open():
        if concern.kind != "parked":  # the leads themselves follow
            yield _concern(concern, window)
    number = tx.search.count(Query(status=Status.PARKED.value))
    if number.number:
        some = tx.search.leads(Query(status=Status.PARKED.value), MOST_LISTED)
        title = "1 lead needs you" if number == MatchCount(1) else f"{_many(number)} leads need you"
        sentence = "Each says why and what to do. Until then they are not sent."
        yield Call(title, sentence, None, tuple(some), f"{PREFIX}/leads?status=parked")


def _concern(concern: Alert, window: Window) -> Call:
    title = window.title_of(concern)
    return Call(title[:1].upper() + title[1:], concern.sentence, concern.since)


def _many(tally: MatchCount) -> str:
    return f"{tally.number:,}" if tally.is_exact else f"More than {tally.number:,}"


def _figures(tx: Transaction, since: datetime) -> list[Figure]:
    day = tx.statistics.today(since)
    waiting, parked, spam = (
        tx.search.count(Query(status=status.value)) for status in (Status.PENDING, Status.PARKED, Status.QUARANTINED)
    )
    spam_today = day.received.get(Status.QUARANTINED, 0)
    return [
        Figure("Received", MatchCount(day.arrived), "today", f"{PREFIX}/leads?period=today"),
        Figure("Delivered", MatchCount(day.delivered), "today", f"{PREFIX}/leads?status=delivered", "good"),
        Figure("Waiting", waiting, "now", f"{PREFIX}/leads?status=pending", "busy" if waiting.number else "calm"),
        Figure("Need you", parked, "now", f"{PREFIX}/leads?status=parked", "bad" if parked.number else "calm"),
        Figure(
            "Held as spam",
            spam,
            f"{spam_today:,} of them today" if spam_today else "none today",
            f"{PREFIX}/leads?status=quarantined",
            "warn" if spam_today else "calm",
        ),
    ]
