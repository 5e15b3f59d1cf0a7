"""Webflow: a form's labels and answers, in the shape of either API version; signed where an app or the API made it.

Facts: developers.webflow.com, "Working with webhooks", "Form Submission" (v1 and v2).
"""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item
from service.capture.fields.instants import read_instant
from service.capture.parsing.shapes import table_at, text_at
from service.capture.tools.questions import ask, ask_all, beside, read_object, read_plainly, read_unknown
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_age, check_hex

_OLDEST_S = 300
_MILLISECOND_S = 0.001
_SUBMITTED = ("", "form_submission")  # the first API version names no event
_OTHERS = ("site_", "page_", "collection_item_", "ecomm_", "comment_", "user_account_", "memberships_")
_KNOWN = (
    *("name", "site", "siteId", "data", "formResponse", "schema", "id", "_id", "formId", "formElementId"),
    *("d", "submittedAt", "pageUrl", "pageId", "localeId", "componentId"),
)


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Raises: InvalidSignature unless time and body were signed with the secret within the last 5 minutes."""
    at = call.headers.get("x-webflow-timestamp", "")
    signed = at.encode() + b":" + call.body
    check_hex(call.headers.get("x-webflow-signature", ""), str(table.get("secret", "")), signed)
    check_age(at, call.received_at, _OLDEST_S, _MILLISECOND_S)


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """What was typed into the form; nothing for the other known events of a site."""
    found = read_object(call)
    event = text_at(found, "triggerType")
    if event not in _SUBMITTED:
        if not event.startswith(_OTHERS):
            yield from read_unknown(call, table)
        return
    filled = table_at(found, "payload") or found
    answers = table_at(filled, "data") or table_at(filled, "formResponse")
    if not answers:
        yield from read_plainly(call, table)
        return
    yield Enquiry(
        [*ask_all(answers), *ask("page_url", text_at(filled, "pageUrl"), target="page_url")],
        external_id=text_at(filled, "id") or text_at(filled, "_id"),
        form_name=text_at(filled, "name"),
        details=beside(filled, "triggerType", *_KNOWN),
        submitted_at=read_instant(text_at(filled, "submittedAt") or text_at(filled, "d")),
    )


WEBFLOW = WebhookSender(read, verify)
"""Signs with a secret where the webhook was not made in the dashboard."""
