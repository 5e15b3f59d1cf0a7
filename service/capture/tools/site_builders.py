"""Forms of site builders: Framer, Unbounce, Webflow, Wix.

Facts: Framer's help, "Connect Framer forms to a webhook"; developers.webflow.com, "Working with webhooks" and "Form
Submission" (v1 and v2); dev.wix.com, "Form-v1" and "Sample flows"; bodies that public receivers took.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer, flat, read_packed
from service.capture.parsing.bodies import read_body
from service.capture.parsing.json_values import Json, read_instant, table_at, tables_at, text_at
from service.capture.parsing.texts import clean, texts_of
from service.capture.tools.json_posts import (
    all_named_answers,
    named_answers,
    other_details,
    read_object,
    read_plainly,
    read_unknown,
)
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender, check_age, check_hex

_FRAMER_ID = "framer-webhook-submission-id"

_UNBOUNCE_PACKED = "data.json"

_WEBFLOW_MAX_AGE_S = 300
_MILLISECOND_S = 0.001
_WEBFLOW_SUBMISSIONS = ("", "form_submission")  # the first API version names no event
_WEBFLOW_OTHER_EVENTS = (
    *("site_", "page_", "collection_item_", "ecomm_", "comment_", "user_account_"),
    "memberships_",
)
_WEBFLOW_KNOWN = (
    *("name", "site", "siteId", "data", "formResponse", "schema", "id", "_id", "formId", "formElementId"),
    *("d", "submittedAt", "pageUrl", "pageId", "localeId", "componentId"),
)

_WIX_FIELD = "field:"
_WIX_KNOWN = ("formName", "formId", "submissionId", "submissionTime", "contactId", "contact", "submissions", "_context")
_WIX_CONTACT = ("name", "email", "phone", "company", "jobTitle", "address")
"""The person's details; the other members of a contact are the site's own."""


def verify_framer(call: WebhookCall, config: SenderConfig) -> None:
    """Raises: InvalidSignature unless the body and the id in a header were signed with the webhook's secret."""
    signed = call.body + call.headers.get(_FRAMER_ID, "").encode()
    check_hex(call.headers.get("framer-signature", ""), str(config.get("secret", "")), signed, "sha256=")


def read_framer(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Framer: the inputs by their names."""
    yield from read_plainly(call, config, clean(call.headers.get(_FRAMER_ID, "")))


def read_unbounce(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Unbounce: a form with all answers once more in its field `data.json`, or that JSON itself; values are lists."""
    sent = read_body(call.body, call.content_type).answers
    packed = read_packed(str(sent.get(_UNBOUNCE_PACKED, "")))
    inside = list(flat(packed)) if isinstance(packed, dict) else []
    known = {answer.name for answer in inside} | ({_UNBOUNCE_PACKED} if inside else set())
    answers = [*inside, *(NamedAnswer(name, answer) for name, answer in sent.items() if name not in known)]
    yield Enquiry(
        [answer for answer in answers if answer.name != "ip_address"],
        ip=_text(answers, "ip_address"),
        submitted_at=_unbounce_time(_text(answers, "date_submitted"), _text(answers, "time_submitted")),
    )


def _text(answers: Sequence[NamedAnswer], name: str) -> str:
    return next((text for answer in answers if answer.name == name for text in texts_of(answer.answer)), "")


def _unbounce_time(day: str, time: str) -> float | None:
    """Unix seconds of "2026-11-21" and "10:57 PM UTC", None for another format."""
    try:
        return datetime.strptime(f"{day} {time.removesuffix('UTC').strip()} +0000", "%Y-%m-%d %I:%M %p %z").timestamp()
    except ValueError:
        return None


def verify_webflow(call: WebhookCall, config: SenderConfig) -> None:
    """Raises: InvalidSignature unless time and body were signed with the secret within the last 5 minutes."""
    at = call.headers.get("x-webflow-timestamp", "")
    signed = at.encode() + b":" + call.body
    check_hex(call.headers.get("x-webflow-signature", ""), str(config.get("secret", "")), signed)
    check_age(at, call.received_at, _WEBFLOW_MAX_AGE_S, _MILLISECOND_S)


def read_webflow(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Webflow: labels and answers, in the shape of either API version; nothing for the site's other known events."""
    payload = read_object(call)
    event = text_at(payload, "triggerType")
    if event not in _WEBFLOW_SUBMISSIONS:
        if not event.startswith(_WEBFLOW_OTHER_EVENTS):
            yield from read_unknown(call, config)
        return
    submission = table_at(payload, "payload") or payload
    answers = table_at(submission, "data") or table_at(submission, "formResponse")
    if not answers:
        yield from read_plainly(call, config)
        return
    yield Enquiry(
        [*all_named_answers(answers), *named_answers("page_url", text_at(submission, "pageUrl"), target="page_url")],
        external_id=text_at(submission, "id") or text_at(submission, "_id"),
        form_name=text_at(submission, "name"),
        details=other_details(submission, "triggerType", *_WEBFLOW_KNOWN),
        submitted_at=read_instant(text_at(submission, "submittedAt") or text_at(submission, "d")),
    )


def read_wix(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Wix Automations: fields under names made of their first labels, with labels beside them.

    A body that the owner customised is read by its names.
    """
    submission = table_at(read_object(call), "data")
    if not submission:
        yield from read_plainly(call, config)
        return
    contact = table_at(submission, "contact")
    others = {name: value for name, value in submission.items() if not name.startswith(_WIX_FIELD)}
    yield Enquiry(
        [
            *_wix_answers(submission),
            *(answer for name in _WIX_CONTACT for answer in named_answers(f"contact.{name}", contact.get(name))),
        ],
        external_id=text_at(submission, "submissionId"),
        form_name=text_at(submission, "formName"),
        details=other_details(others, *_WIX_KNOWN),
        submitted_at=read_instant(text_at(submission, "submissionTime")),
    )


def _wix_answers(submission: Json) -> Iterator[NamedAnswer]:
    """Answers under their labels; under the field's own name where there is no label."""
    unlabelled: dict[str, list[str]] = {}  # answer -> fields with it
    for name, value in submission.items():
        if name.startswith(_WIX_FIELD):
            unlabelled.setdefault(text_at(value), []).append(name)
    for question in tables_at(submission, "submissions"):
        answer = text_at(question, "value")
        same = unlabelled.get(answer) if answer else None
        yield from named_answers(text_at(question, "label"), question.get("value"), same.pop(0) if same else "")
    for name in (name for names in unlabelled.values() for name in names):
        yield from named_answers(name, submission[name])


FRAMER = WebhookSender(read_framer, verify_framer)
"""Signs with the secret of the form."""

UNBOUNCE = WebhookSender(read_unbounce)
WIX = WebhookSender(read_wix)
"""Sign nothing."""

WEBFLOW = WebhookSender(read_webflow, verify_webflow)
"""Signs, unless the webhook was made in the dashboard."""
