"""WPForms' Webhooks add-on: names that the owner typed, JSON or form, signed over what JSON sends."""

from collections.abc import Iterator
from dataclasses import replace

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.bodies import RequestBody, read_body
from service.capture.parsing.texts import Answer
from service.capture.tools.plain import is_nested
from service.capture.tools.questions import read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_timestamped
from service.capture.tools.wordpress import whose

OLDEST_S = 300.0
"""How old a signature may be, in seconds."""

_BETWEEN = "||"  # several answers of one field are one text


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Check `t=SECONDS,v=HEX` over "t.body".

    Raises: InvalidSignature.
    """
    header = call.headers.get("x-wpforms-webhook-signature", "")
    check_timestamped(header, str(table.get("secret", "")), call, OLDEST_S, "v")


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """One enquiry. The id in the header is the webhook's own, always the same, and no id of an entry."""
    body = read_body(call.body, call.content_type)
    if _is_of_code(body):
        for item in read_plainly(call, table):
            yield replace(item, platform=item.platform or whose("wpforms", call)) if isinstance(item, Enquiry) else item
        return
    sent = body.answers
    answers = []
    for name, answer in sent.items():
        whole, _, part = name.rpartition(".")
        if part == "unix" and f"{whole}.value" in sent:
            continue  # a date comes twice
        answers.append(NamedAnswer(whole if part == "value" and f"{whole}.unix" in sent else name, _split(answer)))
    yield Enquiry(answers, platform=whose("wpforms", call, str(sent.get("page_url", ""))))


def _is_of_code(body: RequestBody) -> bool:
    """Whether code on the site sent all that WPForms knows of the fields; the add-on sends names and answers."""
    return is_nested(body) and not any(name.endswith(".unix") for name in body.answers)


def _split(answer: Answer) -> Answer:
    if isinstance(answer, str) and _BETWEEN in answer:
        return [each.strip() for each in answer.split(_BETWEEN) if each.strip()]
    return answer


WPFORMS = WebhookSender(read, verify)
"""Signs, where the owner set a secret."""
