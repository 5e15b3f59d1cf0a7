"""The pictures themselves: what each shows, in a sentence, as a chart and as a table."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from service.admin.pages.amounts import share, spell, whole
from service.admin.pages.charts import Axis, Bars, Columns, bars, columns, top_of_counts, top_of_durations
from service.admin.pages.spans import Time
from service.admin.pages.words import STATUSES, counted
from service.store import DateRange, Statistics
from service.store.statistics.counting import ERASED, JOINT, REST, seconds_of

MOST_BARS = 10
MOST_CHARTS = 8
"""What is drawn; the table has everything."""

LONGEST = 34
"""Letters of a name that stand beside a bar on a phone."""

KNOWN = "Known: tags, click ids, the page before, or the form's own rule"

Cell = str | int


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure. name: in its addresses; head, rows: the same as a table."""

    name: str
    title: str
    summary: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    charts: Sequence[Columns] = ()
    bars: Bars | None = None
    notes: Sequence[str] = ()
    empty: str = "No leads in this time."


@dataclass(frozen=True, slots=True)
class Sights:
    """What pictures are drawn from. knows: whether some rule knows a utm_source; defaults: see report.py."""

    tallies: Statistics
    span: DateRange
    time: Time
    knows: Callable[[str], bool]
    defaults: Mapping[str, str] = field(default_factory=dict)
    read: dict[str, list[tuple[str, str, int, int]]] = field(default_factory=dict)

    def by_day(self, kind: str) -> list[tuple[str, str, int, int]]:
        """Day, value, leads, delivered; read once for all pictures."""
        if kind not in self.read:
            self.read[kind] = self.tallies.by_day(kind, self.span)
        return self.read[kind]


def leads(sights: Sights) -> Picture:
    """How many came."""
    days = sights.by_day("channel")
    time = sights.time
    came = time.folded((day, number) for day, _, number, _ in days)
    done = time.folded((day, number) for day, _, _, number in days)
    total = sum(came)
    summary = f"{counted(total, 'lead')} in {counted(time.days, 'day')}, about {_a_day(total, time.days)} a day."
    if total:
        best = max(range(len(came)), key=came.__getitem__)
        summary += f" The most in one {time.unit}: {came[best]:,} ({time.names[best]})."
    chart = columns("", f"by {time.unit}", came, Axis(time.names, time.labels, top_of_counts(max(came)), whole))
    rows = list(zip(time.keys, came, done, strict=True))
    head = (time.unit.capitalize(), "Leads", "Delivered")
    return Picture("leads", "Leads over time", summary, head, rows if total else (), [chart])


def _a_day(total: int, days: int) -> str:
    return f"{total / days:,.0f}" if total >= 10 * days else f"{total / days:.1f}"


def channels(sights: Sights) -> Picture:
    """The same for each channel, all on one scale."""
    parts = _by_value(sights, "channel")
    names = sorted(parts, key=lambda name: (-sum(parts[name]), name))
    shown = {name: parts[name] for name in names[:MOST_CHARTS]}
    if len(names) == MOST_CHARTS + 1:
        shown[names[-1]] = parts[names[-1]]
    elif len(names) > MOST_CHARTS:
        others = [parts[name] for name in names[MOST_CHARTS:]]
        shown[f"{len(others)} other channels"] = [sum(column) for column in zip(*others, strict=True)]
    top = top_of_counts(max((max(values) for values in shown.values()), default=0))
    axis = Axis(sights.time.names, sights.time.labels, top, whole)
    charts = [columns(name, counted(sum(values), "lead"), values, axis) for name, values in shown.items()]
    total = sum(map(sum, parts.values()))
    told = [f"{name} {share(sum(parts[name]), total)}" for name in names[:3]]
    summary = f"Most leads came by {_listed(told)}. All on the same scale." if told else ""
    return Picture("channels", "By channel", summary, *_matrix(sights.time, names, parts), charts)


def _by_value(sights: Sights, kind: str) -> dict[str, list[int]]:
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for day, value, number, _ in sights.by_day(kind):
        found[value].append((day, number))
    return {value: sights.time.folded(numbers) for value, numbers in found.items()}


def _matrix(
    time: Time, names: Sequence[str], parts: Mapping[str, Sequence[int]]
) -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    if not names:
        return (), ()
    rows: list[Sequence[Cell]] = [(key, *(parts[name][place] for name in names)) for place, key in enumerate(time.keys)]
    return (time.unit.capitalize(), *names), rows


