"""Conversions as a file for Google Ads: Goals, Conversions, Uploads; or a scheduled upload of the file's address.

Columns, time format and limits: Google Ads Help 7014069, "Import conversions from ad clicks into Google Ads using
files". Times carry their own zone, so the file needs no row of parameters. GBRAID and WBRAID stand for clicks on
iPhones that have no gclid (Google Ads API reference, ClickConversion: exactly one of the three is set); their columns
are there only where a row needs them.

The click may be of another visit than the one that got the credit: an ad began what a newsletter closed.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TextIO

from service.attribution import Click, clicks
from service.conversions.selection import Conversion, Reason
from service.forms import LOST, AttributionConfig, Form
from service.lead import Lead

CLICK_LIFE = timedelta(days=90)
"""How long after the click Google takes conversions of it."""

GCLID = "gclid"
IDS = (GCLID, "gbraid", "wbraid")
FIRST, MORE = ("Google Click ID",), ("GBRAID", "WBRAID")
REST = ("Conversion Name", "Conversion Time", "Conversion Value", "Conversion Currency")


def fit(conversion: Conversion, form: Form) -> Reason | None:
    """Why Google cannot be told, None when it can."""
    if conversion.name == form.conversions.get(LOST):
        return "lost"
    if _click(conversion):
        return None
    return "late" if _clicks(conversion.lead) else "no_id"


def _click(conversion: Conversion) -> Click | None:
    """The newest click of Google that it still takes conversions of; None when there is none."""
    at_s = conversion.at.timestamp()
    fresh = (click for when, click in _clicks(conversion.lead) if at_s - when <= CLICK_LIFE.total_seconds())
    return next(fresh, None)


def _clicks(lead: Lead) -> list[tuple[float, Click]]:
    """Google's clicks in all visits of a lead and when they were, the newest first; of one visit a gclid first.

    Of this visit and where the visitor's clock was ahead, that is when the lead came.
    """
    found = [*clicks(lead.submission.evidence, AttributionConfig())]
    known = {click.value for click in found}
    found += [Click(*pair, None) for pair in lead.attribution.click_ids.items() if pair[1] not in known]
    received_s = lead.received_at.timestamp()
    timed = [
        (received_s if click.at is None else min(click.at, received_s), click) for click in found if click.name in IDS
    ]
    return sorted(timed, key=lambda pair: (-pair[0], IDS.index(pair[1].name)))


def write(conversions: Sequence[Conversion], out: TextIO) -> None:
    """Write the file: a row for each conversion that fits."""
    pairs = [(one, click) for one in conversions if (click := _click(one))]
    more = any(click.name != GCLID for _, click in pairs)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*FIRST, *(MORE if more else ()), *REST))
    writer.writerows(tuple(_row(one, click, more=more)) for one, click in pairs)


def _row(one: Conversion, click: Click, *, more: bool) -> Iterator[str]:
    yield from (click.value if click.name == name else "" for name in (IDS if more else IDS[:1]))
    yield one.name
    yield time_of(one.at)
    has_value = one.value is not None and one.currency
    yield f"{one.value:.2f}" if has_value else ""
    yield one.currency if has_value else ""


def time_of(at: datetime) -> str:
    """As Google reads it: yyyy-MM-dd HH:mm:ss+z."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S%z")
