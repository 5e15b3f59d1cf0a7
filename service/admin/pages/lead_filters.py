"""The query of the page Leads: which leads, in which order, with which columns, and which page of the list.

A lead's own page has the same query, so that it links back to the list, and to the next lead.
"""

import json
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from service.admin.pages.labels import lead_source_name
from service.admin.pages.periods import PERIODS, span_of
from service.admin.pages.reports.filters import GROUPINGS, TOUCHES
from service.i18n import N_, MessageTable
from service.lead import Status
from service.store import FIRST, LAST, Query, ReportRow, SaleStatus, SortOrder, SortPlace

LEAD_ID = re.compile("[0-9a-f]{32}")

COUNTED = "counted"
"""Value of the status for leads that reports count: no spam, tests and discarded ones."""

ORDERS: Mapping[str, str] = MessageTable(
    {
        "": N_("Newest first"),
        "oldest": N_("Oldest first"),
        "name": N_("Name, A to Z"),
        "-name": N_("Name, Z to A"),
        "company": N_("Company, A to Z"),
        "-company": N_("Company, Z to A"),
        "-value": N_("Highest value"),
        "value": N_("Lowest value"),
        "-won": N_("Last won"),
        "won": N_("First won"),
    }
)
"""Order in the address -> its name."""

COLUMNS: Mapping[str, str] = MessageTable(
    {
        "status": N_("Status"),
        "email": N_("E-mail"),
        "phone": N_("Phone"),
        "company": N_("Company"),
        "message": N_("Message"),
        "location": N_("Location"),
        "form": N_("Form"),
        "channel": N_("Channel"),
        "source": N_("Source"),
        "campaign": N_("Campaign"),
        "stage": N_("Stage"),
        "value": N_("Value"),
        "won": N_("Won"),
        "received": N_("Received"),
    }
)
"""Columns of the list, beside the person: value in the address -> title."""

DEFAULT_COLUMNS = ("status", "email", "form", "channel", "received")

MAX_FILTER_LENGTH = 200

MAX_ROW_LENGTH = 600
"""Characters of a row of Reports: values may be as long as the tags of a visit."""

_FILTERS = {
    **{name: name for name in ("q", "status", "form", "sender", "channel", "campaign", "sale", "account", "problem")},
    "period": "period",
    "from": "since",
    "to": "until",
    "report": "report",
    "sort": "sort",
}
"""Name in the address -> field of LeadFilters."""

_PLACES = ("before", "after")


