"""Which forms are silent: asked of the store now and then, and at every look whether they still are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.alerts.condition import Condition
from service.alerts.silence import WEEKS, find_silence
from service.alerts.words import count, span
from service.forms import Form
from service.store import Transaction

RARELY_S = 300.0
"""Between two looks at all forms, which read more."""


@dataclass(slots=True)
class Listener:
    """Remembers, between its looks, which forms are silent and since when."""

    _listened_at: datetime | None = None
    _silent: dict[str, tuple[datetime, Condition]] = field(default_factory=dict)

    def listen(self, tx: Transaction, forms: Iterable[Form], now: datetime) -> list[Condition]:
        """A finding for each form that used to bring leads and brings none."""
        if self._listened_at is None or now - self._listened_at >= timedelta(seconds=RARELY_S):
            self._listened_at = now
            watched = [form.name for form in forms if form.silence_alarm and form.canary is None]
            heard = {name: _listen(tx, name, now) for name in watched}
            self._silent = {name: silence for name, silence in heard.items() if silence is not None}
        else:
            still = [name for name, (since, _) in self._silent.items() if tx.alerts.last_arrival(name) == since]
            self._silent = {name: self._silent[name] for name in still}
        return [finding for _, finding in self._silent.values()]


def _listen(tx: Transaction, form: str, now: datetime) -> tuple[datetime, Condition] | None:
    last = tx.alerts.last_arrival(form)
    if last is None:
        return None
    silence = find_silence(tx.alerts.arrivals_by_period(form, last - timedelta(weeks=WEEKS)), last, now)
    if silence is None:
        return None
    head = (
        f"The form {form!r} has brought no lead since {silence.since:%Y-%m-%d %H:%M} UTC, though it used to. Send one "
        "yourself, and see whether its page or its platform was changed."
    )
    usual = f"About {count(round(silence.missed), 'lead')} would have come in these {span(now - silence.since)}."
    return silence.since, Condition(f"silence:{form}", head, usual)
