"""The figures of a report: each a summary sentence, a chart and a table."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from service.admin.pages.charts import (
    Axis,
    BarChart,
    ColumnChart,
    Timeline,
    bar_chart,
    column_chart,
    top_of_counts,
    top_of_durations,
)
from service.admin.pages.labels import STATUSES, counted, share, short_duration, whole
from service.operations.report import DEFAULTS, default_rule
from service.store import DateRange, Statistics
from service.store.counting import ERASED, JOINT, REST, seconds_of

MAX_BARS = 10
MAX_CHARTS = 8
"""Bars and charts that are drawn; the table shows everything."""

MAX_NAME_LENGTH = 34
"""Characters of a name that fit beside a bar on a phone."""

KNOWN = "Tags, click ids, referrer or form rule"

NO_LEADS = "No leads in this period."

Cell = str | int


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """One figure. name: in addresses; head, rows: its table; empty: the text when there are no rows."""

    name: str
    title: str
    summary: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    charts: Sequence[ColumnChart] = ()
    bars: BarChart | None = None
    notes: Sequence[str] = ()
    empty: str = NO_LEADS


@dataclass(frozen=True, slots=True)
class ReportData:
    """What figures are drawn from. knows_source: whether any rule knows a utm_source."""

    statistics: Statistics
    days: DateRange
    timeline: Timeline
    knows_source: Callable[[str], bool]
    cache: dict[str, list[tuple[str, str, int, int]]] = field(default_factory=dict)

    def by_day(self, kind: str) -> list[tuple[str, str, int, int]]:
        """Day, value, leads, delivered; read once for all figures."""
        if kind not in self.cache:
            self.cache[kind] = self.statistics.by_day(kind, self.days)
        return self.cache[kind]

    def by_value(self, kind: str) -> dict[str, list[int]]:
        """Value -> leads in each part of the timeline."""
        numbers: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for day, value, number, _ in self.by_day(kind):
            numbers[value].append((day, number))
        return {value: self.timeline.summed(of_days) for value, of_days in numbers.items()}


# -- over time


def leads(data: ReportData) -> ReportFigure:
    """Leads over time."""
    days, timeline = data.by_day("channel"), data.timeline
    received = timeline.summed((day, number) for day, _, number, _ in days)
    delivered = timeline.summed((day, number) for day, _, _, number in days)
    total, average = sum(received), sum(received) / timeline.days
    a_day = f"{average:,.0f}" if average >= 10 else f"{average:.1f}"  # noqa: PLR2004 (a decimal below ten)
    summary = f"{counted(total, 'lead')} in {counted(timeline.days, 'day')}, about {a_day} a day."
    if total:
        best = max(range(len(received)), key=received.__getitem__)
        summary += f" Busiest {timeline.unit}: {timeline.names[best]}, with {received[best]:,}."
    axis = Axis(timeline.names, timeline.labels, top_of_counts(max(received)), whole)
    return ReportFigure(
        "leads",
        "Leads over time",
        summary,
        (timeline.unit.capitalize(), "Leads", "Delivered"),
        list(zip(timeline.keys, received, delivered, strict=True)) if total else (),
        [column_chart("", f"by {timeline.unit}", received, axis)],
        notes=["Spam, tests and discarded leads are not counted."],
    )


def channels(data: ReportData) -> ReportFigure:
    """Leads over time by channel, all on one scale."""
    parts = data.by_value("channel")
    names = sorted(parts, key=lambda name: (-sum(parts[name]), name))
    drawn = {name: parts[name] for name in names[:MAX_CHARTS]}
    if len(names) == MAX_CHARTS + 1:
        drawn[names[-1]] = parts[names[-1]]
    elif len(names) > MAX_CHARTS:
        others = [parts[name] for name in names[MAX_CHARTS:]]
        drawn[f"{len(others)} other channels"] = [sum(column) for column in zip(*others, strict=True)]
    top = top_of_counts(max((max(values) for values in drawn.values()), default=0))
    axis = Axis(data.timeline.names, data.timeline.labels, top, whole)
    charts = [column_chart(name, counted(sum(values), "lead"), values, axis) for name, values in drawn.items()]
    total = sum(map(sum, parts.values()))
    shares = [f"{name} {share(sum(parts[name]), total)}" for name in names[:3]]
    summary = f"Largest: {_listed(shares)}. All charts have the same scale." if shares else ""
    return ReportFigure("channels", "By channel", summary, *_table_by_part(data.timeline, names, parts), charts)


def _table_by_part(
    timeline: Timeline, names: Sequence[str], parts: Mapping[str, Sequence[int]]
) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    if not names:
        return (), ()
    rows: list[Sequence[Cell]] = [
        (key, *(parts[name][place] for name in names)) for place, key in enumerate(timeline.keys)
    ]
    return (timeline.unit.capitalize(), *names), rows


# -- by a property of the lead


def _numbers(data: ReportData, kind: str, name_of: Callable[[str], str]) -> dict[str, tuple[int, int]]:
    """Name -> leads, delivered; "" for leads without a value."""
    sums: dict[str, tuple[int, int]] = {}
    for value, number, delivered in data.statistics.by_value(kind, data.days):
        name = "Rare ones" if value == REST else name_of(value)
        before = sums.get(name, (0, 0))
        sums[name] = (before[0] + number, before[1] + delivered)
    return sums


def _ranking(
    name: str, title: str, heading: str, kind: str, name_of: Callable[[str], str], data: ReportData
) -> ReportFigure:
    """The values of one property, the largest as bars. name_of: how a stored value is shown, "" for none."""
    numbers = _numbers(data, kind, name_of)
    total = sum(number for number, _ in numbers.values())
    ranked = sorted(((value, *both) for value, both in numbers.items() if value), key=lambda row: (-row[1], row[0]))
    bars = [
        (_short(value), float(number), f"{number:,} · {share(number, total)}") for value, number, _ in ranked[:MAX_BARS]
    ]
    without = numbers.get("", (0, 0))[0]
    notes = [f"{counted(without, 'lead')} ({share(without, total)}) without a {kind}."] if without else []
    if len(ranked) > MAX_BARS:
        notes.append(f"The {MAX_BARS} largest of {len(ranked):,}; the table has all.")
    return ReportFigure(
        name,
        title,
        f"{_short(ranked[0][0])} brought the most: {share(ranked[0][1], total)}." if ranked else "",
        (heading, "Leads", "Delivered", "Share"),
        [(value, number, delivered, share(number, total)) for value, number, delivered in ranked],
        (),
        bar_chart(bars),
        notes,
        f"No lead of this period has a {kind}." if total else NO_LEADS,
    )


def _source_and_medium(value: str) -> str:
    return value.replace(JOINT, " / ") if value != JOINT else ""


def _location(value: str) -> str:
    return "Erased people" if value == ERASED else value


# -- delivery


def speed(data: ReportData) -> ReportFigure:
    """Time from arrival to the opportunity in Nexudus: median and 95th percentile."""
    timeline = data.timeline
    buckets: list[Counter[int]] = [Counter() for _ in timeline.keys]
    for day, value, number, _ in data.by_day("speed"):
        if value != REST:
            buckets[timeline.places[day]][int(value)] += number
    everything = sum(buckets, Counter[int]())
    medians, upper = ([percentile(each, part) for each in buckets] for part in (0.5, 0.95))
    charts = [
        column_chart(
            title,
            f"overall {short_duration(percentile(everything, part))}",
            values,
            Axis(timeline.names, timeline.labels, top_of_durations(max(values)), short_duration),
        )
        for title, part, values in (("Median", 0.5, medians), ("95th percentile", 0.95, upper))
    ]
    rows = [
        (key, each.total(), short_duration(median), short_duration(high))
        for key, each, median, high in zip(timeline.keys, buckets, medians, upper, strict=True)
    ]
    median, high = (short_duration(percentile(everything, part)) for part in (0.5, 0.95))
    has_any = bool(everything.total())
    return ReportFigure(
        "speed",
        "Time to CRM",
        f"Half of the leads were in Nexudus within {median}, 95% within {high}." if has_any else "",
        (timeline.unit.capitalize(), "Delivered", "Median", "95th percentile"),
        rows if has_any else (),
        charts,
        None,
        ["From arrival to the opportunity in Nexudus, accurate to 10%; imported leads not counted. Two scales."],
        "No lead of this period has been delivered yet.",
    )


def percentile(buckets: Mapping[int, int], part: float) -> float:
    """Seconds within which that part of the leads was delivered; 0 without leads."""
    wanted = part * sum(buckets.values())
    passed = 0
    for bucket in sorted(buckets):
        passed += buckets[bucket]
        if passed >= wanted:
            return seconds_of(bucket)
    return 0.0


def health(data: ReportData) -> ReportFigure:
    """Leads over time by their present status."""
    timeline, parts = data.timeline, data.by_value("status")
    labels = [(status, label) for status, label in STATUSES.items() if status in parts]
    charts = [
        column_chart(
            label.name,
            counted(sum(parts[status]), "lead"),
            parts[status],
            Axis(timeline.names, timeline.labels, top_of_counts(max(parts[status])), whole),
            label.tone,
        )
        for status, label in labels
    ]
    wanted = sum(sum(parts.get(status, ())) for status in ("delivered", "pending", "parked", "announced"))
    summary = f"{share(sum(parts.get('delivered', ())), wanted)} of the leads meant for Nexudus are there."
    by_name = {label.name: parts[status] for status, label in labels}
    return ReportFigure(
        "health",
        "Delivery status",
        summary if wanted else "",
        *_table_by_part(timeline, list(by_name), by_name),
        charts,
        None,
        ["The present status of the leads received in each part of the period. Each chart has its own scale."],
    )


# -- attribution


def coverage(data: ReportData) -> ReportFigure:
    """How many leads got their lead source for a reason."""
    numbers: Counter[str] = Counter()
    for value, number, _ in data.statistics.by_value("verdict", data.days):
        rule, _, channel = value.partition(JOINT)
        numbers[DEFAULTS.get(default_rule(rule, channel), KNOWN)] += number
    total = numbers.total()
    ranked = sorted(numbers.items(), key=lambda item: (item[0] != KNOWN, -item[1]))
    bars = [(_capitalized(name), float(number), f"{number:,} · {share(number, total)}") for name, number in ranked]
    rows: list[Sequence[Cell]] = [(_capitalized(name), number, share(number, total)) for name, number in ranked]
    unknown, repaired = _unknown_sources(data), _repairs(data)
    rows += [(f"No rule knows the source {source}", number, share(number, total)) for source, number in unknown]
    rows += [(f"Repaired value: {code}", number, share(number, total)) for code, number in repaired]
    notes = []
    if unknown:
        some = _listed([f"{_short(source)} ({number:,})" for source, number in unknown[:5]])
        notes.append(f"Sources that no rule knows: {some}. Map them with source_map in the forms file.")
    if repaired:
        some = _listed([f"{code} ({number:,})" for code, number in repaired[:5]])
        notes.append(f"Tags that were repaired or left out: {some}.")
    return ReportFigure(
        "coverage",
        "Attribution coverage",
        f"The origin of {share(numbers[KNOWN], total)} is known." if total else "",
        ("What decided", "Leads", "Share"),
        rows,
        (),
        bar_chart(bars),
        notes,
    )


def _unknown_sources(data: ReportData) -> list[tuple[str, int]]:
    numbers: Counter[str] = Counter()
    for value, number, _ in data.statistics.by_value("source", data.days):
        source = value.partition(JOINT)[0]
        if source and value != REST:
            numbers[source] += number
    return [(source, number) for source, number in numbers.most_common() if not data.knows_source(source)]


def _repairs(data: ReportData) -> list[tuple[str, int]]:
    numbers: Counter[str] = Counter()
    for code, number, _ in data.statistics.by_value("code", data.days):
        numbers[code] += number
    return numbers.most_common()


# -- texts


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(text: str) -> str:
    return text if len(text) <= MAX_NAME_LENGTH else text[: MAX_NAME_LENGTH - 1] + "…"


def _listed(texts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))


FIGURES: Mapping[str, Callable[[ReportData], ReportFigure]] = {
    "leads": leads,
    "channels": channels,
    "sources": partial(_ranking, "sources", "By source and medium", "Source / medium", "source", _source_and_medium),
    "campaigns": partial(_ranking, "campaigns", "By campaign", "Campaign", "campaign", str),
    "forms": partial(_ranking, "forms", "By form", "Form", "form", str),
    "locations": partial(_ranking, "locations", "By location", "Location", "location", _location),
    "speed": speed,
    "health": health,
    "coverage": coverage,
}
"""Every figure by its name in addresses, in the order of the page."""


def draw(data: ReportData, names: Iterable[str] = FIGURES) -> list[ReportFigure]:
    """Some figures, or all."""
    return [FIGURES[name](data) for name in names]
