"""Problems of accounts, calls to Nexudus, leads, the disk and senders, judged from one snapshot of the store.

Leads that wait because their account is refused, or for a paused call, belong to that one condition; only the others
are stuck.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.alerts.wording import account_title, count, span, waiting_leads
from service.forms.senders import table_name
from service.platforms.registry import title_of
from service.store import NO_CREDENTIALS, ConnectionHealth, ErasureNotice, UnreadableSecret
from service.store.platforms.rejections import Rejection
from service.store.snapshot import FetchQueue, LateLeads, ParkedLeads, PausedAccount, StoreSnapshot

LATE_S = 240.0
"""Age in seconds from which an undelivered or unfetched lead is late; its alert follows within five minutes."""

MIN_FREE_BYTES, MIN_FREE_SHARE, ENOUGH_FREE_BYTES = 500_000_000, 0.05, 5_000_000_000
"""A disk is nearly full below the first, or below that share unless ENOUGH_FREE_BYTES are free."""

EXPIRY_WARNING = timedelta(days=35)
"""Time before the expiry of a connection from which it is reported: day 330 of a connection that lasts a year."""

_STEPS = {
    "find_coworker": "look for contacts (roles Coworker-List and Coworker-Read)",
    "create_coworker": "add contacts (role Coworker-Create)",
    "find_opportunity": "look for opportunities (roles CrmOpportunity-List and CrmOpportunity-Read)",
    "create_opportunity": "add opportunities (role CrmOpportunity-Create)",
    "lookup": "look up boards and locations (their -List and -Read roles)",
}
_RETRY = "`lead-capture leads retry --status pending` tries at once"


@dataclass(frozen=True, slots=True)
class Condition:
    """A problem that may become an alert. head: what is wrong and what to do; tail: changing figures.

    Neither contains anything personal.
    """

    cause: str
    head: str
    tail: str = ""

    @property
    def sentence(self) -> str:
        """Head and tail."""
        return " ".join(part for part in (self.head, self.tail) if part)


def find_conditions(snapshot: StoreSnapshot, now: datetime) -> Iterator[Condition]:
    """Yield every problem, each cause once."""
    refused = [account for account in snapshot.paused_accounts if _is_refused(account)]
    for account in refused:
        yield _refused_account(account, _waiting(snapshot, account.account, "", now))
    for pause in snapshot.call_pauses:
        waiting = _waiting(snapshot, pause.account, "" if pause.call == NO_CREDENTIALS else pause.call, now)
        yield _paused_call(pause.account, pause.call, pause.reason, waiting)
    reasons = {account.account: account.reason for account in snapshot.paused_accounts}
    explained = {account.account for account in refused}
    explained |= {pause.account for pause in snapshot.call_pauses if pause.call == NO_CREDENTIALS}
    for late in snapshot.late:
        if late.account not in explained:
            yield _late_leads(late, reasons.get(late.account, ""), now)
    yield from map(_parked_leads, snapshot.parked)
    if snapshot.erasures is not None:
        yield _parked_erasures(snapshot.erasures)
    if snapshot.disk is not None:
        free, total = snapshot.disk
        if free < MIN_FREE_BYTES or free < min(MIN_FREE_SHARE * total, ENOUGH_FREE_BYTES):
            head = "The disk with the leads is nearly full. Once it is full, no more leads can be accepted: free space."
            yield Condition("disk:leads", head, f"{free / 1e9:.1f} GB are free.")


# -- refused accounts


def _is_refused(account: PausedAccount) -> bool:
    return account.login_refused or account.reason.startswith("refused")


def _refused_account(paused: PausedAccount, waiting: str) -> Condition:
    account, title = paused.account, account_title(paused.account)
    kind, _, step = paused.reason.removeprefix("refused").removeprefix(": ").partition(" ")
    if kind == "tokens":
        return Condition(f"key:{account}", f"For {title}, {UnreadableSecret()}.", waiting)
    if kind == "two_factor":
        head = (
            f"Nexudus asks {title} for a one-time password: set its TOTP seed, or turn off two-factor authentication "
            "for it. Then restart."
        )
        return Condition(f"login:{account}", head, waiting)
    if paused.login_refused or kind == "login":
        head = (
            f"Nexudus refuses the user name or password of {title}. To keep the account from being locked, the service "
            f"does not sign in again automatically: correct the password and restart ({_RETRY})."
        )
        return Condition(f"login:{account}", head, waiting)
    if kind == "role":
        head = f"Nexudus does not let {title} {_STEPS.get(step, 'make a call')}: grant it the role. {_RETRY}."
        if step == "lookup":  # leads of other forms may need no lookup, so their delivery proves little
            return Condition(f"lookup:{account}", head, waiting)
    else:
        head = (
            f"Nexudus refuses the calls of {title} (401 or 403): check that it may still use the API, and that it has "
            f"its roles and locations. {_RETRY}."
        )
    return Condition(f"role:{account}", head, waiting)


def _waiting(snapshot: StoreSnapshot, account: str, call: str, now: datetime) -> str:
    """Return a sentence on how many leads of an account wait. call: only leads that wait for this call; "" for all."""
    queues = [one for one in snapshot.queues if one.account == account and call in ("", one.blocked_by)]
    if not queues:
        return "No lead is waiting yet."
    return waiting_leads(sum(one.number for one in queues), now - min(one.oldest for one in queues))


# -- paused calls


def _paused_call(account: str, call: str, reason: str, waiting: str) -> Condition:
    title = account_title(account)
    if call == NO_CREDENTIALS:
        return Condition(f"credentials:{account}", f"{reason[:1].upper()}{reason[1:]}", waiting)
    if call == "create_coworker":
        head = (
            f"Nexudus accepts no new contacts from {title} for now. Most likely the daily limit is reached; then it "
            "resumes automatically tomorrow. If it lasts, check that the account has the role Coworker-Create. "
            "Enquiries of known contacts are still delivered."
        )
        return Condition(f"quota:{account}", head, waiting)
    kind, _, stage = call.partition(":")
    if kind in ("form", "account"):
        return Condition(f"missing:{account}:{call}", reason, waiting)
    cause = f"stage:{account}:{stage}" if kind == "stage" else f"hold:{account}:{call}"
    return Condition(cause, reason or f"Nexudus refuses {call!r} to {title}.", waiting)


# -- leads that wait, leads that need attention


def _late_leads(late: LateLeads, reason: str, now: datetime) -> Condition:
    title, oldest = account_title(late.account), span(now - late.oldest)
    if not late.tried and (reason == "pace" or late.moving):
        head = (
            f"More leads arrived for {title} than the rate limit allows (NEXUDUS_LIMITS): they are sent in turn, no "
            "action is needed."
        )
        return Condition(f"slow:{late.account}", head, f"{count(late.number, 'lead')} so far, the oldest for {oldest}.")
    number = late.tried if late.moving else late.number
    tail = f"{count(number, 'lead')}, the oldest for {oldest}. They are retried automatically."
    return Condition(
        f"stuck:{late.account}", f"Leads for {title} wait too long: {_late_reason(late.last, reason)}", tail
    )


def _late_reason(last: str, reason: str) -> str:
    if "throttled" in (last, reason):
        return "Nexudus asks to slow down and lets nothing through. Check whether another program uses the account."
    if last == "intercepted":
        return (
            "something in front of Nexudus, such as a firewall or a proxy, answers with web pages. Check this host's "
            "network and proxy, or ask Nexudus support what it objects to; it may be the text of these leads."
        )
    if last in ("unavailable", "unknown") or reason == "unavailable":
        return "Nexudus cannot be reached, or returns errors. Check its status page, and this host's network."
    return "they are not being delivered. Check that a worker runs, and its log."


_PARKED = {
    "rejected": "Nexudus rejected their data: correct the lead or the form's settings",
    "given-up": "all retries failed",
    "unfit": "an answer, the form's settings or the stage is missing or wrong",
}


def _parked_leads(parked: ParkedLeads) -> Condition:
    """Return the condition. The number comes first: its growth shows that there are new leads."""
    number, verb = count(parked.number, "lead"), "needs" if parked.number == 1 else "need"
    head = f"{number} of {account_title(parked.account)} {verb} attention (parked): {_PARKED[parked.kind]}."
    return Condition(f"parked:{parked.account}:{parked.kind}", head, "See `lead-capture leads list --status parked`.")


def _parked_erasures(notice: ErasureNotice) -> Condition:
    """Return the condition. The number comes first, for the same reason."""
    number = "1 parked lead is" if notice.number == 1 else f"{notice.number:,} parked leads are"
    verb = "it is" if notice.number == 1 else "the first of them are"
    head = (
        f"{number} about to be erased, as nobody has touched them for a long time (RETENTION_DAYS): correct, retry or "
        "discard them, or keep leads for longer."
    )
    tail = f"On {notice.due_at:%d %B %Y} {verb} erased."
    return Condition("erasure:parked", head, tail)


# -- ad platforms and other senders


def find_platform_conditions(snapshot: StoreSnapshot, now: datetime) -> Iterator[Condition]:
    """Yield each broken connection with the leads that wait for it, and leads that wait for no known reason."""
    broken = [health for health in snapshot.connections if health.reason]
    for health in broken:
        waiting = [queue for queue in snapshot.announced if _is_of(queue, health)]
        yield Condition(health.link.cause, health.reason, _waiting_fetches(waiting, now))
    for health in snapshot.connections:
        if health.expires_at is not None and health.expires_at - now < EXPIRY_WARNING:
            yield _expiring(health, health.expires_at, now)
    others = [queue for queue in snapshot.announced if not any(_is_of(queue, health) for health in broken)]
    late = [queue for queue in others if now - queue.oldest > timedelta(seconds=LATE_S)]
    for form, sender in sorted({(queue.form, queue.sender) for queue in late}):
        yield _not_fetched(form, sender, [one for one in late if (one.form, one.sender) == (form, sender)], now)


def _is_of(queue: FetchQueue, health: ConnectionHealth) -> bool:
    form, sender, place = health.link
    return (form, sender) == (queue.form, queue.sender) and place in ("", queue.place)


def _expiring(health: ConnectionHealth, expires_at: datetime, now: datetime) -> Condition:
    form, sender, _ = health.link
    verb = "expires" if expires_at > now else "expired"
    head = (
        f'The connection to {title_of(sender)} of the form "{form}" {verb} on {expires_at:%d %B %Y}: ask the person '
        f"who gave consent to renew it, put the new tokens into {table_name(form, sender)}, and restart the worker. "
        "Until then nothing is lost; afterwards leads wait."
    )
    return Condition(f"platform:{form}:{sender}:expires", head)


def _not_fetched(form: str, sender: str, late: Sequence[FetchQueue], now: datetime) -> Condition:
    reason = {
        "throttled": "it asks to wait. They are fetched as soon as it allows.",
        "unavailable": "it cannot be reached, or returns errors. They are retried automatically.",
        "missing": "it does not know them, or does not show them yet. They are retried automatically.",
    }.get(late[0].last, "they are not being fetched. Check that a worker runs, and its log.")
    head = f'Leads that {title_of(sender)} has for the form "{form}" wait too long: {reason}'
    return Condition(f"stuck:{form}:{sender}", head, _waiting_fetches(late, now))


def _waiting_fetches(queues: Sequence[FetchQueue], now: datetime) -> str:
    if not queues:
        return "No lead is waiting yet."
    return waiting_leads(sum(one.number for one in queues), now - min(one.oldest for one in queues))


def find_rejected_senders(
    rejections: Iterable[Rejection], forms: Collection[str], now: datetime
) -> Iterator[Condition]:
    """Yield each sender of these forms that used to bring leads and is now refused.

    A stranger with a wrong token looks just like a sender with a changed token. So the first refused call raises an
    alert, an accepted call ends it, and a relapse must last before it raises an alert again (Rejection.is_alarming).
    """
    for rejection in rejections:
        if rejection.form in forms and rejection.is_alarming(now):
            yield Condition(rejection.cause, _rejection_sentence(rejection))


def _rejection_sentence(rejection: Rejection) -> str:
    """Return the sentence. The number comes first: its growth shows that there are new calls."""
    calls, since = count(rejection.calls, "call"), f"{rejection.began_at:%Y-%m-%d %H:%M} UTC"
    were = f"was refused at {since}" if rejection.calls == 1 else f"or more were refused since {since}"
    return (
        f"{calls} of {rejection.sender} for the form {rejection.form!r} {were}, though it brought leads before. "
        f"The reason: {rejection.why} {rejection.remedy}"
    ).rstrip()
