"""Where the leads of a period came from, for marketing: channels, sources, campaigns, and what went wrong with tags."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from service.attribution import signals
from service.forms import AttributionConfig, Form
from service.nexudus.enumerations import lead_source_name
from service.store import OriginCount, Origins, Period, Store

DAYS = 30
"""Length of a period that nobody named."""

LISTED = 100
"""Entries of a list that are told; `more` says how many further ones there are."""

DEFAULTS = {
    "direct": "nothing tells where they came from",
    "unassigned": "tagged in words that no rule knows",
    "default_lead_source": "the form's default_lead_source",
}
"""Which rule gave a LeadSource by default -> what that means."""


def period_of(since: datetime | None, until: datetime | None, form: str, now: datetime) -> Period:
    """The period asked for, in UTC; by default the last thirty days. One that ends before it begins has no leads."""
    end = _utc(until or now)
    length = min(timedelta(days=DAYS), end - _FIRST)
    return Period(_utc(since) if since else end - length, end, form)


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _utc(instant: datetime) -> datetime:
    """An instant in UTC; the ends of the calendar lie outside of it in some zones."""
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        return _FIRST if instant.year == 1 else _LAST


def attribution_report(store: Store, forms: Mapping[str, Form], period: Period) -> dict[str, Any]:
    """The figures as JSON values, the largest first; of shares 1.0 is all.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        origins = tx.statistics.origins(period)
    total = sum(count.leads for count in origins.verdicts)
    lists = {
        "sources": _listed(origins.sources, ("utm_source", "utm_medium"), total),
        "campaigns": _listed(origins.campaigns, ("utm_campaign",), total),
        "unknown_sources": _unknown(origins.by_form, forms),
        "codes": _codes(origins.codes),
        "lookalikes": _lookalikes(origins),
    }
    return {
        "since": _instant(period.since),
        "until": _instant(period.until),
        "form": period.form or None,
        "leads": total,
        "delivered": sum(count.delivered for count in origins.verdicts),
        "left_out": dict(sorted(origins.left_out.items())),
        "channels": _listed(_folded(origins.verdicts, 0), ("channel",), total),
        "lead_sources": _numbered(_listed(_folded(origins.verdicts, 1), ("lead_source",), total)),
        "defaults": _defaults(origins.verdicts, total),
        **{name: entries[:LISTED] for name, entries in lists.items()},
        "more": {name: len(entries) - LISTED for name, entries in lists.items() if len(entries) > LISTED},
        "cut": sorted(origins.cut),
    }


def _instant(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _share(number: int, total: int) -> float:
    return round(number / total, 4) if total else 0.0


def _folded(counts: Iterable[OriginCount], place: int) -> list[OriginCount]:
    """The same counted by one of the values that they share."""
    leads: Counter[str] = Counter()
    delivered: Counter[str] = Counter()
    for count in counts:
        leads[count.what[place]] += count.leads
        delivered[count.what[place]] += count.delivered
    return [OriginCount((what,), number, delivered[what]) for what, number in sorted(leads.items(), key=_by_number)]


def _by_number(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _listed(counts: Iterable[OriginCount], names: Sequence[str], total: int) -> list[dict[str, Any]]:
    return [
        {
            **dict(zip(names, count.what, strict=True)),
            "leads": count.leads,
            "share": _share(count.leads, total),
            "delivered": count.delivered,
        }
        for count in counts
    ]


def _numbered(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The LeadSources as numbers, with their names."""
    return [
        {"lead_source": int(entry["lead_source"]), "name": lead_source_name(int(entry["lead_source"])), **_rest(entry)}
        for entry in entries
    ]


def _rest(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "lead_source"}


def _defaults(verdicts: Iterable[OriginCount], total: int) -> list[dict[str, Any]]:
    """How many got their LeadSource only because one must be given, and by which rule."""
    found: Counter[str] = Counter()
    for (channel, _, rule), number, _ in verdicts:
        decided = rule.rpartition(":")[2]
        if decided == "form_default":
            found["default_lead_source"] += number
        elif decided == "by_channel" and channel.lower() in DEFAULTS:
            found[channel.lower()] += number
    return [
        {"rule": rule, "meaning": DEFAULTS[rule], "leads": number, "share": _share(number, total)}
        for rule, number in sorted(found.items(), key=_by_number)
    ]


def _unknown(by_form: Iterable[OriginCount], forms: Mapping[str, Form]) -> list[dict[str, Any]]:
    """The utm_source values that nothing knows, each with the line that would teach it to the form."""
    return [
        {"form": form, "utm_source": source, "leads": number, "source_map": _line(source)}
        for (form, source), number, _ in by_form
        if not is_known(forms.get(form), source)
    ]


def is_known(form: Form | None, utm_source: str) -> bool:
    """Whether the rules, or the form or one of its routes, say what a stored utm_source stands for."""
    return any(signals.is_known_source(utm_source, wishes) for wishes in _wishes(form))


def _wishes(form: Form | None) -> list[AttributionConfig]:
    """What a form and its routes say about credit; nothing, where the forms file does not have it any more."""
    return (
        [AttributionConfig()]
        if form is None
        else [form.attribution, *(route.form.attribution for route in form.routes)]
    )


def _line(utm_source: str) -> str:
    """What to write into the forms file; 99 stands for the LeadSource that the operator chooses."""
    return f"source_map = {{ {json.dumps(utm_source, ensure_ascii=False)} = 99 }}"


def _codes(counts: Iterable[OriginCount]) -> list[dict[str, Any]]:
    """What was wrong with values, by form and by what is left of the campaign's name."""
    return [
        {"code": code, "form": form, "utm_campaign": campaign, "leads": number}
        for (code, form, campaign), number, _ in counts
    ]


def _lookalikes(origins: Origins) -> list[dict[str, Any]]:
    """Tags that people take for one, but figures count apart."""
    tags = {"utm_campaign": origins.campaigns, "utm_content": origins.contents, "utm_term": origins.terms}
    found = []
    for name, counts in tags.items():
        numbers = {count.what[0]: count.leads for count in counts}
        for spellings in signals.lookalikes(numbers).values():
            is_case = len({spelling.lower() for spelling in spellings}) == 1
            told = [{"value": spelling, "leads": numbers[spelling]} for spelling in spellings]
            found.append({"name": name, "differ_by": "case" if is_case else "separators", "spellings": told})
    return sorted(found, key=lambda each: -sum(spelling["leads"] for spelling in each["spellings"]))
