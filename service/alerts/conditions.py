"""What is wrong, from one look at the store: a pure decision over plain values.

Each finding names its cause and says in a sentence what is wrong and what to do; nothing personal. Leads that wait
because their account is refused, or for a hold, are part of that one finding; only the others are stuck.
"""

from collections.abc import Iterator
from datetime import datetime

from service.alerts.condition import Condition
from service.alerts.unread import find_unread
from service.alerts.words import count, span, whose
from service.store import NO_CREDENTIALS
from service.store.alerts.snapshot import AccountQueue, LateLeads, ParkedLeads, PausedAccount, StoreSnapshot

LATE_S = 240.0
"""A lead is in Nexudus within seconds. One that waits so long is told about, within five minutes of its arrival."""

LITTLE_BYTES, LITTLE_SHARE, ENOUGH_BYTES = 500_000_000, 0.05, 5_000_000_000
"""A disk is nearly full below the first, or below that share of it, unless the third is still free."""

_STEPS = {
    "find_coworker": "look for contacts (roles Coworker-List and Coworker-Read)",
    "create_coworker": "add contacts (role Coworker-Create)",
    "find_opportunity": "look for opportunities (roles CrmOpportunity-List and CrmOpportunity-Read)",
    "create_opportunity": "add opportunities (role CrmOpportunity-Create)",
    "lookup": "look up boards and locations (their -List and -Read roles)",
}
_RETRY = "`lead-capture leads retry --status pending` tries at once"


def find(sight: StoreSnapshot, now: datetime) -> Iterator[Condition]:
    """Everything that is wrong, each cause once.

    Raises: nothing.
    """
    refused = [standing for standing in sight.paused_accounts if _is_refused(standing)]
    yield from (_refused(standing, _waiting(sight, standing.account, "", now)) for standing in refused)
    yield from (
        _held(hold.account, hold.call, hold.reason, _waiting(sight, hold.account, _waiting_for(hold.call), now))
        for hold in sight.call_pauses
    )
    reasons = {standing.account: standing.reason for standing in sight.paused_accounts}
    known = {standing.account for standing in refused}
    known |= {hold.account for hold in sight.call_pauses if hold.call == NO_CREDENTIALS}
    yield from (_late(late, reasons.get(late.account, ""), now) for late in sight.late if late.account not in known)
    yield from (_parked(parked) for parked in sight.parked)
    if sight.disk is not None:
        yield from _disk(*sight.disk)
    yield from find_unread(sight, now)


# -- accounts that are refused


def _is_refused(standing: PausedAccount) -> bool:
    return standing.login_refused or standing.reason.startswith("refused")


def _refused(standing: PausedAccount, waiting: str) -> Condition:
    account, who = standing.account, whose(standing.account)
    kind, _, step = standing.reason.removeprefix("refused").removeprefix(": ").partition(" ")
    if kind == "two_factor":
        head = f"Nexudus asks {who} for a one-time password: set its TOTP seed, or take 2FA off it. Then start again."
        return Condition(f"login:{account}", head, waiting)
    if standing.login_refused or kind == "login":
        head = (
            f"Nexudus refuses the user name or password of {who}. So that it is not locked, nobody signs in again by "
            f"itself: correct the password and start again ({_RETRY})."
        )
        return Condition(f"login:{account}", head, waiting)
    if kind == "role":
        head = f"Nexudus does not let {who} {_STEPS.get(step, 'do all it must')}: give it that. {_RETRY}."
        if step == "lookup":  # leads of other forms may need none, so their arrival proves little
            return Condition(f"lookup:{account}", head, waiting)
    else:
        head = (
            f"Nexudus refuses the calls of {who} (401 or 403): see that it may still use the API, and that it has "
            f"its roles and locations. {_RETRY}."
        )
    return Condition(f"role:{account}", head, waiting)


