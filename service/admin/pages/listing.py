"""What the list of leads was asked for: from the address to a Query, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from service.lead import Status
from service.store import Query

PERIODS = {"today": "Today", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days"}
"""Periods by their names in the address; besides, `from` and `to` are days."""

NAMES = ("q", "status", "form", "sender", "channel", "period", "from", "to")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address, each "" where all are meant."""

    q: str = ""
    status: str = ""
    form: str = ""
    sender: str = ""
    channel: str = ""
    period: str = ""
    since: str = ""
    until: str = ""

    @property
    def values(self) -> dict[str, str]:
        """Those that are set, by their names in the address."""
        whole = (self.q, self.status, self.form, self.sender, self.channel, self.period, self.since, self.until)
        return {name: value for name, value in zip(NAMES, whole, strict=True) if value}

    @property
    def is_narrow(self) -> bool:
        """Whether anything is set besides the search."""
        return bool(self.values.keys() - {"q"})

    def address(self, **more: str) -> str:
        """The query of the address that asks for the same."""
        return urlencode({**self.values, **{name: value for name, value in more.items() if value}})

    def query(self, now: datetime, zone: tzinfo) -> Query:
        """What is looked for."""
        since, until = _days(self.since, zone), _days(self.until, zone)
        if self.period:
            days = 0 if self.period == "today" else int(self.period) - 1
            begin = now.astimezone(zone).date() - timedelta(days=days)
            since = max(filter(None, (since, datetime.combine(begin, time(), zone))))
        return Query(
            status=self.status,
            form=self.form,
            sender=self.sender,
            channel=self.channel,
            text=self.q,
            since=since,
            until=None if until is None else _next_day(until),
        )


def read(values: Mapping[str, str]) -> Asked:
    """The filters of an address or form; what makes no sense asks for nothing."""
    given = {name: values.get(name, "").strip()[:LONGEST] for name in NAMES}
    asked = Asked(*given.values())
    if asked.status not in set(Status):
        asked = replace(asked, status="")
    if asked.period not in PERIODS:
        asked = replace(asked, period="")
    return replace(asked, since=_day(asked.since), until=_day(asked.until))


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if len(text) == len("2026-11-24") else ""
    except ValueError:
        return ""


def _days(text: str, zone: tzinfo) -> datetime | None:
    return datetime.combine(date.fromisoformat(text), time(), zone) if text else None


def _next_day(instant: datetime) -> datetime:
    try:
        return instant + timedelta(days=1)
    except OverflowError:
        return instant
