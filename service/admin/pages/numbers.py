"""Figures of reports as people write them: on axes, against an earlier figure, as money."""

from service import i18n
from service.i18n import _

MANY_TIMES = 10
"""Ratio to the earlier figure from which a change is written as a factor: nobody reads 23,444%."""


def short_number(value: float) -> str:
    """A number for an axis: "12,000", "120k", "1.2m"."""
    for size, unit in ((1_000_000, "m"), (1000, "k")):
        if value >= size and value >= 100_000:  # noqa: PLR2004 (shorter ones fit in full)
            return f"{i18n.decimal(value / size, 0 if value >= 10 * size else 1)}{unit}"
    return i18n.whole(value)


def compared(now: float, before: float) -> str:
    """A figure against that of the period before, as the end of a sentence."""
    if now == before:
        return _("The same as in the period before.")
    if not before:
        return _("None in the period before.")
    amount, number = change_percent(now, before), i18n.whole(before)
    if now >= MANY_TIMES * before:
        times = i18n.whole(now / before)
        return _("%(times)s times as many as in the period before (%(number)s).", times=times, number=number)
    if now > before:
        return _("%(amount)s more than in the period before (%(number)s).", amount=amount, number=number)
    return _("%(amount)s fewer than in the period before (%(number)s).", amount=amount, number=number)


def percent_change(now: float, before: float) -> str:
    """A figure against an earlier one: "+12%", "−5.0%", "×25", "new" where there was none."""
    if not before:
        return _("new") if now else "–"
    if now == before:
        return i18n.percent(0)
    if now >= MANY_TIMES * before:
        return f"×{i18n.whole(now / before)}"
    return f"{'+' if now > before else '−'}{change_percent(now, before)}"


def change_percent(now: float, before: float) -> str:
    """The size of a change, without its direction: "12%", "5.0%"."""
    return _percent(100 * abs(now - before) / before)


def _percent(percent: float) -> str:
    return i18n.percent(percent, 0 if percent >= 10 else 1)  # noqa: PLR2004 (a decimal below ten)


def money(amount: float, currency: str) -> str:
    """An amount: "£12,300", "£17.50"; from a hundred on without decimals."""
    return i18n.money(amount, currency, 0 if abs(amount) >= 100 else None)  # noqa: PLR2004