def _waiting(sight: StoreSnapshot, account: str, hold: str, now: datetime) -> str:
    """How many leads wait for that, and since when."""
    mine = [queue for queue in sight.queues if queue.account == account and hold in ("", queue.blocked_by)]
    return _number(mine, now) if mine else "No lead waits yet."


def _number(queues: list[AccountQueue], now: datetime) -> str:
    number, oldest = sum(queue.number for queue in queues), min(queue.oldest for queue in queues)
    return f"{count(number, 'lead')} {'waits' if number == 1 else 'wait'}, the oldest for {span(now - oldest)}."


# -- calls that rest


def _waiting_for(what: str) -> str:
    """Which leads wait for a hold: without credentials all of the account."""
    return "" if what == NO_CREDENTIALS else what


def _held(account: str, what: str, reason: str, waiting: str) -> Condition:
    if what == NO_CREDENTIALS:
        return Condition(f"credentials:{account}", f"{reason[:1].upper()}{reason[1:]}", waiting)
    if what == "create_coworker":
        head = (
            f"Nexudus takes no new contacts from {whose(account)} for now. Most likely the day's number of them is "
            "used up: then it goes on by itself tomorrow. If it lasts, see that the account has the role "
            "Coworker-Create. Enquiries of known contacts go on."
        )
        return Condition(f"quota:{account}", head, waiting)
    kind, _, rest = what.partition(":")
    cause = f"stage:{account}:{rest}" if kind == "stage" else f"hold:{account}:{what}"
    return Condition(cause, reason or f"Nexudus refuses {what!r} to {whose(account)}.", waiting)


# -- leads that wait, leads that nobody can send


def _late(late: LateLeads, reason: str, now: datetime) -> Condition:
    who, oldest = whose(late.account), span(now - late.oldest)
    if not late.tried and (reason == "pace" or late.moving):
        head = f"More leads came for {who} than the pace allows (NEXUDUS_LIMITS): they go in turn, nothing is to do."
        return Condition(f"slow:{late.account}", head, f"{count(late.number, 'lead')} so far, the oldest for {oldest}.")
    number = late.tried if late.moving else late.number
    tail = f"{count(number, 'lead')}, the oldest for {oldest}. They are tried again by themselves."
    return Condition(f"stuck:{late.account}", f"Leads for {who} wait too long: {_why(late.last, reason)}", tail)


def _why(last: str, reason: str) -> str:
    if "throttled" in (last, reason):
        return "Nexudus asks to slow down and lets nothing through. See whether another program uses the account."
    if last == "intercepted":
        return (
            "Something in front of Nexudus, such as a firewall or a proxy, answers with web pages. See this host's "
            "network and proxy, or ask Nexudus support what it objects to; it may be the words of these leads."
        )
    if last in ("unavailable", "unknown") or reason == "unavailable":
        return "Nexudus cannot be reached, or answers with errors. See its status page, and this host's network."
    return "nobody gets them through. See the worker's log."


_PARKED = {
    "rejected": "Nexudus refused their data: correct the lead or the form's settings",
    "given-up": "all tries are used up",
    "unfit": "an answer, the form's settings or the stage is missing or wrong",
}


def _parked(parked: ParkedLeads) -> Condition:
    """The number comes first: it is by its growing that new ones are noticed."""
    number = count(parked.number, "lead")
    head = (
        f"{number} of {whose(parked.account)} {'is' if parked.number == 1 else 'are'} parked: {_PARKED[parked.kind]}."
    )
    return Condition(f"parked:{parked.account}:{parked.kind}", head, "See `lead-capture leads list --status parked`.")


def _disk(free: int, total: int) -> Iterator[Condition]:
    if free < LITTLE_BYTES or free < min(LITTLE_SHARE * total, ENOUGH_BYTES):
        head = "The disk with the leads is nearly full. When it is full, no more can be taken: make room."
        yield Condition("disk:leads", head, f"{free / 1e9:.1f} GB are free.")
