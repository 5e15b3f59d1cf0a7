"""LinkedIn Lead Gen Forms: the webhook brings URNs, the answers are fetched afterwards."""

import json
import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, LeadNotice, Withdrawal
from service.capture.parsing import Unreadable
from service.capture.parsing.json_values import Json, list_at, read_instant, table_at, tables_at, text_at, value_at
from service.capture.tools.sender import (
    HandshakeReply,
    InvalidSignature,
    SenderConfig,
    WebhookCall,
    WebhookSender,
    check_hex,
    hmac_hex,
)
from service.platforms.events import (
    Consent,
    PlatformQuestion,
    answers_of,
    consent_answers,
    consent_details,
    known,
    read_event,
    unreadable_item,
)
from service.platforms.registry import utm_of

_SIGNED_PREFIX = "hmacsha256="
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_FORM = re.compile(r"leadGenForm:(\d+)\s*(?:,\s*(\d+))?")
_OWNERS = ("sponsoredAccount", "organization")
_CREATIVES = ("associatedCreative", "sponsoredCreative", "creative")


def verify(call: WebhookCall, config: SenderConfig) -> None:
    """Check the HMAC. It covers a prefix that the header lacks; a header with the prefix is accepted, too.

    Raises: InvalidSignature.
    """
    header = call.headers.get("x-li-signature", "").removeprefix(_SIGNED_PREFIX)
    check_hex(header, config["client_secret"], _SIGNED_PREFIX.encode() + call.body)


def verify_endpoint(call: WebhookCall, config: SenderConfig) -> HandshakeReply:
    """Answer LinkedIn's check of the endpoint, which comes every two hours and allows three seconds.

    Raises: InvalidSignature.
    """
    challenge = call.query.get("challengeCode")
    if challenge is None:
        return HandshakeReply(
            '{"message": "This address takes the leads of LinkedIn."}', content_type="application/json"
        )
    # Only a challenge: a signature of any other text could be used to forge a call.
    if not _CHALLENGE.fullmatch(challenge) or not config.get("client_secret"):
        raise InvalidSignature("the challengeCode is not one of LinkedIn's")
    signed = hmac_hex(str(config["client_secret"]), challenge.encode())
    payload = {"challengeCode": challenge, "challengeResponse": signed}
    return HandshakeReply(json.dumps(payload), content_type="application/json")


