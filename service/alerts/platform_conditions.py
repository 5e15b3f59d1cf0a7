"""What is wrong with ad platforms and other senders: broken connections, leads that are not fetched, rejected calls."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from service.alerts.conditions import Condition
from service.alerts.wording import count, waiting_leads
from service.forms.senders import table_name
from service.platforms.registry import title_of
from service.store import ConnectionHealth
from service.store.alerts.snapshot import FetchQueue, StoreSnapshot
from service.store.platforms.rejections import Rejection

LATE_S = 240.0
"""Age in seconds from which an announced lead that was not fetched is late; usually it takes seconds."""

EXPIRY_WARNING = timedelta(days=35)
"""How long before a connection expires it is reported: on day 330 of LinkedIn's year."""


def find_platform_conditions(snapshot: StoreSnapshot, now: datetime) -> Iterator[Condition]:
    """Yield each broken connection with the leads that wait for it, and leads that wait for no known reason."""
    broken = [health for health in snapshot.connections if health.reason]
    for health in broken:
        waiting = [queue for queue in snapshot.announced if _is_of(queue, health)]
        yield Condition(health.link.cause, health.reason, _waiting(waiting, now))
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
    return Condition(f"stuck:{form}:{sender}", head, _waiting(late, now))


def _waiting(queues: Sequence[FetchQueue], now: datetime) -> str:
    if not queues:
        return "No lead is waiting yet."
    return waiting_leads(sum(one.number for one in queues), now - min(one.oldest for one in queues))


def find_rejected_senders(
    rejections: Iterable[Rejection], forms: Collection[str], now: datetime
) -> Iterator[Condition]:
    """Yield each sender of these forms that used to bring leads and is now refused.

    A stranger with a wrong token looks just like a sender with a changed token. So the first refused call is an
    alert, an accepted call ends it, and a relapse must last before it is an alert again (Rejection.is_alarming).
    """
    for rejection in rejections:
        if rejection.form in forms and rejection.is_alarming(now):
            yield Condition(rejection.cause, _rejection_sentence(rejection))


def _rejection_sentence(rejection: Rejection) -> str:
    """The number comes first: its growth is how new calls are noticed."""
    calls, since = count(rejection.calls, "call"), f"{rejection.began_at:%Y-%m-%d %H:%M} UTC"
    were = f"was refused at {since}" if rejection.calls == 1 else f"or more were refused since {since}"
    return (
        f"{calls} of {rejection.sender} for the form {rejection.form!r} {were}, though it brought leads before. "
        f"The reason: {rejection.why} {rejection.remedy}"
    ).rstrip()
