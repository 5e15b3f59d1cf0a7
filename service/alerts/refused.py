"""Senders that used to bring leads and whose calls are refused: a pure decision.

A stranger with a wrong token looks just like a sender whose token was changed. So the first refused call is an alert,
a call that is accepted ends it, and what comes back again and again in between must last before it is one again.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from service.alerts.condition import Condition
from service.alerts.words import count
from service.store import Rejection


def find_refused(refusals: Iterable[Rejection], forms: Collection[str], now: datetime) -> Iterator[Condition]:
    """Each sender of these forms once, with the reason, since when, and what to do.

    Raises: nothing.
    """
    for refusal in refusals:
        if refusal.form in forms and refusal.is_alarming(now):
            yield Condition(refusal.cause, _sentence(refusal))


def _sentence(refusal: Rejection) -> str:
    """The number comes first: it is by its growing that new calls are noticed."""
    calls, began_at = count(refusal.calls, "call"), f"{refusal.began_at:%Y-%m-%d %H:%M} UTC"
    were = f"was refused at {began_at}" if refusal.calls == 1 else f"or more were refused since {began_at}"
    return (
        f"{calls} of {refusal.sender} for the form {refusal.form!r} {were}, though leads came from there before. "
        f"The reason: {refusal.why} {refusal.remedy}"
    ).rstrip()
