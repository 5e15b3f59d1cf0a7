"""Google Ads lead forms: one lead with its answers in each call; the proving key is inside the body."""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item
from service.capture.parsing import InvalidBody, Unreadable
from service.capture.parsing.json_values import Json, read_instant, tables_at, text_at
from service.capture.tools.sender import (
    InvalidSignature,
    MalformedPayload,
    SenderConfig,
    WebhookCall,
    WebhookSender,
    is_same,
)
from service.platforms.events import PlatformQuestion, answers_of, known, read_event, unreadable_item
from service.platforms.registry import utm_of

_SENSITIVE = "GOVERNMENT_ISSUED_ID"
_NAMES = frozenset(("column_id", "column_name"))
_IDS = ("form_id", "campaign_id", "adgroup_id", "creative_id", "asset_group_id")


def verify(call: WebhookCall, config: SenderConfig) -> None:
    """Check the key that the advertiser typed into the form.

    Raises: InvalidSignature; MalformedPayload where the body is not a JSON object.
    """
    try:
        body = read_event(call)
    except InvalidBody:
        body = None
    if not isinstance(body, dict):
        raise MalformedPayload("the body is not a JSON object, which would hold the key")
    if not is_same(_key_of(body), str(config["key"])):
        raise InvalidSignature("its google_key differs from key in the set-up")


def _key_of(body: Json) -> str:
    """Return the key as it was sent, with lone surrogates, which cannot be compared, replaced."""
    given = body.get("google_key")
    return given.encode("utf-8", "replace").decode() if isinstance(given, str) else ""


def read(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield the lead of the call.

    Raises: Unreadable.
    """
    body = read_event(call)
    if not isinstance(body, dict):
        raise Unreadable("The JSON is not an object.")
    lead_id = text_at(body, "lead_id")
    questions = list(_questions(body))
    if lead_id or questions:
        yield _enquiry(body, lead_id, questions, config)
    else:
        payload = {name: value for name, value in body.items() if name != "google_key"}
        yield unreadable_item(payload, "Google sent a lead with neither an id nor answers.")


def _enquiry(body: Json, lead_id: str, questions: list[PlatformQuestion], config: SenderConfig) -> Enquiry:
    facts = known({name: text_at(body, name) for name in (*_IDS, "lead_source")})
    click_id = text_at(body, "gcl_id")
    return Enquiry(
        answers_of(questions),
        external_id=lead_id,
        place=facts.get("form_id", ""),
        utm=utm_of("google-ads", facts, config.get("names", {})),
        click_ids={"gclid": click_id} if click_id else {},
        details=facts,
        submitted_at=read_instant(text_at(body, "lead_submit_time")),
        is_test=text_at(body, "is_test").lower() == "true",
    )


def _questions(body: Json) -> Iterator[PlatformQuestion]:
    """Yield the columns. Of repeated ones the first filled counts; one that differs is kept beside it."""
    filled: dict[str, list[object]] = {}
    for column in tables_at(body, "user_column_data"):
        kind, label = text_at(column, "column_id"), text_at(column, "column_name")
        value = column.get("string_value", {name: column[name] for name in column if name not in _NAMES})
        if kind.upper().startswith(_SENSITIVE):
            continue
        values = filled.setdefault(kind or label, [])
        if not values:
            yield PlatformQuestion(kind, label or kind, value)
        elif value not in values and text_at(value):
            yield PlatformQuestion("", f"{label or kind} ({len(values) + 1})", value)
        values += [value] if text_at(value) else []


SENDER = WebhookSender(read, verify, proof_key="key", answer="{}")
"""Google Ads takes 4xx as final, so only a wrong key gets one."""
