"""Once a day: what came, what became of it, what waits. No names and no addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.alerts.channels import Message
from service.alerts.words import count, span
from service.lead import Reason
from service.store import Alert
from service.store.alerts.activity import DigestFigures

DAY = timedelta(days=1)

WHY_HELD = {
    Reason.HONEYPOT: "a hidden field was filled in",
    Reason.BLOCKED: "named by your block list",
    Reason.TOO_FAST: "filled in faster than people can",
    Reason.FOREIGN_ORIGIN: "sent from a site that is not in allowed_origins",
    Reason.LINKS: "links that enquiries do not have",
    Reason.REPEATED: "the same text from several people",
    Reason.CAPTCHA: "the captcha was not passed",
}
"""What each reason is called for people; docs/spam.md says more."""


@dataclass(frozen=True, slots=True)
class Hour:
    """When the digest goes out: a time of day in a zone."""

    at: time
    zone: ZoneInfo


def newest_turn(hour: Hour, now: datetime) -> datetime:
    """The latest moment up to `now` at which a digest was due, in UTC."""
    local = now.astimezone(hour.zone)
    today = datetime.combine(local.date(), hour.at, hour.zone)
    if today.astimezone(UTC) > now:
        today = datetime.combine(local.date() - DAY, hour.at, hour.zone)
    return today.astimezone(UTC)


def compose(figures: DigestFigures, concerns: Sequence[Alert], now: datetime) -> Message:
    """The digest of the last 24 hours."""
    received = sum(figures.received.values())
    by_form = ", ".join(f"{form} {number:,}" for form, number in _most_first(figures.received))
    lines = [
        f"Received: {received:,}" + (f" ({by_form})" if by_form else ""),
        f"Delivered: {figures.delivered:,}",
        f"Parked: {figures.parked:,} of them; {count(figures.parked_in_all, 'lead')} in all wait for a person",
        *_quarantined(figures),
        _waiting(figures, now),
        *_open(concerns, now),
    ]
    title = f"Lead Capture: {count(received, 'lead')} in 24 hours, {figures.delivered:,} delivered"
    return Message(title, "\n".join(lines), "info")


def _quarantined(figures: DigestFigures) -> list[str]:
    reasons = [f"  {number:,}: {_why(name)}" for name, number in _most_first(figures.suspicions)]
    number = sum(figures.suspicions.values())
    look = "See `lead-capture leads list --status quarantined`; not spam? `lead-capture leads release ID`"
    return [f"Held as spam: {number:,}" + (f". {look}" if number else ""), *reasons]


def _why(name: str) -> str:
    return f"{name}, {WHY_HELD[Reason(name)]}" if name else "no reason given"


def _waiting(figures: DigestFigures, now: datetime) -> str:
    if figures.oldest is None:
        return "Waiting: none"
    return f"Waiting: {figures.waiting:,}, the oldest for {span(now - figures.oldest)}"


def _open(concerns: Sequence[Alert], now: datetime) -> list[str]:
    if not concerns:
        return ["Nothing is wrong."]
    return ["Wrong at the moment:", *(f"- for {span(now - concern.since)}: {concern.sentence}" for concern in concerns)]


def _most_first(numbers: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
