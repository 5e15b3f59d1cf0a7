"""The figures of a report: each a summary sentence, and a chart with its table or a table of shares."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from service.admin.pages.charts import Axis, bar_width, column_chart, top_of_counts, top_of_durations
from service.admin.pages.labels import STATUSES, channel_name, counted, share, short_duration, whole
from service.admin.pages.numbers import compared, short_number
from service.admin.pages.reports.basis import Cell, ReportData, ReportFigure, Share
from service.admin.pages.timeline import Timeline
from service.i18n import N_, MessageTable, _, current_language, decimal
from service.operations.report import default_rule
from service.store.counting import JOINT, REST
from service.store.waiting_times import Times, quantile

MAX_CHARTS = 8
"""Channels that are drawn; the table shows all."""

MEDIAN, HIGH = 0.5, 0.95

KNOWN = "known"

REASONS: Mapping[str, str] = MessageTable(
    {
        KNOWN: N_("Tags, click ids, referrer or form rule"),
        "direct": N_("No trace of where they came from"),
        "unassigned": N_("Tags that no rule knows"),
        "default_lead_source": N_("The form's default_lead_source"),
    }
)
"""Key of operations.report.DEFAULTS -> how the lead source was decided, in words."""

UNITS: Mapping[str, str] = MessageTable({"day": N_("Day"), "week": N_("Week"), "month": N_("Month")})

BY_UNIT: Mapping[str, str] = MessageTable({"day": N_("by day"), "week": N_("by week"), "month": N_("by month")})

# -- over time


def leads(data: ReportData) -> ReportFigure:
    """Leads over time, over those of the period before."""
    days, timeline, earlier = data.received(data.days), data.timeline, data.timeline_before
    received = timeline.summed((day, number) for day, number, __ in days)
    delivered = timeline.summed((day, number) for day, __, number in days)
    before = earlier.summed((day, number) for day, number, __ in data.received(data.days_before)) if earlier else []
    line = _padded(before, len(received))
    is_drawn = any(before)
    axis = Axis(timeline, top_of_counts(max([*received, *before])), short_number, _("Leads"))
    rows: list[Sequence[Cell]] = [
        (key, *both, *([_cell(line[place])] if line else []))
        for place, (key, *both) in enumerate(zip(timeline.keys, received, delivered, strict=True))
    ]
    return ReportFigure(
        "leads",
        _("Leads over time"),
        _leads_in_words(sum(received), sum(before), timeline, earlier),
        (UNITS[timeline.unit], _("Leads"), _("Delivered"), *([_("Period before")] if line else [])),
        rows if sum(received) + sum(before) else (),
        [column_chart("", BY_UNIT[timeline.unit], received, axis, line=line if is_drawn else ())],
        columns=timeline.span,
        line=earlier.span if earlier and is_drawn else "",
        live=_live(timeline, received, earlier if is_drawn else None, before if is_drawn else (), axis.top),
    )


def _live(
    timeline: Timeline, received: Sequence[int], earlier: Timeline | None, before: Sequence[int], top: float
) -> Markup:
    """The data of comparison.js."""
    return htmlsafe_json_dumps(
        {
            "names": timeline.names,
            "marks": [(place, is_extra, timeline.labels[place]) for place, is_extra in timeline.marks],
            "weekends": timeline.weekends,
            "values": received,
            "before": before,
            "before_names": earlier.names if earlier else [],
            "top": top,
            "unit": _("Leads"),
            "hint": _("Point at the chart, or touch it, to read its figures."),
            "language": current_language().code,
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )


def _padded(values: Sequence[int], length: int) -> list[float | None]:
    """The values of a period that may have fewer or more parts: February has fewer days than January."""
    return [*values[:length], *[None] * (length - len(values))] if values else []


def _cell(value: float | None) -> Cell:
    return "" if value is None else int(value)


def _leads_in_words(total: int, before: int, timeline: Timeline, earlier: Timeline | None) -> str:
    average = total / timeline.days
    leads_in_words, days = counted(total, "lead"), counted(timeline.days, "day")
    sentence = _("%(leads)s in %(days)s.", leads=leads_in_words, days=days)
    if timeline.days > 1:
        a_day = decimal(average, 0 if average >= 10 else 1)  # noqa: PLR2004 (a decimal below ten)
        sentence = _("%(leads)s in %(days)s, about %(number)s a day.", leads=leads_in_words, days=days, number=a_day)
    return f"{sentence} {compared(total, before)}" if earlier else sentence


def channels(data: ReportData) -> ReportFigure:
    """Leads over time by channel, all on one scale."""
    parts = data.by_value("channel")
    names = sorted(parts, key=lambda name: (-sum(parts[name]), name))
    drawn = {name: parts[name] for name in names[:MAX_CHARTS]}
    if len(names) == MAX_CHARTS + 1:
        drawn[names[-1]] = parts[names[-1]]
    elif len(names) > MAX_CHARTS:
        others = [parts[name] for name in names[MAX_CHARTS:]]
        drawn[_("%(number)s other channels", number=len(others))] = [
            sum(column) for column in zip(*others, strict=True)
        ]
    top = top_of_counts(max((max(values) for values in drawn.values()), default=0))
    axis = Axis(data.timeline, top, short_number, _("Leads"))
    charts = [
        column_chart(channel_name(name), counted(sum(values), "lead"), values, axis) for name, values in drawn.items()
    ]
    summary = (
        _("Leads %(by_unit)s. All charts have the same scale.", by_unit=BY_UNIT[data.timeline.unit]) if names else ""
    )
    return ReportFigure(
        "channels", _("Channels over time"), summary, *_table_by_part(data.timeline, names, parts), charts
    )


def _table_by_part(
    timeline: Timeline, names: Sequence[str], parts: Mapping[str, Sequence[int]]
) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    if not names:
        return (), ()
    rows: list[Sequence[Cell]] = [
        (key, *(parts[name][place] for name in names)) for place, key in enumerate(timeline.keys)
    ]
    return (UNITS[timeline.unit], *map(channel_name, names)), rows


# -- delivery


def speed(data: ReportData) -> ReportFigure:
    """Time from arrival to the opportunity in Nexudus: median and 95th percentile, exactly."""
    timeline = data.timeline
    times: list[list[Times]] = [[] for __ in timeline.keys]
    for day, of_day in data.statistics.waiting_times(data.days):
        times[timeline.places[day]].append(of_day)
    medians, upper = ([quantile(each, part) for each in times] for part in (MEDIAN, HIGH))
    everything = [of_day for each in times for of_day in each]
    median, high = quantile(everything, MEDIAN), quantile(everything, HIGH)
    if median is None or high is None:
        return ReportFigure(
            "speed", _("Time to CRM"), "", (), (), empty_message=N_("No lead from this period has been delivered yet.")
        )
    highest = [value or 0 for value in upper]
    axis = Axis(timeline, top_of_durations(max(highest)), short_duration)
    return ReportFigure(
        "speed",
        _("Time to CRM"),
        _(
            "Half of the leads were in Nexudus within %(median)s, 95%% within %(high)s.",
            median=short_duration(median),
            high=short_duration(high),
        ),
        (UNITS[timeline.unit], _("Delivered"), _("Median"), _("95th percentile")),
        [
            (key, sum(map(len, each)), _duration(middle), _duration(most))
            for key, each, middle, most in zip(timeline.keys, times, medians, upper, strict=True)
        ],
        [column_chart(_("95th percentile"), BY_UNIT[timeline.unit], highest, axis)],
        notes=[_("From arrival to the opportunity in Nexudus; imported leads are not counted.")],
    )


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else short_duration(seconds)


def health(data: ReportData) -> ReportFigure:
    """The present status of all leads of the period."""
    numbers = {status: sum(parts) for status, parts in data.by_value("status").items()}
    total = sum(numbers.values())
    wanted = sum(numbers.get(status, 0) for status in ("delivered", "pending", "parked", "announced"))
    shares = [
        Share(
            label.name,
            numbers[status],
            share(numbers[status], total),
            bar_width(numbers[status], total),
            label.tone,
            status,
        )
        for status, label in STATUSES.items()
        if status in numbers
    ]
    there = numbers.get("delivered", 0)
    return ReportFigure(
        "health",
        _("Delivery status"),
        _("%(share)s of the leads meant for Nexudus are there.", share=share(there, wanted)) if wanted else "",
        (_("Status"), _("Leads"), _("Share")),
        [(each.name, each.number, each.text) for each in shares],
        shares=shares,
        notes=[_("The present status of every lead received in this period, spam and tests included.")],
    )


# -- attribution


def coverage(data: ReportData) -> ReportFigure:
    """How many leads got their lead source for a reason."""
    numbers: Counter[str] = Counter()
    for value, number, __ in data.statistics.by_value("verdict", data.days):
        parts = value.split(JOINT)
        numbers[default_rule(parts[0], parts[-1]) or KNOWN] += number
    total = numbers.total()
    ranked = sorted(numbers.items(), key=lambda item: (item[0] != KNOWN, -item[1]))
    shares = [Share(REASONS[name], number, share(number, total), bar_width(number, total)) for name, number in ranked]
    rows: list[Sequence[Cell]] = [(each.name, each.number, each.text) for each in shares]
    unknown, repaired = _unknown_sources(data), _repairs(data)
    rows += [
        (_("No rule knows the source %(source)s", source=source), number, share(number, total))
        for source, number in unknown
    ]
    rows += [(_("Repaired value: %(code)s", code=code), number, share(number, total)) for code, number in repaired]
    notes = []
    if unknown:
        some = _listed([f"{source} ({whole(number)})" for source, number in unknown[:5]])
        notes.append(_("Sources that no rule knows: %(list)s. Map them with source_map in the set-up.", list=some))
    if repaired:
        some = _listed([f"{code} ({whole(number)})" for code, number in repaired[:5]])
        notes.append(_("Tags that were repaired or left out: %(list)s.", list=some))
    return ReportFigure(
        "coverage",
        _("Attribution coverage"),
        _("The origin of %(share)s is known.", share=share(numbers[KNOWN], total)) if total else "",
        (_("Decided by"), _("Leads"), _("Share")),
        rows,
        shares=shares,
        notes=notes,
    )


def _unknown_sources(data: ReportData) -> list[tuple[str, int]]:
    numbers: Counter[str] = Counter()
    for value, number, __ in data.statistics.by_value("source", data.days):
        source = value.partition(JOINT)[0]
        if source and value != REST:
            numbers[source] += number
    return [(source, number) for source, number in numbers.most_common() if not data.knows_source(source)]


def _repairs(data: ReportData) -> list[tuple[str, int]]:
    numbers: Counter[str] = Counter()
    for code, number, __ in data.statistics.by_value("code", data.days):
        numbers[code] += number
    return numbers.most_common()


def _listed(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    return _("%(several)s and %(last)s", several=", ".join(texts[:-1]), last=texts[-1])


FIGURES: Mapping[str, Callable[[ReportData], ReportFigure]] = {
    "leads": leads,
    "channels": channels,
    "speed": speed,
    "health": health,
    "coverage": coverage,
}
"""Every figure by its name in addresses."""


def draw(data: ReportData, names: Iterable[str]) -> list[ReportFigure]:
    """Some figures."""
    return [FIGURES[name](data) for name in names]
