"""Meta's lead ads, on Facebook and Instagram: the webhook brings ids, the answers are fetched afterwards."""

import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, LeadNotice
from service.capture.fields.layout import CLICK_IDS, UTM_KEYS
from service.capture.parsing import Unreadable
from service.capture.parsing.json_values import Json, list_at, read_instant, table_at, tables_at, text_at
from service.capture.parsing.nesting import flatten
from service.capture.tools.sender import (
    HandshakeReply,
    InvalidSignature,
    SenderConfig,
    WebhookCall,
    WebhookSender,
    check_hex,
    is_same,
)
from service.platforms.events import (
    Consent,
    PlatformQuestion,
    answers_of,
    consent_answers,
    consent_details,
    known,
    read_event,
    target_of,
    unreadable_item,
)
from service.platforms.meta import META
from service.platforms.registry import utm_of

_TEST_ID = "444444444444"  # of the dashboard's button: that lead cannot be fetched
_PLACEHOLDER = re.compile(r"<\s*test lead:", re.IGNORECASE)
_NOTICE_FACTS = ("page_id", "form_id", "ad_id", "created_time")
_FACTS = ("platform", "is_organic", "form_id", "ad_id", "ad_name", "adset_id", "adset_name", "campaign_id")
_STANDARD = frozenset(("city", "state", "country", "date_of_birth", "gender", "website", *UTM_KEYS, *CLICK_IDS))


def verify(call: WebhookCall, config: SenderConfig) -> None:
    """Check the HMAC over the bytes as they arrived: Meta has escaped them already.

    Raises: InvalidSignature.
    """
    check_hex(call.headers.get("x-hub-signature-256", ""), config["app_secret"], call.body, prefix="sha256=")


def verify_endpoint(call: WebhookCall, config: SenderConfig) -> HandshakeReply:
    """Answer the check that Meta makes when the webhook is set up.

    Raises: InvalidSignature.
    """
    is_ours = is_same(call.query.get("hub.verify_token", ""), str(config.get("verify_token", "")))
    if call.query.get("hub.mode") != "subscribe" or not is_ours:
        raise InvalidSignature("the verify token differs from verify_token in the set-up")
    return HandshakeReply(call.query.get("hub.challenge", ""))


def read(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Yield a LeadNotice for each lead of all Pages in the call; skip other events.

    Raises: Unreadable.
    """
    body = read_event(call)
    if text_at(body, "object") == "page":
        for entry in list_at(body, "entry"):
            yield from _read_entry(entry)
    elif not text_at(body, "object"):
        raise Unreadable("The JSON is not a Meta event.")


def _read_entry(entry: object) -> Iterator[Item]:
    for change in tables_at(entry, "changes"):
        if text_at(change, "field") == "leadgen":
            yield _read_change(table_at(change, "value"), text_at(entry, "id"))


def _read_change(change: Json, entry_id: str) -> Item:
    lead_id = text_at(change, "leadgen_id")
    if not lead_id:
        return unreadable_item(change, "Meta announced a lead without its id.")
    old = {"page_id": entry_id, "ad_id": text_at(change, "adgroup_id")}  # an old name for the ad, not the ad set
    details = {**known(old), **known({name: text_at(change, name) for name in _NOTICE_FACTS})}
    return LeadNotice(lead_id, details.get("page_id", ""), details, is_test=lead_id == _TEST_ID)


def needs_form(lead: Json) -> bool:
    """Return whether only the form's questions show which answer is the name or the address.

    Forms in other languages name their questions differently; own questions beside Meta's need no form.
    """
    names = [text_at(item, "name").lower() for item in tables_at(lead, "field_data")]
    targets = {target_of(name) for name in names}
    is_known = bool(targets & {"email", "phone"}) and bool(targets & {"full_name", "first_name", "last_name"})
    return not is_known and any(not target_of(name) and name not in _STANDARD for name in names)


def enquiry(lead: Json, form: Json | None, details: Mapping[str, str], config: SenderConfig) -> Enquiry:
    """Return the enquiry of a fetched lead.

    lead: from GET /{leadgen_id}. form: from GET /{form_id}, for its name, questions and texts; None where it was not
    fetched. Both with numbers as text. details: of the LeadNotice. config: for its `names`.
    Raises: nothing.
    """
    questions = list(_questions(lead, form or {}))
    consents = _consents(lead, form or {})
    facts = {**details, **known({name: text_at(lead, name) for name in (*_FACTS, "campaign_name")})}
    created = text_at(lead, "created_time") or facts.get("created_time", "")
    return Enquiry(
        [*answers_of(each for each in questions if not _is_placeholder(each.value)), *consent_answers(consents)],
        external_id=text_at(lead, "id"),
        form_name=text_at(form, "name"),
        place=facts.get("page_id", ""),
        utm=utm_of("meta", facts, config.get("names", {})),
        details={**{name: fact for name, fact in facts.items() if name != "created_time"}, **consent_details(consents)},
        submitted_at=read_instant(created),
        is_test=any(_is_test(each.value) for each in questions),
    )


def _questions(lead: Json, form: Json) -> Iterator[PlatformQuestion]:
    questions = {_folded(text_at(question, "key")): question for question in tables_at(form, "questions")}
    for item in tables_at(lead, "field_data"):
        name = text_at(item, "name")
        question = questions.get(_folded(name), {})
        kind = text_at(question, "type")
        standard = "" if kind == "CUSTOM" else kind or name
        yield PlatformQuestion(standard, text_at(question, "label") or name, item.get("values", item.get("value")))


def _folded(key: str) -> str:
    """Return a question's key as form and lead share it: one of them may omit the question mark."""
    return key.lower().rstrip("?").rstrip()


def _consents(lead: Json, form: Json) -> list[Consent]:
    boxes = [*tables_at(form, "legal_content", "custom_disclaimer", "checkboxes")]
    boxes += tables_at(form, "custom_disclaimer", "checkboxes")
    texts = {text_at(box, "key"): text_at(box, "text") for box in boxes}
    answers = [
        (text_at(box, "checkbox_key"), text_at(box, "is_checked"))
        for box in tables_at(lead, "custom_disclaimer_responses")
    ]
    return [Consent(key, texts.get(key, ""), checked.lower() in {"1", "true"}) for key, checked in answers]


def _is_placeholder(value: object) -> bool:
    return any(_PLACEHOLDER.match(text) for _, text in flatten(value))


def _is_test(value: object) -> bool:
    return any(_PLACEHOLDER.match(text) or text.lower() in META.test_addresses for _, text in flatten(value))


SENDER = WebhookSender(read, verify, proof_key="app_secret", verify_endpoint=verify_endpoint)
"""Announces leads."""