# -- what leads have in common


def sources(sights: Sights) -> Picture:
    """By utm_source and utm_medium."""
    found = _sums(sights, "source", lambda value: value.replace(JOINT, " / ") if value != JOINT else "")
    return _ranking("sources", "By source and medium", ("Source / medium", "source"), found)


def campaigns(sights: Sights) -> Picture:
    """By utm_campaign."""
    return _ranking("campaigns", "By campaign", ("Campaign", "campaign"), _sums(sights, "campaign", str))


def locations(sights: Sights) -> Picture:
    """By the location that people asked for."""

    def place(value: str) -> str:
        return "Of people who were erased" if value == ERASED else value

    return _ranking("locations", "By location", ("Location", "location"), _sums(sights, "location", place))


def forms(sights: Sights) -> Picture:
    """By form."""
    return _ranking("forms", "By form", ("Form", "form"), _sums(sights, "form", str))


def _sums(sights: Sights, kind: str, name: Callable[[str], str]) -> dict[str, tuple[int, int]]:
    """Name -> leads, delivered; "" for those that have none."""
    found: dict[str, tuple[int, int]] = {}
    for value, number, done in sights.tallies.by_value(kind, sights.span):
        called = "Rare ones" if value == REST else name(value)
        before = found.get(called, (0, 0))
        found[called] = (before[0] + number, before[1] + done)
    return found


def _ranking(name: str, title: str, words: tuple[str, str], found: Mapping[str, tuple[int, int]]) -> Picture:
    """The largest as bars. words: of the table, of the sentence."""
    heading, noun = words
    total = sum(number for number, _ in found.values())
    ranked = sorted(((value, *both) for value, both in found.items() if value), key=lambda row: (-row[1], row[0]))
    drawn = [(_short(value), float(came), f"{came:,} · {share(came, total)}") for value, came, _ in ranked[:MOST_BARS]]
    rows = [(value, came, done, share(came, total)) for value, came, done in ranked]
    without = found.get("", (0, 0))[0]
    told = f"{_short(ranked[0][0])} brought the most: {share(ranked[0][1], total)}." if ranked else ""
    notes = [f"{counted(without, 'lead')} ({share(without, total)}) without a {noun}."] if without else []
    if len(ranked) > MOST_BARS:
        notes.append(f"The {MOST_BARS} largest of {len(ranked):,}; the table has all.")
    empty = f"No lead of this time has a {noun}." if total else "No leads in this time."
    return Picture(name, title, told, (heading, "Leads", "Delivered", "Share"), rows, (), bars(drawn), notes, empty)


# -- how it went


def speed(sights: Sights) -> Picture:
    """How soon leads were delivered: for half of them and for 95 of 100."""
    boxes: list[Counter[int]] = [Counter() for _ in sights.time.keys]
    for day, value, number, _ in sights.by_day("speed"):
        if value != REST:
            boxes[sights.time.places[day]][int(value)] += number
    everything = sum(boxes, Counter[int]())
    half, most = ([within(each, part) for each in boxes] for part in (0.5, 0.95))
    charts = [
        columns(title, f"all together {spell(within(everything, part))}", values, _clock(sights, values))
        for title, part, values in (("Half of the leads within", 0.5, half), ("95 of 100 within", 0.95, most))
    ]
    number = everything.total()
    rows = [
        (key, each.total(), spell(soon), spell(later))
        for key, each, soon, later in zip(sights.time.keys, boxes, half, most, strict=True)
    ]
    early, late = (spell(within(everything, part)) for part in (0.5, 0.95))
    told = f"Half of the leads were in Nexudus within {early}, 95 of 100 within {late}." if number else ""
    notes = ["From arrival to the opportunity in Nexudus, right to a tenth, without imported leads. Two scales."]
    head = (sights.time.unit.capitalize(), "Delivered", "Half within (p50)", "95 of 100 within (p95)")
    return Picture(
        "speed",
        "Speed to lead",
        told,
        head,
        rows if number else (),
        charts,
        None,
        notes,
        "No lead of this time was delivered yet.",
    )


def _clock(sights: Sights, values: Sequence[float]) -> Axis:
    return Axis(sights.time.names, sights.time.labels, top_of_durations(max(values)), spell)


