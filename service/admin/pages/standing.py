"""How the connections stand, in words: each Nexudus account, each platform and tool that sends."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.admin.pages.sold import agreement
from service.admin.pages.words import counted, sender_name, span
from service.forms import Form
from service.store import NO_CREDENTIALS, UNAVAILABLE, Pause, Transaction

PLAIN_PAUSES = {
    UNAVAILABLE: "Nexudus does not answer. It is tried again by itself",
    "throttled": "Nexudus asked for a pause",
    "pace": "As many calls were made as the agreed pace allows",
}
"""Reason of a pause -> what it means; until when follows."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One connection. word: how it stands; tone: good, busy, warn, bad or calm.

    since: when that began, where the sentence alone does not say it. until: when it goes on by itself.
    """

    name: str
    word: str
    tone: str
    sentence: str
    until: datetime | None = None
    since: datetime | None = None


def standings(tx: Transaction, forms: Iterable[Form], now: datetime) -> list[Standing]:
    """All of them, Nexudus first."""
    known = list(forms)
    accounts = dict.fromkeys(["default", *(account for form in known for account in form.accounts)])
    pauses = {pause.account: pause for pause in tx.accounts.pauses(now)}
    nexudus = [_account(tx, account, pauses.get(account), now) for account in accounts]
    return [*nexudus, *_agreements(tx, accounts, now), *_platforms(tx, known, now)]


def _agreements(tx: Transaction, accounts: Iterable[str], now: datetime) -> Iterator[Standing]:
    """Whether leads and Nexudus agreed the last night."""
    for account in accounts:
        made, reading = tx.crm.last_reconciliation(account), tx.crm.read_state(account)
        if reading.problem:
            yield Standing(f"Leads and {_name(account)}", "Not read", "warn", reading.problem)
        elif made is not None:
            word, tone, sentence = agreement(made, now)
            yield Standing(f"Leads and {_name(account)}", word, tone, sentence)


def _name(account: str) -> str:
    return "Nexudus" if account == "default" else f"Nexudus, account {account}"


def _account(tx: Transaction, account: str, pause: Pause | None, now: datetime) -> Standing:
    name = _name(account)
    lacking = tx.queue.call_pause(account, NO_CREDENTIALS)
    if lacking is not None:
        return Standing(name, "No credentials", "bad", f"{lacking.reason[:1].upper()}{lacking.reason[1:]}")
    if tx.accounts.is_login_refused(account):
        sentence = "It refuses the user name or password. Correct it and start the service again; nothing is lost."
        return Standing(name, "Sign-in refused", "bad", sentence)
    if pause is not None:
        is_denied = pause.reason.startswith("refused")
        said = PLAIN_PAUSES.get(pause.reason, "It refuses some calls of the service account; leads wait")
        return Standing(
            name, "Refuses calls" if is_denied else "Resting", "bad" if is_denied else "busy", said, pause.until
        )
    for hold in tx.queue.call_pauses():
        if hold.account == account:
            return Standing(name, "Partly resting", "warn", hold.reason, hold.until)
    last = tx.statistics.last_delivered(account)
    if last is None:
        return Standing(name, "Ready", "calm", "No lead was delivered lately.")
    return Standing(name, "Works", "good", f"The last lead came through {_ago(last, now)}.")


def _platforms(tx: Transaction, forms: Sequence[Form], now: datetime) -> Iterator[Standing]:
    broken: dict[str, list[Standing]] = {}
    for health in tx.platforms.health_of_all():
        where = f"{sender_name(health.link.sender)}, form {health.link.form}"
        where += f", {health.link.place}" if health.link.place else ""
        if health.reason:
            broken.setdefault(health.link.sender, []).append(Standing(where, "Broken", "bad", health.reason))
        elif health.paused_until is not None and health.paused_until > now:
            said = "The platform asked for a pause, or did not answer. It goes on by itself"
            standing = Standing(where, "Resting", "busy", said, health.paused_until)
            broken.setdefault(health.link.sender, []).append(standing)
    refused = _refused(tx, forms, now)
    for sender in sorted({sender for form in forms for sender in form.webhooks} | refused.keys()):
        yield from [*broken.get(sender, []), *refused.get(sender, [])] or [_heard(tx, sender, now)]


def _refused(tx: Transaction, forms: Sequence[Form], now: datetime) -> dict[str, list[Standing]]:
    """By sender, where its last call was refused; strangers can call any address, so only where leads should come.

    What to do is left out where the page says it already, at what needs a person.
    """
    let_in = {(form.name, sender) for form in forms for sender in form.webhooks}
    names = {form.name for form in forms}
    alerted = {concern.cause for concern in tx.alerts.open()}
    standing: dict[str, list[Standing]] = {}
    for refusal in tx.platforms.open_rejections():
        is_expected = (refusal.form, refusal.sender) in let_in or (refusal.has_worked and refusal.form in names)
        if is_expected and not refusal.is_handshake and refusal.is_recent(now):
            where = f"{sender_name(refusal.sender)}, form {refusal.form}"
            remedy = "" if refusal.cause in alerted else refusal.remedy
            sentence = f"{counted(refusal.calls, 'call')}. {refusal.why} {remedy}".rstrip()
            tone = "bad" if refusal.has_worked else "warn"
            refused = Standing(where, "Refused", tone, sentence, since=refusal.began_at)
            standing.setdefault(refusal.sender, []).append(refused)
    return standing


def _heard(tx: Transaction, sender: str, now: datetime) -> Standing:
    last = tx.statistics.last_received_from(sender)
    if last is None:
        return Standing(sender_name(sender), "Set up", "calm", "It has not sent anything yet.")
    return Standing(sender_name(sender), "Works", "good", f"It last sent a lead {_ago(last, now)}.")


def _ago(instant: datetime, now: datetime) -> str:
    return f"{span(now - instant)} ago"
