"""The connections in words: Nexudus, the worker, the nightly comparison, each ad platform and form tool."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.admin.pages.labels import account_name, ago, counted, sender_name, sentence, without_commands
from service.admin.permissions import sees
from service.alerts.worker_watch import ABSENT_AFTER
from service.forms import Form
from service.i18n import N_, MessageTable, _
from service.store import NO_CREDENTIALS, UNAVAILABLE, Pause, Reconciliation, Transaction

PAUSES = MessageTable(
    {
        UNAVAILABLE: N_("Nexudus does not respond; calls are paused"),
        "throttled": N_("Nexudus asked for a pause"),
        "refused: tokens": N_("Its tokens cannot be decrypted; leads wait"),
        "pace": N_("The agreed number of calls has been made; calls are paused"),
    }
)
"""Reason of a pause -> its meaning; "until ..." follows."""


NO_WORKER = N_(
    "Leads are stored, but not sent: no worker has been seen. The person who runs the service needs to start one."
)


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
    own = ["default"] if sees("default") else []
    accounts = dict.fromkeys([*own, *(account for form in forms for account in form.accounts)])
    nexudus = account_statuses(tx, accounts, now)
    return [*nexudus.values(), _worker(tx, now), *_reconciliations(tx, accounts, now), *_senders(tx, forms, now)]


def account_statuses(tx: Transaction, accounts: Iterable[str], now: datetime) -> dict[str, ConnectionStatus]:
    """The connection to Nexudus of each account."""
    pauses = {pause.account: pause for pause in tx.accounts.pauses(now)}
    return {account: _account(tx, account, pauses.get(account), now) for account in accounts}


def _worker(tx: Transaction, now: datetime) -> ConnectionStatus:
    """Whether a worker delivers."""
    name, seen_at = _("Delivery"), tx.workers.last_seen()
    if seen_at is None:
        return ConnectionStatus(name, _("Not running"), "warn", _(NO_WORKER))
    if now - seen_at >= ABSENT_AFTER:
        return ConnectionStatus(name, _("Not running"), "bad", _(NO_WORKER), since=seen_at)
    seen = _("A worker was last seen %(ago)s.", ago=ago(now - seen_at))
    return ConnectionStatus(name, _("Works"), "good", seen)


def _account(tx: Transaction, account: str, pause: Pause | None, now: datetime) -> ConnectionStatus:
    name = account_name(account)
    missing = tx.accounts.call_pause(account, NO_CREDENTIALS)
    if missing is not None:
        return ConnectionStatus(name, _("No credentials"), "bad", _read(missing.reason))
    if tx.accounts.is_login_refused(account):
        refused = _(
            "It refuses the user name or password. Correct it on the page Connections, or where it is set; "
            "nothing is lost."
        )
        return ConnectionStatus(name, _("Sign-in refused"), "bad", refused)
    if pause is not None:
        why = PAUSES.get(pause.reason) or _("It refuses some calls of the service account; leads wait")
        word, tone = (_("Refuses calls"), "bad") if pause.reason.startswith("refused") else (_("Paused"), "busy")
        return ConnectionStatus(name, word, tone, why, pause.until)
    for call in tx.accounts.call_pauses():
        if call.account == account:
            return ConnectionStatus(name, _("Partly paused"), "warn", _read(call.reason), call.until)
    last = tx.statistics.last_delivered(account)
    if last is None:
        return ConnectionStatus(name, _("Ready"), "calm", _("No lead has been delivered lately."))
    delivered = _("The last lead was delivered %(ago)s.", ago=ago(now - last))
    return ConnectionStatus(name, _("Works"), "good", delivered)


def _reconciliations(tx: Transaction, accounts: Iterable[str], now: datetime) -> Iterator[ConnectionStatus]:
    """The last nightly comparison of each account."""
    for account in accounts:
        reconciliation, state = tx.crm.last_reconciliation(account), tx.crm.read_state(account)
        name = _("Leads and %(account)s", account=account_name(account))
        if state.problem:
            yield ConnectionStatus(name, _("Not compared"), "warn", _read(state.problem))
        elif reconciliation is not None:
            yield _reconciliation(name, reconciliation, now)


def _reconciliation(name: str, reconciliation: Reconciliation, now: datetime) -> ConnectionStatus:
    result = reconciliation.result
    opportunities = counted(result["nexudus"]["found"], "opportunity")
    compared = _(
        "Compared %(ago)s: %(opportunities)s found in Nexudus.",
        ago=ago(now - reconciliation.ended_at),
        opportunities=opportunities,
    )
    if result["is_right"]:
        return ConnectionStatus(name, _("In sync"), "good", compared)
    if not result["number"]:
        return ConnectionStatus(name, _("Not compared"), "warn", _read(next(iter(result["remarks"]), "")))
    remedy = _("The person who runs the service can list each with its remedy.")
    return ConnectionStatus(name, counted(result["number"], "difference"), "warn", f"{compared} {remedy}")


def _senders(tx: Transaction, forms: Sequence[Form], now: datetime) -> Iterator[ConnectionStatus]:
    broken: dict[str, list[ConnectionStatus]] = {}
    for health in tx.platforms.health_of_all():
        sender, place = health.link.sender, f", {health.link.place}" if health.link.place else ""
        name = _place_name(sender, health.link.form) + place
        if health.reason:
            broken.setdefault(sender, []).append(ConnectionStatus(name, _("Broken"), "bad", _read(health.reason)))
        elif health.paused_until is not None and health.paused_until > now:
            why = _("The platform asked for a pause or did not respond; paused")
            paused = ConnectionStatus(name, _("Paused"), "busy", why, health.paused_until)
            broken.setdefault(sender, []).append(paused)
    rejecting = _rejections(tx, forms, now)
    for sender in sorted({sender for form in forms for sender in form.webhooks} | rejecting.keys()):
        yield from [*broken.get(sender, []), *rejecting.get(sender, [])] or [_last_lead(tx, sender, now)]


def _rejections(tx: Transaction, forms: Sequence[Form], now: datetime) -> dict[str, list[ConnectionStatus]]:
    """Return the forms that rejected the last call of a sender, by sender.

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
                _place_name(rejection.sender, rejection.form),
                _("Refused"),
                "bad" if rejection.has_worked else "warn",
                f"{counted(rejection.calls, 'call')}. {_read(f'{rejection.why} {remedy}'.rstrip())}",
                since=rejection.began_at,
            )
            statuses.setdefault(rejection.sender, []).append(status)
    return statuses


def _last_lead(tx: Transaction, sender: str, now: datetime) -> ConnectionStatus:
    last = tx.statistics.last_received_from(sender)
    if last is None:
        return ConnectionStatus(sender_name(sender), _("Set up"), "calm", _("It has not sent anything yet."))
    sent = _("It last sent a lead %(ago)s.", ago=ago(now - last))
    return ConnectionStatus(sender_name(sender), _("Works"), "good", sent)


def _place_name(sender: str, form: str) -> str:
    return _("%(sender)s, form %(form)s", sender=sender_name(sender), form=form)


def _read(stored: str) -> str:
    """A sentence that was stored in English, as the pages show it."""
    return sentence(without_commands(stored))
