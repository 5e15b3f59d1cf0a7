"""The daily digest: what arrived, what became of it, what waits. No names and no addresses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.alerts.channels import Message
from service.alerts.wording import count, span
from service.lead import Reason
from service.store import Alert
from service.store.alerts.activity import DigestFigures

DAY = timedelta(days=1)

SPAM_REASONS = {
    Reason.HONEYPOT: "a hidden field was filled in",
    Reason.BLOCKED: "on your block list",
    Reason.TOO_FAST: "filled in faster than people can",
    Reason.FOREIGN_ORIGIN: "sent from a site that is not in allowed_origins",
    Reason.LINKS: "more links than enquiries have",
    Reason.REPEATED: "the same text from several people",
    Reason.CAPTCHA: "the captcha was not passed",
}
"""Each reason in words; docs/spam.md says more."""


@dataclass(frozen=True, slots=True)
class DigestTime:
    """When the digest is sent: a time of day in a time zone."""

    at: time
    zone: ZoneInfo


def last_due(digest_at: DigestTime, now: datetime) -> datetime:
    """Return the latest instant up to `now` at which a digest was due, in UTC."""
    local = now.astimezone(digest_at.zone)
    due = datetime.combine(local.date(), digest_at.at, digest_at.zone)
    if due.astimezone(UTC) > now:
        due = datetime.combine(local.date() - DAY, digest_at.at, digest_at.zone)
    return due.astimezone(UTC)


def compose_digest(figures: DigestFigures, alerts: Sequence[Alert], now: datetime) -> Message:
    """Write the digest of the last 24 hours. alerts: those that are open."""
    received = sum(figures.received.values())
    by_form = ", ".join(f"{form} {number:,}" for form, number in _most_first(figures.received))
    waiting = "none"
    if figures.oldest is not None:
        waiting = f"{figures.waiting:,}, the oldest for {span(now - figures.oldest)}"
    lines = [
        f"Received: {received:,}" + (f" ({by_form})" if by_form else ""),
        f"Delivered: {figures.delivered:,}",
        f"Need attention: {figures.parked:,} of them, {figures.parked_in_all:,} in all",
        *_spam(figures),
        f"Waiting: {waiting}",
        *(["Current problems:"] if alerts else ["No problems."]),
        *(f"- for {span(now - alert.since)}: {alert.sentence}" for alert in alerts),
    ]
    title = f"Lead Capture: {count(received, 'lead')} in 24 hours, {figures.delivered:,} delivered"
    return Message(title, "\n".join(lines), "info")


def _spam(figures: DigestFigures) -> list[str]:
    reasons = [
        f"  {number:,}: {f'{name}, {SPAM_REASONS[Reason(name)]}' if name else 'no reason given'}"
        for name, number in _most_first(figures.suspicions)
    ]
    number = sum(figures.suspicions.values())
    hint = "See `lead-capture leads list --status quarantined`; not spam? `lead-capture leads release ID`"
    return [f"Held as spam: {number:,}" + (f". {hint}" if number else ""), *reasons]


def _most_first(numbers: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0]))
