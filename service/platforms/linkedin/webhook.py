"""LinkedIn Lead Gen Forms: the webhook brings URNs, the answers are read afterwards."""

import json
import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, LeadNotice, Withdrawal
from service.capture.fields.instants import read_instant
from service.capture.parsing.errors import Unreadable
from service.capture.parsing.shapes import Json, list_at, table_at, tables_at, text_at, value_at
from service.capture.tools.sender import HandshakeReply, InvalidSignature, SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_hex, hmac_hex
from service.platforms.events import known, read_event, unfit
from service.platforms.questions import Consent, PlatformQuestion, answers_of, consent_answers, consent_details
from service.platforms.tags import utm_of

_SIGNED_PREFIX = "hmacsha256="
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,100}")
_FORM = re.compile(r"leadGenForm:(\d+)\s*(?:,\s*(\d+))?")
_OWNERS = ("sponsoredAccount", "organization")
_CREATIVES = ("associatedCreative", "sponsoredCreative", "creative")


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Check the HMAC, which covers a prefix that is not in the header; one that is there all the same is let pass.

    Raises: InvalidSignature.
    """
    header = call.headers.get("x-li-signature", "").removeprefix(_SIGNED_PREFIX)
    check_hex(header, table["client_secret"], _SIGNED_PREFIX.encode() + call.body)


def verify_endpoint(call: WebhookCall, table: SenderConfig) -> HandshakeReply:
    """Answer the check that comes every two hours, and has to be answered within three seconds.

    Raises: InvalidSignature.
    """
    challenge = call.query.get("challengeCode")
    if challenge is None:
        return HandshakeReply(
            '{"message": "This address takes the leads of LinkedIn."}', content_type="application/json"
        )
    # Not any text: who could have a body with its prefix signed here could forge calls.
    if not _CHALLENGE.fullmatch(challenge) or not table.get("client_secret"):
        raise InvalidSignature("this is no challenge of LinkedIn's")
    signed = hmac_hex(str(table["client_secret"]), challenge.encode())
    told = {"challengeCode": challenge, "challengeResponse": signed}
    return HandshakeReply(json.dumps(told), content_type="application/json")


def read(call: WebhookCall, _table: SenderConfig) -> Iterator[Item]:
    """A Notice for a new lead, a Withdrawal for one that its person took back; other events are none.

    Raises: Unreadable.
    """
    body = read_event(call)
    events = tables_at([body]) or tables_at(body)
    if not events:
        raise Unreadable("The JSON is no event of LinkedIn's.")
    for event in events:
        if text_at(event, "type") == "LEAD_ACTION":
            yield from _read_event(event)


def _read_event(event: Json) -> Iterator[Item]:
    lead_id, action = _tail(text_at(event, "leadGenFormResponse")), text_at(event, "leadAction")
    if action not in {"CREATED", "DELETED"}:
        return
    if not lead_id:
        yield unfit(event, "LinkedIn announced a lead without its id.")
    elif action == "DELETED":
        yield Withdrawal(lead_id)
    else:
        details = known(_facts(event))
        yield LeadNotice(lead_id, _tail(details.get("owner", "")), details)


def _facts(event: Json) -> dict[str, str]:
    form_id, version = _form_of(text_at(event, "leadGenForm") or text_at(event, "versionedLeadGenFormUrn"))
    entity = table_at(event, "associatedEntity")
    return {
        "owner": _first(table_at(event, "owner"), _OWNERS),
        "lead_type": text_at(event, "leadType"),
        "form_id": form_id,
        "form_version": version,
        "creative_id": _tail(_first(entity, _CREATIVES)),
        "event_id": _tail(text_at(entity, "event")),
        "occurred_at": text_at(event, "occurredAt"),
    }


def needs_form(response: Json) -> bool:
    """Tell whether the form is needed, which alone says what the answers answer."""
    questions = tables_at(response, "form", "content", "questions")
    return bool(list_at(response, "formResponse", "answers")) and not questions


def enquiry(response: Json, form: Json | None, details: Mapping[str, str], table: SenderConfig) -> Enquiry:
    """Make the Enquiry of a response that was read.

    response: the answer of GET /leadFormResponses/{id}. form: of GET /leadForms/{id}; None where the answer holds
    it, or it was not read. Both parsed with numbers as text. details: of the Notice. table: for its `names`.
    Raises: nothing.
    """
    form = form or table_at(response, "form")
    consents = _consents(response, form)
    facts = {**details, **known(_facts(response)), **known(_campaign(response))}
    occurred = facts.pop("occurred_at", "")
    return Enquiry(
        [*answers_of(_asked(response, form)), *consent_answers(consents)],
        external_id=_tail(text_at(response, "id")),
        form_name=text_at(form, "name"),
        place=_tail(facts.get("owner", "")),
        utm=utm_of("linkedin", facts, table.get("names", {})),
        details={**facts, **consent_details(consents)},
        submitted_at=read_instant(text_at(response, "submittedAt") or occurred),
        is_test=text_at(response, "testLead") == "true",
    )


def _campaign(response: Json) -> dict[str, str]:
    return {
        "campaign_id": _tail(text_at(response, "leadMetadata", "sponsoredLeadMetadata", "campaign")),
        "campaign_name": text_at(response, "leadMetadataInfo", "sponsoredLeadMetadataInfo", "campaign", "name"),
    }


def _asked(response: Json, form: Json) -> Iterator[PlatformQuestion]:
    questions = {text_at(each, "questionId"): each for each in tables_at(form, "content", "questions")}
    for answer in tables_at(response, "formResponse", "answers"):
        number = text_at(answer, "questionId")
        question = questions.get(number, {})
        label = _localized(question, "question") or text_at(question, "name") or f"question {number}"
        yield PlatformQuestion(text_at(question, "predefinedField"), label, _value(answer, question))
    for hidden in tables_at(form, "hiddenFields"):
        yield PlatformQuestion("", text_at(hidden, "name"), hidden.get("value"))


def _value(answer: Json, question: Json) -> object:
    """The text, or the labels of the chosen options, which are told by their ids; all of another kind as it is."""
    found = table_at(answer, "answerDetails")
    if "textQuestionAnswer" in found:
        return value_at(found, "textQuestionAnswer", "answer")
    chosen = value_at(found, "multipleChoiceAnswer", "options")
    if not isinstance(chosen, list):
        return dict(found)
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
    """A text in the language of the form, which has one."""
    texts = table_at(value, name, "localized")
    return next((text for key in texts if (text := text_at(texts, key))), "") or text_at(value, name)


def _form_of(urn: str) -> tuple[str, str]:
    """Form id and version; the webhook writes a space after the comma, the API none."""
    found = _FORM.search(urn)
    return (found[1], found[2] or "") if found else ("", "")


def _first(value: Json, names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := text_at(value, name))), "")


def _tail(urn: str) -> str:
    return urn.rpartition(":")[2]


SENDER = WebhookSender(read, verify, proof_key="client_secret", verify_endpoint=verify_endpoint, is_platform=True)
"""Announces leads, and that people took theirs back."""
