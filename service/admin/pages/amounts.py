"""Numbers in pictures, as people say them."""

MINUTE, HOUR, DAY = 60, 3600, 86400
FEW, NEARLY_ALL, LEAST = 10, 99, 0.1


def whole(value: float) -> str:
    """12345 as 12,345."""
    return f"{int(value):,}"


def share(part: float, total: float) -> str:
    """A part of a whole: "34 %", "0.4 %"; "under 0.1 %" of what is there at all."""
    if not total or not part:
        return "0 %"
    percent = 100 * part / total
    if percent < LEAST:
        return f"under {LEAST} %"
    is_round = part == total or FEW <= percent < NEARLY_ALL
    return f"{percent:.0f} %" if is_round else f"{min(percent, 99.9):.1f} %"


def spell(seconds: float) -> str:
    """A span of time: "0.8 s", "12 s", "4 min", "3.5 h", "2 days"."""
    if not seconds:
        return "0"
    for size, unit in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{_short(seconds / size)} {unit if seconds != DAY else 'day'}"
    return f"{_short(seconds)} s"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= FEW or value == int(value) else f"{value:.1f}"
