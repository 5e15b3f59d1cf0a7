"""Conversions as a file for Google Ads: Goals, Conversions, Uploads; or a scheduled upload of the file's address.

Columns, time format and limits: Google Ads Help 7014069, "Import conversions from ad clicks into Google Ads using
files". Times carry their own zone, so the file needs no row of parameters. GBRAID and WBRAID stand for clicks on
iPhones that have no gclid (Google Ads API reference, ClickConversion: exactly one of the three is set); their columns
are there only where a row needs them.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TextIO

from service.forms import LOST, Form
from service.ledger.choosing import Conversion, Reason

CLICK_LIFE = timedelta(days=90)
"""How long after the click Google takes conversions of it."""

GCLID, BRAIDS = "gclid", ("gbraid", "wbraid")
FIRST, MORE = ("Google Click ID",), ("GBRAID", "WBRAID")
REST = ("Conversion Name", "Conversion Time", "Conversion Value", "Conversion Currency")


def fit(conversion: Conversion, form: Form) -> Reason | None:
    """Why Google cannot be told, None when it can."""
    ids = conversion.lead.attribution.click_ids
    if conversion.name == form.conversions.get(LOST):
        return "lost"
    if not any(ids.get(name) for name in (GCLID, *BRAIDS)):
        return "no_id"
    return "late" if conversion.at - conversion.lead.received_at > CLICK_LIFE else None


def write(conversions: Sequence[Conversion], out: TextIO) -> None:
    """Write the file."""
    more = any(_click(one)[0] == "" for one in conversions)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*FIRST, *(MORE if more else ()), *REST))
    writer.writerows(tuple(_row(one, more=more)) for one in conversions)


def _row(one: Conversion, *, more: bool) -> Iterator[str]:
    gclid, *braids = _click(one)
    yield gclid
    if more:
        yield from braids
    yield one.name
    yield time_of(one.at)
    has_value = one.value is not None and one.currency
    yield f"{one.value:.2f}" if has_value else ""
    yield one.currency if has_value else ""


def _click(one: Conversion) -> tuple[str, str, str]:
    """The click's id in its place; the others are empty."""
    ids = one.lead.attribution.click_ids
    if gclid := ids.get(GCLID, ""):
        return gclid, "", ""
    gbraid, wbraid = (ids.get(name, "") for name in BRAIDS)
    return "", gbraid, "" if gbraid else wbraid


def time_of(at: datetime) -> str:
    """As Google reads it: yyyy-MM-dd HH:mm:ss+z."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S%z")
