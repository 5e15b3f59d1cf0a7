"""Basin's webhook: the form's own names, plain or in `data`, with an id. Sent again for a day until it is taken."""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import text_of
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender

_WRAPPED = "data."


def read(call: WebhookCall, _table: SenderConfig) -> Iterator[Item]:
    """One enquiry."""
    sent = {name.removeprefix(_WRAPPED): answer for name, answer in _read(call)}
    external_id = text_of(sent.pop("id", ""))
    yield Enquiry([NamedAnswer(name, answer) for name, answer in sent.items()], external_id=external_id)


def _read(call: WebhookCall) -> list[tuple[str, str | list[str]]]:
    answers = read_body(call.body, call.content_type).answers
    # What stands in `data` is the person's: it goes before what stands beside it under the same name.
    return sorted(answers.items(), key=lambda named: named[0].startswith(_WRAPPED))


BASIN = WebhookSender(read)
"""Signs nothing."""
