"""Formspree's webhook: the answers in an envelope, signed with the time."""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.parsing.bodies import read_body
from service.capture.parsing.shapes import table_at, text_at
from service.capture.tools.packed import flat
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_timestamped

OLDEST_S = 300.0
"""How old a signature may be, in seconds."""


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Check `t=SECONDS,v1=HEX` over "t.body".

    Raises: InvalidSignature.
    """
    check_timestamped(call.headers.get("formspree-signature", ""), str(table.get("secret", "")), call, OLDEST_S)


def read(call: WebhookCall, _table: SenderConfig) -> Iterator[Item]:
    """One enquiry; it has no id of its own."""
    sent = read_body(call.body, call.content_type)
    submission = table_at(sent.value, "submission")
    if not submission:
        yield Enquiry([NamedAnswer(name, answer) for name, answer in sent.answers.items()])
        return
    yield Enquiry(
        [each for each in flat(submission) if each.name != "_date"],
        details={"form_id": text_at(sent.value, "form")},
        submitted_at=read_instant(text_at(submission, "_date")),
    )


FORMSPREE = WebhookSender(read, verify)
"""Signs, where the owner set a secret."""
