"""Fluent Forms Pro's webhook: the inputs by their names, and `__submission` about them all."""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import text_of
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.wordpress import whose

_ABOUT = "__submission."
_KEPT = ("form_id", "serial_number")


def read(call: WebhookCall, _table: SenderConfig) -> Iterator[Item]:
    """One enquiry; what `__submission` repeats of the answers is left out."""
    sent = read_body(call.body, call.content_type).answers
    about = {name.removeprefix(_ABOUT): text_of(answer) for name, answer in sent.items() if name.startswith(_ABOUT)}
    answers = [NamedAnswer(name, answer) for name, answer in sent.items() if not name.startswith(_ABOUT)]
    page = about.get("source_url", "")
    yield Enquiry(
        [*answers, NamedAnswer("source_url", page, "page_url")] if page else answers,
        external_id=about.get("id", ""),
        details={name: about.get(name, "") for name in _KEPT},
        ip=about.get("ip", ""),
        platform=whose("fluent-forms", call, page),
    )


FLUENT_FORMS = WebhookSender(read)
"""Signs nothing; the owner can add a header."""
