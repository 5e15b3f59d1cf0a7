"""The query of the page Reports: the leads, their grouping, the period compared with, the order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from service.admin.pages.periods import PERIODS, Span, longest, previous, span_of
from service.i18n import N_, MessageTable

DEFAULT_PERIOD = "30"

GROUPINGS: Mapping[str, str] = MessageTable(
    {
        "channel": N_("Channel"),
        "source_medium": N_("Source / medium"),
        "campaign": N_("Campaign"),
        "form": N_("Form"),
        "location": N_("Location"),
        "landing_page": N_("Landing page"),
        "lead_source": N_("Lead source"),
    }
)
"""Grouping of the rows: value in the address -> name."""

TOUCHES: Mapping[str, str] = MessageTable(
    {"last": N_("Last touch"), "first": N_("First touch"), "both": N_("First and last")}
)


@dataclass(frozen=True, slots=True)
class ReportFilters:
    """The filters in the address. since, until: ISO days, "" where the period decides.

    sort: a column, descending where `is_descending`. is_compared: with the period before. includes_left_out: spam,
    tests and discarded leads count as well.
    """

    period: str = DEFAULT_PERIOD
    form: str = ""
    account: str = ""
    since: str = ""
    until: str = ""
    by: str = "channel"
    touch: str = "last"
    sort: str = "leads"
    is_descending: bool = True
    is_compared: bool = True
    includes_left_out: bool = False

    @property
    def has_dates(self) -> bool:
        """Whether dates were chosen instead of a named period."""
        return bool(self.since or self.until)

    @property
    def values(self) -> dict[str, str]:
        """The filters that differ from what an empty address means, by their names in it."""
        values = {
            "period": self.period,
            "from": self.since,
            "to": self.until,
            "by": self.by,
            "touch": self.touch,
            "form": self.form,
            "account": self.account,
            "compare": "previous" if self.is_compared else "no",
            "left_out": "1" if self.includes_left_out else "",
            "sort": self.sort,
            "order": "desc" if self.is_descending else "asc",
        }
        return {name: value for name, value in values.items() if value and value != _DEFAULTS.get(name)}

    @property
    def query(self) -> str:
        """The query of an address with these filters."""
        return urlencode(self.values)

    def sorted_by(self, column: str, descending_first: bool) -> "ReportFilters":
        """The filters that a click on a column's name leads to: the other direction where it is sorted already."""
        is_descending = not self.is_descending if column == self.sort else descending_first
        return replace(self, sort=column, is_descending=is_descending)

    def changed(self, **changes: Any) -> "ReportFilters":
        """The filters with some of them changed."""
        return replace(self, **changes)

    def span(self, today: date, first: str) -> Span:
        """The days to show. first: the oldest day with leads, "" if there is none."""
        end = date.fromisoformat(self.until) if self.until else today
        begin, end_of_period = span_of(self.period, end, date.fromisoformat(first) if first else end)
        if self.since:
            begin = date.fromisoformat(self.since)
        return longest((min(begin, end), end if self.has_dates else end_of_period))

    def previous_span(self, span: Span) -> Span | None:
        """The days to compare with, None for none."""
        if not self.is_compared:
            return None
        return previous("" if self.has_dates else self.period, span)


_DEFAULTS = {"period": DEFAULT_PERIOD, "by": "channel", "touch": "last", "compare": "previous", "sort": "leads"}
_DEFAULTS["order"] = "desc"


def read_filters(values: Mapping[str, str]) -> ReportFilters:
    """The filters of an address; invalid values are ignored."""
    since, until = _iso_day(values.get("from", "")), _iso_day(values.get("to", ""))
    period = _one_of(PERIODS, values.get("period", ""), DEFAULT_PERIOD)
    if "was" in values and values.get("period") and values["period"] != values["was"]:
        since = until = ""  # another period was chosen while the form still held dates
    return ReportFilters(
        period=DEFAULT_PERIOD if since or until else period,
        form=values.get("form", "").strip()[:200],
        account=values.get("account", "").strip()[:200],
        since=since,
        until=until,
        by=_one_of(GROUPINGS, values.get("by", ""), "channel"),
        touch=_one_of(TOUCHES, values.get("touch", ""), "last"),
        sort=values.get("sort", "").strip()[:100] or "leads",
        is_descending=values.get("order", "") != "asc",
        is_compared=values.get("compare", "") != "no",
        includes_left_out=values.get("left_out", "") == "1",
    )


def _one_of(known: Mapping[str, str], value: str, otherwise: str) -> str:
    return value if value in known else otherwise


def _iso_day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return ""