@dataclass(frozen=True, slots=True)
class LeadFilters:
    """The filters in the address, each "" for all. since, until: ISO days. problem: the beginning of the problem.

    report: a row of Reports, see report_row.

    sort: one of ORDERS. before, after: the page of the list ends before this place, or begins after it. columns: those
    chosen, None for those of the browser.
    """

    q: str = ""
    status: str = ""
    form: str = ""
    sender: str = ""
    channel: str = ""
    campaign: str = ""
    sale: str = ""
    account: str = ""
    problem: str = ""
    period: str = ""
    since: str = ""
    until: str = ""
    report: str = ""
    sort: str = ""
    before: str = ""
    after: str = ""
    columns: tuple[str, ...] | None = field(default=None, compare=False)

    @property
    def values(self) -> dict[str, str]:
        """The filters and the order, where they are set, by their names in the address."""
        values = {name: getattr(self, attribute) for name, attribute in _FILTERS.items()}
        return {name: value for name, value in values.items() if value}

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, without the order."""
        return {name: value for name, value in self.values.items() if name != "sort"}

    @property
    def place(self) -> dict[str, str]:
        """The page of the list, by its name in the address."""
        return {name: getattr(self, name) for name in _PLACES if getattr(self, name)}

    def address(self, **more: str) -> str:
        """The query with these filters, changed by `more`, for the first page."""
        values = {**self.values, **more}
        return urlencode({name: value for name, value in values.items() if value})

    @property
    def here(self) -> str:
        """The query of the address of this page of the list."""
        return urlencode({**self.values, **self.place})

    def to_next(self, place: str) -> str:
        """The query of the address of the next page. Newest first, it holds what came before."""
        return self.address(**{"after" if self.sort else "before": place})

    def to_previous(self, place: str) -> str:
        """The query of the address of the page before."""
        return self.address(**{"before" if self.sort else "after": place})

    def without(self, name: str) -> str:
        """The query of an address without one filter."""
        return urlencode({each: value for each, value in self.values.items() if each != name})

    # -- for the store

    def query(self, now: datetime, zone: tzinfo) -> Query:
        """The filters as a query of the store."""
        since, until = self._bounds(now.astimezone(zone).date(), zone)
        return Query(
            status="" if self.status == COUNTED else self.status,
            counted=self.status == COUNTED,
            form=self.form,
            sender=self.sender,
            channel=self.channel,
            campaign=self.campaign,
            sale=self.sale,
            account=self.account,
            problem=self.problem,
            text=self.q,
            since=since,
            until=until,
            row=report_row(self.report),
        )

    def _bounds(self, today: date, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        first, last = _day(self.since), _day(self.until)
        if self.period and self.period != "all":
            begin, end = span_of(self.period, today, today)
            first, last = max(first or begin, begin), min(last or end, end)
        return _midnight(first, zone), None if last is None else _midnight(_next(last), zone)

    @property
    def is_by_arrival(self) -> bool:
        """Whether the order is that of arrival, or its reverse."""
        return self.sort in ("", "oldest")

    def order(self, place: SortPlace | None, *, is_backwards: bool = False) -> SortOrder:
        """The order for the store, where it is not that of arrival."""
        return SortOrder(self.sort.removeprefix("-"), self.sort.startswith("-"), place, is_backwards)


def read_filters(values: Mapping[str, str]) -> LeadFilters:
    """The filters of an address or a form; invalid values are ignored."""
    text = {name: values.get(name, "").strip()[:MAX_FILTER_LENGTH] for name in _FILTERS}
    report = values.get("report", "").strip()[:MAX_ROW_LENGTH]
    return LeadFilters(
        q=text["q"],
        status=_one_of({*Status, COUNTED}, text["status"]),
        form=text["form"],
        sender=text["sender"],
        channel=text["channel"],
        campaign=text["campaign"],
        sale=_one_of(set(SaleStatus), text["sale"]),
        account=text["account"],
        problem=text["problem"],
        period=_one_of(PERIODS, text["period"]),
        since=_iso_day(text["from"]),
        until=_iso_day(text["to"]),
        report=report if report_row(report) else "",
        sort=_one_of(ORDERS, text["sort"]),
        before=_valid_place(values.get("before", "")),
        after=_valid_place(values.get("after", "")),
        columns=_columns(values),
    )


def report_row(text: str) -> ReportRow | None:
    """The row of Reports that an address names: "campaign:last:spring". None where there is no such row."""
    by, touch, value = (*text.split(":", 2), "", "")[:3]
    is_row = by in GROUPINGS and touch in (FIRST, LAST) and value and (by != "lead_source" or value.isdecimal())
    return ReportRow(by, touch, value) if is_row else None


def _one_of(known: Container[str], value: str) -> str:
    return value if value in known else ""


def _columns(values: Mapping[str, str]) -> tuple[str, ...] | None:
    """The columns of an address that names some; the form that chooses them also sends an empty one."""
    if "column" not in values:
        return None
    names = values.getlist("column") if isinstance(values, MultiDict) else [values["column"]]
    return tuple(name for name in COLUMNS if name in names)


def read_columns(text: str) -> tuple[str, ...]:
    """The columns that a browser remembers."""
    names = text.split(".")
    return tuple(name for name in COLUMNS if name in names) if text else DEFAULT_COLUMNS


# -- places in the list


def valid_id(text: str) -> str:
    """The text if it is a lead's id, else ""."""
    return text if LEAD_ID.fullmatch(text) else ""


def sort_place(text: str) -> SortPlace | None:
    """The place in a sorted list that an address carries."""
    try:
        lead_id, key = json.loads(text)
    except ValueError:
        return None
    is_place = isinstance(lead_id, str) and valid_id(lead_id) and isinstance(key, str | int | float | None)
    return SortPlace(key, lead_id) if is_place and not isinstance(key, bool) else None


def _valid_place(text: str) -> str:
    return valid_id(text) or (text if sort_place(text) else "")


# -- days


def _iso_day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if len(text) == len("2026-11-24") else ""
    except ValueError:
        return ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _next(day: date) -> date:
    try:
        return day + timedelta(days=1)
    except OverflowError:
        return day


def _midnight(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def names_of(filters: LeadFilters, names: Mapping[str, Mapping[str, str]]) -> Sequence[tuple[str, str]]:
    """The filters that are set, each with its value in words. names: filter -> value -> word."""
    words = [(name, names.get(name, {}).get(value, value)) for name, value in filters.chosen.items()]
    return [(name, _row_name(report_row(value), names) if name == "report" else value) for name, value in words]


def _row_name(row: ReportRow | None, names: Mapping[str, Mapping[str, str]]) -> str:
    if row is None:
        return ""
    value = (
        lead_source_name(int(row.value)) if row.by == "lead_source" else names.get(row.by, {}).get(row.value, row.value)
    )
    name = f"{GROUPINGS[row.by]} {value}"
    return name if row.by in ("form", "location") else f"{name}, {TOUCHES[row.touch].lower()}"