def within(boxes: Mapping[int, int], part: float) -> float:
    """Within how many seconds that part of the leads was delivered; 0 where there are none."""
    wanted = part * sum(boxes.values())
    passed = 0
    for box in sorted(boxes):
        passed += boxes[box]
        if passed >= wanted:
            return seconds_of(box)
    return 0.0


def health(sights: Sights) -> Picture:
    """Where the leads stand that came on each day."""
    parts = _by_value(sights, "status")
    words = [(status, word) for status, word in STATUSES.items() if status in parts]
    charts = [
        columns(
            word.name,
            counted(sum(parts[status]), "lead"),
            parts[status],
            Axis(sights.time.names, sights.time.labels, top_of_counts(max(parts[status])), whole),
            word.tone,
        )
        for status, word in words
    ]
    owed = sum(sum(parts.get(status, ())) for status in ("delivered", "pending", "parked", "announced"))
    done = sum(parts.get("delivered", ()))
    summary = f"{share(done, owed)} of what is meant for Nexudus is there." if owed else ""
    head, rows = _matrix(
        sights.time, [word.name for _, word in words], {word.name: parts[status] for status, word in words}
    )
    notes = ["Where the leads stand now that came on each day. Each with a scale of its own."]
    return Picture("health", "What became of them", summary, head, rows, charts, None, notes)


def coverage(sights: Sights) -> Picture:
    """How many got their lead source for a reason."""
    found: Counter[str] = Counter()
    for value, number, _ in sights.tallies.by_value("verdict", sights.span):
        found[_decided(*value.partition(JOINT)[::2], sights.defaults)] += number
    total = found.total()
    ranked = sorted(found.items(), key=lambda item: (item[0] != KNOWN, -item[1]))
    drawn = [(_sentence(name), float(number), f"{number:,} · {share(number, total)}") for name, number in ranked]
    rows: list[Sequence[Cell]] = [(_sentence(name), number, share(number, total)) for name, number in ranked]
    unknown, odd = _unknown(sights), _odd(sights)
    rows += [(f"No rule knows the source {source}", number, share(number, total)) for source, number in unknown]
    rows += [(f"Repaired value: {code}", number, share(number, total)) for code, number in odd]
    notes = [_of_unknown(unknown), _of_odd(odd)]
    told = f"Of {share(found[KNOWN], total)} it is known where they came from." if total else ""
    return Picture(
        "coverage",
        "How much is known",
        told,
        ("What", "Leads", "Share"),
        rows,
        (),
        bars(drawn),
        [note for note in notes if note],
    )


def _decided(rule: str, channel: str, defaults: Mapping[str, str]) -> str:
    """The same reading as the report's: which leads got their lead source only because one must be given."""
    last = rule.rpartition(":")[2]
    if last == "form_default":
        return defaults.get("default_lead_source", KNOWN)
    return defaults.get(channel.lower(), KNOWN) if last == "by_channel" else KNOWN


def _unknown(sights: Sights) -> list[tuple[str, int]]:
    found: Counter[str] = Counter()
    for value, number, _ in sights.tallies.by_value("source", sights.span):
        source = value.partition(JOINT)[0]
        if source and value != REST:
            found[source] += number
    return [(source, number) for source, number in found.most_common() if not sights.knows(source)]


def _odd(sights: Sights) -> list[tuple[str, int]]:
    found: Counter[str] = Counter()
    for code, number, _ in sights.tallies.by_value("code", sights.span):
        found[code] += number
    return found.most_common()


def _of_unknown(unknown: Sequence[tuple[str, int]]) -> str:
    if not unknown:
        return ""
    some = _listed([f"{_short(source)} ({number:,})" for source, number in unknown[:5]])
    return f"Sources that no rule knows: {some}. Teach them to the form with source_map in the forms file."


def _of_odd(odd: Sequence[tuple[str, int]]) -> str:
    return (
        f"Tags that were repaired or left out: {_listed([f'{code} ({number:,})' for code, number in odd[:5]])}."
        if odd
        else ""
    )


# -- words


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


DRAWN: Mapping[str, Callable[[Sights], Picture]] = {
    each.__name__: each for each in (leads, channels, sources, campaigns, forms, locations, speed, health, coverage)
}
"""Every picture by its name in the addresses, in the order of the page."""


def draw(sights: Sights, names: Iterable[str] = DRAWN) -> list[Picture]:
    """Some pictures, or all."""
    return [DRAWN[name](sights) for name in names]
