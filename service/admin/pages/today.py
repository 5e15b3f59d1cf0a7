"""Today: what needs attention first, then the figures of the day, then the connections and the latest leads."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint
from werkzeug.wrappers import Response

from service import clock
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.labels import account_name, counted, duration, sender_name, sentence
from service.admin.pages.rendering import PREFIX, Renderer
from service.alerts.decisions import title_of
from service.alerts.worker_watch import ABSENT_AFTER
from service.forms import Form
from service.lead import Lead, Status
from service.store import NO_CREDENTIALS, UNAVAILABLE, MatchCount, Pause, Query, Reconciliation, Transaction

PAUSES = {
    UNAVAILABLE: "Nexudus does not respond; calls are paused",
    "throttled": "Nexudus asked for a pause",
    "refused: tokens": "Its tokens cannot be decrypted; `lead-capture doctor` says what to do; leads wait",
    "pace": "The agreed number of calls has been made; calls are paused",
}
"""Reason of a pause -> its meaning; "until ..." follows."""


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """One connection. tone: good, busy, warn, bad or calm.

    until: when it resumes automatically. since: when the state began, where the sentence does not say it.
    """

    name: str
    word: str
    tone: str
    sentence: str
    until: datetime | None = None
    since: datetime | None = None


def connection_statuses(tx: Transaction, forms: Sequence[Form], now: datetime) -> list[ConnectionStatus]:
    """All connections, Nexudus first."""
    accounts = dict.fromkeys(["default", *(account for form in forms for account in form.accounts)])
    pauses = {pause.account: pause for pause in tx.accounts.pauses(now)}
    nexudus = [_account(tx, account, pauses.get(account), now) for account in accounts]
    return [*nexudus, _worker(tx, now), *_reconciliations(tx, accounts, now), *_senders(tx, forms, now)]


def _worker(tx: Transaction, now: datetime) -> ConnectionStatus:
    """Whether a worker delivers."""
    name, seen_at = "Delivery", tx.workers.last_seen()
    if seen_at is None:
        sentence = "No worker has been seen yet: leads are stored, but not sent. Start `lead-capture worker`."
        return ConnectionStatus(name, "Not running", "warn", sentence)
    if now - seen_at >= ABSENT_AFTER:
        sentence = "No worker has been seen: leads are stored, but not sent. Start `lead-capture worker`."
        return ConnectionStatus(name, "Not running", "bad", sentence, since=seen_at)
    return ConnectionStatus(name, "Works", "good", f"A worker was last seen {_ago(seen_at, now)}.")


def _account(tx: Transaction, account: str, pause: Pause | None, now: datetime) -> ConnectionStatus:
    name = account_name(account)
    missing = tx.accounts.call_pause(account, NO_CREDENTIALS)
    if missing is not None:
        return ConnectionStatus(name, "No credentials", "bad", labels.sentence(missing.reason))
    if tx.accounts.is_login_refused(account):
        sentence = "It refuses the user name or password. Correct it and restart the service; nothing is lost."
        return ConnectionStatus(name, "Sign-in refused", "bad", sentence)
    if pause is not None:
        sentence = PAUSES.get(pause.reason, "It refuses some calls of the service account; leads wait")
        word, tone = ("Refuses calls", "bad") if pause.reason.startswith("refused") else ("Paused", "busy")
        return ConnectionStatus(name, word, tone, sentence, pause.until)
    for call in tx.accounts.call_pauses():
        if call.account == account:
            return ConnectionStatus(name, "Partly paused", "warn", labels.sentence(call.reason), call.until)
    last = tx.statistics.last_delivered(account)
    if last is None:
        return ConnectionStatus(name, "Ready", "calm", "No lead has been delivered lately.")
    return ConnectionStatus(name, "Works", "good", f"The last lead was delivered {_ago(last, now)}.")


def _reconciliations(tx: Transaction, accounts: Iterable[str], now: datetime) -> Iterator[ConnectionStatus]:
    """The last nightly comparison of each account."""
    for account in accounts:
        reconciliation, state = tx.crm.last_reconciliation(account), tx.crm.read_state(account)
        name = f"Leads and {account_name(account)}"
        if state.problem:
            yield ConnectionStatus(name, "Not compared", "warn", labels.sentence(state.problem))
        elif reconciliation is not None:
            yield _reconciliation(name, reconciliation, now)


def _reconciliation(name: str, reconciliation: Reconciliation, now: datetime) -> ConnectionStatus:
    result = reconciliation.result
    opportunities = counted(result["nexudus"]["found"], "opportunity")
    compared = f"Compared {_ago(reconciliation.ended_at, now)}: {opportunities} found in Nexudus."
    if result["is_right"]:
        return ConnectionStatus(name, "In sync", "good", compared)
    word = counted(result["number"], "difference") if result["number"] else "Not compared"
    why = compared if result["number"] else next(iter(result["remarks"]), "")
    sentence = f"{labels.sentence(why)} The command lead-capture reconcile lists each with its remedy."
    return ConnectionStatus(name, word, "warn", sentence)


def _senders(tx: Transaction, forms: Sequence[Form], now: datetime) -> Iterator[ConnectionStatus]:
    broken: dict[str, list[ConnectionStatus]] = {}
    for health in tx.platforms.health_of_all():
        sender, place = health.link.sender, f", {health.link.place}" if health.link.place else ""
        name = f"{sender_name(sender)}, form {health.link.form}{place}"
        if health.reason:
            broken.setdefault(sender, []).append(
                ConnectionStatus(name, "Broken", "bad", labels.sentence(health.reason))
            )
        elif health.paused_until is not None and health.paused_until > now:
            sentence = "The platform asked for a pause or did not respond; paused"
            paused = ConnectionStatus(name, "Paused", "busy", sentence, health.paused_until)
            broken.setdefault(sender, []).append(paused)
    rejecting = _rejections(tx, forms, now)
    for sender in sorted({sender for form in forms for sender in form.webhooks} | rejecting.keys()):
        yield from [*broken.get(sender, []), *rejecting.get(sender, [])] or [_last_lead(tx, sender, now)]


def _rejections(tx: Transaction, forms: Sequence[Form], now: datetime) -> dict[str, list[ConnectionStatus]]:
    """By sender, the forms that rejected its last call.

    Anyone can call any address, so only senders that a form expects count. The remedy is left out where an alert on the
    same page gives it.
    """
    expected = {(form.name, sender) for form in forms for sender in form.webhooks}
    names = {form.name for form in forms}
    alerts = {alert.cause for alert in tx.alerts.open()}
    statuses: dict[str, list[ConnectionStatus]] = {}
    for rejection in tx.platforms.open_rejections():
        is_expected = (rejection.form, rejection.sender) in expected
        is_expected = is_expected or (rejection.has_worked and rejection.form in names)
        if is_expected and not rejection.is_handshake and rejection.is_recent(now):
            remedy = "" if rejection.cause in alerts else rejection.remedy
            status = ConnectionStatus(
                f"{sender_name(rejection.sender)}, form {rejection.form}",
                "Refused",
                "bad" if rejection.has_worked else "warn",
                labels.sentence(f"{counted(rejection.calls, 'call')}. {rejection.why} {remedy}".rstrip()),
                since=rejection.began_at,
            )
            statuses.setdefault(rejection.sender, []).append(status)
    return statuses


def _last_lead(tx: Transaction, sender: str, now: datetime) -> ConnectionStatus:
    last = tx.statistics.last_received_from(sender)
    if last is None:
        return ConnectionStatus(sender_name(sender), "Set up", "calm", "It has not sent anything yet.")
    return ConnectionStatus(sender_name(sender), "Works", "good", f"It last sent a lead {_ago(last, now)}.")


def _ago(instant: datetime, now: datetime) -> str:
    return f"{duration(now - instant)} ago"


# -- the page


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