def read(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Yield a LeadNotice for a new lead and a Withdrawal for a retracted one; skip other events.

    Raises: Unreadable.
    """
    body = read_event(call)
    events = tables_at([body]) or tables_at(body)
    if not events:
        raise Unreadable("The JSON is not a LinkedIn event.")
    for event in events:
        if text_at(event, "type") == "LEAD_ACTION":
            yield from _read_event(event)


def _read_event(event: Json) -> Iterator[Item]:
    lead_id, action = id_of(text_at(event, "leadGenFormResponse")), text_at(event, "leadAction")
    if action not in {"CREATED", "DELETED"}:
        return
    if not lead_id:
        yield unreadable_item(event, "LinkedIn announced a lead without its id.")
    elif action == "DELETED":
        yield Withdrawal(lead_id)
    else:
        details = known(_facts(event))
        yield LeadNotice(lead_id, id_of(details.get("owner", "")), details)


def _facts(event: Json) -> dict[str, str]:
    form_id, version = _form_of(text_at(event, "leadGenForm") or text_at(event, "versionedLeadGenFormUrn"))
    entity = table_at(event, "associatedEntity")
    return {
        "owner": _first(table_at(event, "owner"), _OWNERS),
        "lead_type": text_at(event, "leadType"),
        "form_id": form_id,
        "form_version": version,
        "creative_id": id_of(_first(entity, _CREATIVES)),
        "event_id": id_of(text_at(entity, "event")),
        "occurred_at": text_at(event, "occurredAt"),
    }


def needs_form(response: Json) -> bool:
    """Return whether the form must be fetched: only it holds the questions."""
    questions = tables_at(response, "form", "content", "questions")
    return bool(list_at(response, "formResponse", "answers")) and not questions


def enquiry(response: Json, form: Json | None, details: Mapping[str, str], config: SenderConfig) -> Enquiry:
    """Return the enquiry of a fetched response.

    response: from GET /leadFormResponses/{id}. form: from GET /leadForms/{id}; None where the response holds it, or it
    was not fetched. Both with numbers as text. details: of the LeadNotice. config: for its `names`.
    Raises: nothing.
    """
    form = form or table_at(response, "form")
    consents = _consents(response, form)
    facts = {**details, **known(_facts(response)), **known(_campaign(response))}
    occurred = facts.pop("occurred_at", "")
    return Enquiry(
        [*answers_of(_questions(response, form)), *consent_answers(consents)],
        external_id=id_of(text_at(response, "id")),
        form_name=text_at(form, "name"),
        place=id_of(facts.get("owner", "")),
        utm=utm_of("linkedin", facts, config.get("names", {})),
        details={**facts, **consent_details(consents)},
        submitted_at=read_instant(text_at(response, "submittedAt") or occurred),
        is_test=text_at(response, "testLead") == "true",
    )


def _campaign(response: Json) -> dict[str, str]:
    return {
        "campaign_id": id_of(text_at(response, "leadMetadata", "sponsoredLeadMetadata", "campaign")),
        "campaign_name": text_at(response, "leadMetadataInfo", "sponsoredLeadMetadataInfo", "campaign", "name"),
    }


def _questions(response: Json, form: Json) -> Iterator[PlatformQuestion]:
    questions = {text_at(each, "questionId"): each for each in tables_at(form, "content", "questions")}
    for answer in tables_at(response, "formResponse", "answers"):
        number = text_at(answer, "questionId")
        question = questions.get(number, {})
        label = _localized(question, "question") or text_at(question, "name") or f"question {number}"
        yield PlatformQuestion(text_at(question, "predefinedField"), label, _value(answer, question))
    for hidden in tables_at(form, "hiddenFields"):
        yield PlatformQuestion("", text_at(hidden, "name"), hidden.get("value"))


def _value(answer: Json, question: Json) -> object:
    """Return the text, or the labels of the chosen options, which come as ids; any other kind as it is."""
    details = table_at(answer, "answerDetails")
    if "textQuestionAnswer" in details:
        return value_at(details, "textQuestionAnswer", "answer")
    chosen = value_at(details, "multipleChoiceAnswer", "options")
    if not isinstance(chosen, list):
        return dict(details)
    options = tables_at(question, "questionDetails", "multipleChoiceQuestionDetails", "options")
    labels = {text_at(option, "id"): _localized(option, "text") for option in options}
    return [labels.get(text_at(option)) or option for option in chosen]


def _consents(response: Json, form: Json) -> list[Consent]:
    boxes = tables_at(form, "content", "legalInfo", "consents")
    texts = {text_at(box, "id"): _localized(box, "consent") for box in boxes}
    answers = [
        (text_at(each, "consentId"), text_at(each, "accepted"))
        for each in tables_at(response, "formResponse", "consentResponses")
    ]
    return [Consent(key, texts.get(key, ""), accepted == "true") for key, accepted in answers]


def _localized(value: Json, name: str) -> str:
    """Return a text in the form's only language."""
    texts = table_at(value, name, "localized")
    return next((text for key in texts if (text := text_at(texts, key))), "") or text_at(value, name)


def _form_of(urn: str) -> tuple[str, str]:
    """Return form id and version; the webhook writes a space after the comma, the API does not."""
    match = _FORM.search(urn)
    return (match[1], match[2] or "") if match else ("", "")


def _first(value: Json, names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := text_at(value, name))), "")


def id_of(urn: str) -> str:
    """Return the id at the end of a URN, or a bare id."""
    return urn.rpartition(":")[2]


SENDER = WebhookSender(read, verify, proof_key="client_secret", verify_endpoint=verify_endpoint)
"""Announces leads, and that people retracted theirs."""
