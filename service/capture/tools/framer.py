"""Framer: the inputs by their names; body and the submission's id, which is in a header, are signed together.

Facts: Framer's help, "Connect Framer forms to a webhook".
"""

from collections.abc import Iterator

from service.capture.fields.enquiries import Item
from service.capture.parsing.texts import clean
from service.capture.tools.questions import read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_hex

_ID = "framer-webhook-submission-id"


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Raises: InvalidSignature unless body and id were signed with the webhook's secret."""
    signed = call.body + call.headers.get(_ID, "").encode()
    check_hex(call.headers.get("framer-signature", ""), str(table.get("secret", "")), signed, "sha256=")


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """One enquiry, with all inputs as its answers."""
    yield from read_plainly(call, table, clean(call.headers.get(_ID, "")))


FRAMER = WebhookSender(read, verify)
"""Signs with the secret of the form."""
