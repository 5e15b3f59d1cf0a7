"""Google Ads lead forms: one lead a call, with its answers; the key that proves it is inside the body."""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item
from service.capture.fields.instants import read_instant
from service.capture.parsing.errors import InvalidBody, Unreadable
from service.capture.parsing.shapes import Json, tables_at, text_at
from service.capture.tools.sender import InvalidSignature, MalformedPayload, SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import is_same
from service.platforms.events import known, read_event, unfit
from service.platforms.questions import PlatformQuestion, answers_of
from service.platforms.tags import utm_of

_SENSITIVE = "GOVERNMENT_ISSUED_ID"
_NAMES = frozenset(("column_id", "column_name"))
_IDS = ("form_id", "campaign_id", "adgroup_id", "creative_id", "asset_group_id")


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Check the key that the advertiser typed into the form.

    Raises: InvalidSignature; MalformedPayload where the body is no JSON object.
    """
    try:
        body = read_event(call)
    except InvalidBody:
        body = None
    if not isinstance(body, dict):
        raise MalformedPayload("the key is inside a JSON object, and this is none")
    if not is_same(_key_of(body), str(table["key"])):
        raise InvalidSignature("its google_key is not the key of the forms file")


def _key_of(body: Json) -> str:
    """The key exactly as it was sent; halves of characters, which cannot be compared, made whole ones."""
    given = body.get("google_key")
    return given.encode("utf-8", "replace").decode() if isinstance(given, str) else ""


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """The lead of the call.

    Raises: Unreadable.
    """
    body = read_event(call)
    if not isinstance(body, dict):
        raise Unreadable("The JSON is no object of names and values.")
    lead_id = text_at(body, "lead_id")
    asked = list(_asked(body))
    if lead_id or asked:
        yield _enquiry(body, lead_id, asked, table)
    else:
        kept = {name: value for name, value in body.items() if name != "google_key"}
        yield unfit(kept, "Google sent a lead with neither an id nor answers.")


def _enquiry(body: Json, lead_id: str, asked: list[PlatformQuestion], table: SenderConfig) -> Enquiry:
    facts = known({name: text_at(body, name) for name in (*_IDS, "lead_source")})
    click_id = text_at(body, "gcl_id")
    return Enquiry(
        answers_of(asked),
        external_id=lead_id,
        place=facts.get("form_id", ""),
        utm=utm_of("google-ads", facts, table.get("names", {})),
        click_ids={"gclid": click_id} if click_id else {},
        details=facts,
        submitted_at=read_instant(text_at(body, "lead_submit_time")),
        is_test=text_at(body, "is_test").lower() == "true",
    )


def _asked(body: Json) -> Iterator[PlatformQuestion]:
    """The columns; one that is repeated counts where it is first filled in, and is kept beside it when it differs."""
    filled: dict[str, list[object]] = {}
    for column in tables_at(body, "user_column_data"):
        word, label = text_at(column, "column_id"), text_at(column, "column_name")
        value = column.get("string_value", {name: column[name] for name in column if name not in _NAMES})
        if word.upper().startswith(_SENSITIVE):
            continue
        before = filled.setdefault(word or label, [])
        if not before:
            yield PlatformQuestion(word, label or word, value)
        elif value not in before and text_at(value):
            yield PlatformQuestion("", f"{label or word} ({len(before) + 1})", value)
        before += [value] if text_at(value) else []


SENDER = WebhookSender(read, verify, proof_key="key", is_platform=True, answer="{}")
"""Takes 4xx for a permanent no, so only a wrong key gets one."""
