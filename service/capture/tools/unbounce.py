"""Unbounce's webhook: a form whose field `data.json` holds all answers, or that JSON itself. All values are lists."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import texts_of
from service.capture.tools.packed import flat, read_packed
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender

_PACKED = "data.json"


def read(call: WebhookCall, _table: SenderConfig) -> Iterator[Item]:
    """One enquiry; what stands beside `data.json` is said in it once more."""
    sent = read_body(call.body, call.content_type).answers
    held = read_packed(str(sent.get(_PACKED, "")))
    inside = list(flat(held)) if isinstance(held, dict) else []
    known = {each.name for each in inside}
    outside = [NamedAnswer(n, a) for n, a in sent.items() if n not in known and not (inside and n == _PACKED)]
    answers = [*inside, *outside]
    yield Enquiry(
        [each for each in answers if each.name != "ip_address"],
        ip=_text(answers, "ip_address"),
        submitted_at=_submitted_at(_text(answers, "date_submitted"), _text(answers, "time_submitted")),
    )


def _text(answers: Sequence[NamedAnswer], name: str) -> str:
    return next((text for each in answers if each.name == name for text in texts_of(each.answer)), "")


def _submitted_at(day: str, time: str) -> float | None:
    """Unix seconds of "2026-11-21" and "10:57 PM UTC"; None where they look otherwise."""
    try:
        return datetime.strptime(f"{day} {time.removesuffix('UTC').strip()} +0000", "%Y-%m-%d %I:%M %p %z").timestamp()
    except ValueError:
        return None


UNBOUNCE = WebhookSender(read)
"""Signs nothing, tells no id."""
