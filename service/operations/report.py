"""Origins of a period's leads: channels, sources, campaigns, and problems with tags."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from service.attribution import signals
from service.forms import AttributionConfig, Form
from service.nexudus.values import lead_source_name
from service.operations.lead_json import instant
from service.store import OriginCount, Origins, Period, Store

DEFAULT_PERIOD_DAYS = 30

MAX_LISTED = 100
"""Entries per list; `more` counts the others."""

DEFAULTS = {
    "direct": "no trace of where they came from",
    "unassigned": "tags that no rule knows",
    "default_lead_source": "the form's default_lead_source",
}
"""Rule that chose a LeadSource only because one is required -> its meaning."""

_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def period_of(since: datetime | None, until: datetime | None, form: str, now: datetime) -> Period:
    """Return the period in UTC, by default the last 30 days. A period that ends before it begins has no leads."""
    end = _utc(until or now)
    length = min(timedelta(days=DEFAULT_PERIOD_DAYS), end - _FIRST)
    return Period(_utc(since) if since else end - length, end, form)


def _utc(instant: datetime) -> datetime:
    """Return an instant in UTC; clamped where a zone moves it beyond the calendar's ends."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return _FIRST if instant.year == 1 else _LAST


def attribution_report(store: Store, forms: Mapping[str, Form], period: Period) -> dict[str, Any]:
    """Return the figures as JSON, the largest first; shares from 0 to 1 of all leads.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        tx.statistics.fix_moment()
        origins = tx.statistics.origins(period)
    total = sum(count.leads for count in origins.verdicts)
    lists = {
        "sources": _figures(origins.sources, ("utm_source", "utm_medium"), total),
        "campaigns": _figures(origins.campaigns, ("utm_campaign",), total),
        "unknown_sources": [
            {"form": form, "utm_source": source, "leads": number, "source_map": _source_map_line(source)}
            for (form, source), number, _ in origins.by_form
            if not is_known(forms.get(form), source)
        ],
        "codes": [
            {"code": code, "form": form, "utm_campaign": campaign, "leads": number}
            for (code, form, campaign), number, _ in origins.codes
        ],
        "lookalikes": _lookalikes(origins),
    }
    lead_sources = _figures(_summed(origins.verdicts, 1), ("lead_source",), total)
    return {
        "since": instant(period.since),
        "until": instant(period.until),
        "form": period.form or None,
        "leads": total,
        "delivered": sum(count.delivered for count in origins.verdicts),
        "left_out": dict(sorted(origins.left_out.items())),
        "channels": _figures(_summed(origins.verdicts, 0), ("channel",), total),
        "lead_sources": [_with_name(figure) for figure in lead_sources],
        "defaults": _defaults(origins.verdicts, total),
        **{name: entries[:MAX_LISTED] for name, entries in lists.items()},
        "more": {name: len(entries) - MAX_LISTED for name, entries in lists.items() if len(entries) > MAX_LISTED},
        "cut": sorted(origins.cut),
    }


def _share(number: int, total: int) -> float:
    return round(number / total, 4) if total else 0.0


def _summed(counts: Iterable[OriginCount], place: int) -> list[OriginCount]:
    """Return the counts summed by one of their values."""
    leads: Counter[str] = Counter()
    delivered: Counter[str] = Counter()
    for count in counts:
        leads[count.values[place]] += count.leads
        delivered[count.values[place]] += count.delivered
    return [
        OriginCount((value,), number, delivered[value]) for value, number in sorted(leads.items(), key=_largest_first)
    ]


def _largest_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _figures(counts: Iterable[OriginCount], names: Sequence[str], total: int) -> list[dict[str, Any]]:
    return [
        {
            **dict(zip(names, count.values, strict=True)),
            "leads": count.leads,
            "share": _share(count.leads, total),
            "delivered": count.delivered,
        }
        for count in counts
    ]


def _with_name(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure with the LeadSource's name beside its number."""
    number = int(figure["lead_source"])
    return {**figure, "lead_source": number, "name": lead_source_name(number)}


def _defaults(verdicts: Iterable[OriginCount], total: int) -> list[dict[str, Any]]:
    """Return the leads whose LeadSource is only a default, by the rule that chose it."""
    numbers: Counter[str] = Counter()
    for (channel, _, rule), number, _ in verdicts:
        if default := default_rule(rule, channel):
            numbers[default] += number
    return [
        {"rule": rule, "meaning": DEFAULTS[rule], "leads": number, "share": _share(number, total)}
        for rule, number in sorted(numbers.items(), key=_largest_first)
    ]


def default_rule(rule: str, channel: str) -> str:
    """Return the key of DEFAULTS if a LeadSource was chosen only because one is required, else ""."""
    deciding = rule.rpartition(":")[2]
    if deciding == "form_default":
        return "default_lead_source"
    return channel.lower() if deciding == "by_channel" and channel.lower() in DEFAULTS else ""


def is_known(form: Form | None, utm_source: str) -> bool:
    """Return whether the rules, the form or one of its routes know a stored utm_source. form: None if removed."""
    configs = [AttributionConfig()]
    if form is not None:
        configs = [form.attribution, *(route.form.attribution for route in form.routes)]
    return any(signals.is_known_source(utm_source, config) for config in configs)


def _source_map_line(utm_source: str) -> str:
    """Return the line for the forms file; 99 is a placeholder for the LeadSource that the operator chooses."""
    return f"source_map = {{ {json.dumps(utm_source, ensure_ascii=False)} = 99 }}"


def _lookalikes(origins: Origins) -> list[dict[str, Any]]:
    """Return tags that look the same to people but are counted separately."""
    tags = {"utm_campaign": origins.campaigns, "utm_content": origins.contents, "utm_term": origins.terms}
    groups = []
    for name, counts in tags.items():
        numbers = {count.values[0]: count.leads for count in counts}
        for values in signals.lookalikes(numbers).values():
            is_case = len({value.lower() for value in values}) == 1
            spellings = [{"value": value, "leads": numbers[value]} for value in values]
            groups.append({"name": name, "differ_by": "case" if is_case else "separators", "spellings": spellings})
    return sorted(groups, key=lambda group: -sum(spelling["leads"] for spelling in group["spellings"]))
