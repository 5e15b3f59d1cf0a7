"""Today: what needs attention first, then the figures of the day, then the connections and the latest leads."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint
from werkzeug.wrappers import Response

from service import clock
from service.admin.deps import AdminDeps
from service.admin.pages.connections import connection_statuses
from service.admin.pages.labels import sentence
from service.admin.pages.rendering import PREFIX, Renderer
from service.alerts.decisions import title_of
from service.lead import Lead, Status
from service.store import MatchCount, Query, Transaction

MAX_LEADS_PER_ITEM = 3

MAX_LATEST_LEADS = 6


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """Something that needs attention. leads: the newest of its leads; link: the list of all of them."""

    title: str
    sentence: str
    since: datetime | None = None
    leads: tuple[Lead, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, and the address of its leads."""

    name: str
    count: MatchCount
    note: str
    link: str
    tone: str = "calm"


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/."""

    @routes.get("/", strict_slashes=False)
    def today() -> Response:
        now = clock.now()
        local = now.astimezone(deps.zone)
        start_of_day = local.replace(hour=0, minute=0, second=0, microsecond=0)
        with deps.store.read() as tx:
            return renderer.page(
                "today.html",
                here="today",
                items=list(_attention_items(tx)),
                figures=_figures(tx, start_of_day),
                connections=connection_statuses(tx, list(deps.forms.values()), now),
                latest=tx.search.leads(Query(), MAX_LATEST_LEADS),
                day=local,
            )


def _attention_items(tx: Transaction) -> Iterator[AttentionItem]:
    for alert in tx.alerts.open():
        if alert.kind != "parked":  # the leads themselves follow
            yield AttentionItem(sentence(title_of(alert)), sentence(alert.sentence), alert.since)
    parked = Query(status=Status.PARKED.value)
    count = tx.search.count(parked)
    if count.number:
        number = f"{count.number:,}" if count.is_exact else f"More than {count.number:,}"
        title = "1 lead needs attention" if count == MatchCount(1) else f"{number} leads need attention"
        meaning = "Each says why and what to do. Until then they are not sent."
        leads = tuple(tx.search.leads(parked, MAX_LEADS_PER_ITEM))
        yield AttentionItem(title, meaning, None, leads, f"{PREFIX}/leads?status=parked")


def _figures(tx: Transaction, since: datetime) -> list[Figure]:
    day = tx.statistics.today(since)
    waiting, parked, spam = (
        tx.search.count(Query(status=status.value)) for status in (Status.PENDING, Status.PARKED, Status.QUARANTINED)
    )
    spam_today = day.received.get(Status.QUARANTINED, 0)
    leads = f"{PREFIX}/leads"
    return [
        Figure("Received", MatchCount(day.arrived), "today, without spam", f"{leads}?period=today"),
        Figure("Delivered", MatchCount(day.delivered), "today", f"{leads}?status=delivered", "good"),
        Figure("Waiting", waiting, "now", f"{leads}?status=pending", "busy" if waiting.number else "calm"),
        Figure("Needs attention", parked, "now", f"{leads}?status=parked", "bad" if parked.number else "calm"),
        Figure(
            "Held as spam",
            spam,
            f"{spam_today:,} of them today" if spam_today else "none today",
            f"{leads}?status=quarantined",
            "warn" if spam_today else "calm",
        ),
    ]
