"""Conversions as a CSV for Google Ads: Goals, Conversions, Uploads; or a scheduled upload of the file's address.

Columns, time format and limits: Google Ads Help 7014069, "Import conversions from ad clicks into Google Ads using
files". Times carry their own zone, so the file needs no row of parameters. GBRAID and WBRAID identify clicks on
iPhones that have no gclid (Google Ads API reference, ClickConversion: exactly one of the three is set); their columns
are written only where a row needs them.

The click may belong to another visit than the one that the lead is attributed to: an ad began what a newsletter closed.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TextIO

from service.attribution import Click, clicks
from service.conversions import Conversion, Exclusion, Fit
from service.forms import LOST, AttributionConfig, Form
from service.lead import Lead

MAX_CLICK_AGE = timedelta(days=90)
"""Google takes no conversions of older clicks."""

GCLID = "gclid"
CLICK_IDS = (GCLID, "gbraid", "wbraid")
GCLID_COLUMN, BRAID_COLUMNS = ("Google Click ID",), ("GBRAID", "WBRAID")
OTHER_COLUMNS = ("Conversion Name", "Conversion Time", "Conversion Value", "Conversion Currency")


def fit_at(_now: datetime) -> Fit:
    """Return what decides why Google cannot take a conversion; its limit counts from the click, not from now."""
    return fit


def fit(conversion: Conversion, form: Form) -> Exclusion | None:
    """Return why Google cannot take a conversion, None when it can."""
    if conversion.name == form.conversions.get(LOST):
        return "lost"
    if _click_of(conversion):
        return None
    return "late" if _timed_clicks(conversion.lead) else "no_id"


def _click_of(conversion: Conversion) -> Click | None:
    """Return the newest Google click that is not too old for the conversion."""
    oldest_s = conversion.at.timestamp() - MAX_CLICK_AGE.total_seconds()
    return next((click for at_s, click in _timed_clicks(conversion.lead) if at_s >= oldest_s), None)


def _timed_clicks(lead: Lead) -> list[tuple[float, Click]]:
    """Return Google's clicks in all visits of a lead with their times, newest first; within a visit a gclid first.

    A click of the last visit, or one from the future by the visitor's clock, has the time of the lead.
    """
    all_clicks = [*clicks(lead.submission.evidence, AttributionConfig())]
    known = {click.value for click in all_clicks}
    all_clicks += [Click(*pair, None) for pair in lead.attribution.click_ids.items() if pair[1] not in known]
    received_s = lead.received_at.timestamp()
    timed = [
        (received_s if click.at is None else min(click.at, received_s), click)
        for click in all_clicks
        if click.name in CLICK_IDS
    ]
    return sorted(timed, key=lambda pair: (-pair[0], CLICK_IDS.index(pair[1].name)))


def write(
    conversions: Sequence[Conversion],
    _forms: Mapping[str, Form],
    out: TextIO,
    *,
    hashed: bool = False,  # noqa: ARG001 (only Meta takes e-mail and phone)
) -> None:
    """Write a row for each conversion that has a click."""
    rows = [(conversion, click) for conversion in conversions if (click := _click_of(conversion))]
    has_braids = any(click.name != GCLID for _, click in rows)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*GCLID_COLUMN, *(BRAID_COLUMNS if has_braids else ()), *OTHER_COLUMNS))
    names = CLICK_IDS if has_braids else (GCLID,)
    writer.writerows(tuple(_cells(conversion, click, names)) for conversion, click in rows)


def _cells(conversion: Conversion, click: Click, names: Sequence[str]) -> Iterator[str]:
    yield from (click.value if click.name == name else "" for name in names)
    yield conversion.name
    yield time_of(conversion.at)
    has_value = conversion.value is not None and conversion.currency
    yield f"{conversion.value:.2f}" if has_value else ""
    yield conversion.currency if has_value else ""


def time_of(at: datetime) -> str:
    """Return a time as Google reads it: yyyy-MM-dd HH:mm:ss+z."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S%z")
