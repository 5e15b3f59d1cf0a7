"""What is wrong with the ad platforms' connections, and which leads wait to be read: a pure decision."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from service.alerts.condition import Condition
from service.alerts.words import count, span
from service.forms.senders import table_name
from service.platforms.registry import title_of
from service.store import ConnectionHealth
from service.store.alerts.snapshot import FetchQueue, StoreSnapshot

LATE_S = 240.0
"""A lead that was announced is here within seconds; one that waits so long is told about."""

WARNED = timedelta(days=35)
"""So long before a connection ends people are told: LinkedIn's year is over when 330 days of it are."""


def find_unread(sight: StoreSnapshot, now: datetime) -> Iterator[Condition]:
    """Each broken connection once, with how many leads wait for it; and what waits for no known cause.

    Raises: nothing.
    """
    broken = [health for health in sight.connections if health.reason]
    for health in broken:
        waiting = [each for each in sight.announced if _concerns(health, each)]
        yield Condition(health.link.cause, health.reason, _number(waiting, now) if waiting else "No lead waits yet.")
    for health in sight.connections:
        if health.expires_at is not None and health.expires_at - now < WARNED:
            yield _ending(health, health.expires_at, now)
    rest = [each for each in sight.announced if not any(_concerns(health, each) for health in broken)]
    late = [each for each in rest if now - each.oldest > timedelta(seconds=LATE_S)]
    for form, sender in sorted({(each.form, each.sender) for each in late}):
        yield _stuck(form, sender, [each for each in late if (each.form, each.sender) == (form, sender)], now)


def _concerns(health: ConnectionHealth, announced: FetchQueue) -> bool:
    form, sender, place = health.link
    return (form, sender) == (announced.form, announced.sender) and place in ("", announced.place)


def _ending(health: ConnectionHealth, ends_at: datetime, now: datetime) -> Condition:
    form, sender, _ = health.link
    platform = title_of(sender)
    told = f"ends on {ends_at:%d %B %Y}" if ends_at > now else f"ended on {ends_at:%d %B %Y}"
    head = (
        f'The connection to {platform} of the form "{form}" {told}: let the person who gave it consent anew, put the '
        f"new tokens into {table_name(form, sender)}, and start the worker again. Until then nothing is lost; "
        "afterwards leads wait."
    )
    return Condition(f"platform:{form}:{sender}:expires", head)


def _stuck(form: str, sender: str, late: Sequence[FetchQueue], now: datetime) -> Condition:
    why = {
        "throttled": "it asks to wait. They are read by themselves when it lets us.",
        "unavailable": "it cannot be reached, or answers with errors. They are tried again by themselves.",
        "missing": "it does not know them, or does not show them yet. They are tried again by themselves.",
    }.get(late[0].last, "nobody reads them. See that a worker runs, and its log.")
    head = f'Leads that {title_of(sender)} has for the form "{form}" wait too long: {why}'
    return Condition(f"stuck:{form}:{sender}", head, _number(late, now))


def _number(waiting: Sequence[FetchQueue], now: datetime) -> str:
    number, oldest = sum(each.number for each in waiting), min(each.oldest for each in waiting)
    return f"{count(number, 'lead')} {'waits' if number == 1 else 'wait'}, the oldest for {span(now - oldest)}."
