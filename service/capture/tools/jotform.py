"""Jotform: a multipart body; one part has the answers as JSON, with HTML entities. Signs nothing.

Facts: bodies that public receivers took; API Evangelist, "Jotform AsyncAPI".
"""

import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.names import meaning_of
from service.capture.parsing import Unreadable
from service.capture.parsing.bodies import read_body
from service.capture.parsing.json_values import Json, table_at, text_at
from service.capture.parsing.loose_json import read_json
from service.capture.parsing.texts import Answer
from service.capture.tools.any_json.answers import compose
from service.capture.tools.json_posts import named_answers, other_details
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender

_QUESTION = re.compile(r"q\d+_?(.*)", re.DOTALL)
_PERSON = ("prefix", "first", "middle", "last", "suffix")
_PHONE = ("full", "area", "phone")
_PARTS = (
    *("rawRequest", "formID", "submissionID", "formTitle", "ip", "pretty", "username", "type", "action", "unread"),
    *("webhookURL", "isSilent", "fromTable", "appID", "teamID", "documentID", "product", "subject"),
)
"""Parts beside the answers. webhookURL may contain the token: it is never kept."""

_METADATA = (
    *("slug", "event_id", "preview", "path", "submitDate", "submitSource", "buildDate", "timeToSubmit"),
    *("jsExecutionTracker", "uploadServerUrl", "eventObserver", "validatedNewRequiredFieldIDs", "visitedPages"),
    *("formOpenId_V5", "formID", "temp_upload", "jufs", "simple_spc", "embedUrl", "anchor"),
)


def read(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Yield one submission; after an edit it comes again with the same id."""
    parts = read_body(call.body, call.content_type).answers
    answers = _raw_answers(parts)
    rest = other_details(parts, *_PARTS) if answers else {}
    unasked = {name: value for name, value in answers.items() if not _QUESTION.match(name)}
    yield Enquiry(
        list(_answers(answers)) if answers else list(_plainly(parts)),
        external_id=text_at(parts, "submissionID"),
        form_name=text_at(parts, "formTitle"),
        details={**rest, **other_details(unasked, *_METADATA)},
        ip=text_at(parts, "ip"),
        is_test=text_at(answers, "preview") in ("true", "1"),
    )


def _raw_answers(parts: Json) -> Json:
    try:
        return table_at(read_json(text_at(parts, "rawRequest").encode()))
    except Unreadable:
        return {}


def _plainly(parts: Mapping[str, Answer]) -> Iterator[NamedAnswer]:
    """All parts, Jotform's readable summary of the answers included, where the answers cannot be read."""
    hidden = (*_PARTS[1:5], *_PARTS[6:])
    yield from (NamedAnswer(name, answer) for name, answer in parts.items() if name not in hidden)


def _answers(answers: Json) -> Iterator[NamedAnswer]:
    person = _person(answers)
    for key, value in answers.items():
        question = _QUESTION.match(key)
        if question:
            yield from _answer(question[1] or key, value, key == person)


def _person(answers: Json) -> str:
    """The key of the question for the person's own name; other names may be asked for, too."""
    named = [key for key, value in answers.items() if _QUESTION.match(key) and _is_person(value)]
    return next((key for key in named if _means_name(key)), named[0] if named else "")


def _means_name(key: str) -> bool:
    meaning = meaning_of(key)
    return meaning is not None and meaning.target == "full_name"


def _answer(name: str, value: object, is_person: bool) -> Iterator[NamedAnswer]:
    if is_person:
        yield from named_answers(f"{name}.first", _joined(value, *_PERSON[1:3]), target="first_name")
        yield from named_answers(f"{name}.last", text_at(value, "last"), target="last_name")
        yield from named_answers(f"{name}.prefix", _joined(value, "prefix", "suffix"))
    elif _is_phone(value):
        yield from named_answers(name, compose(value), target="phone")
    else:
        yield from named_answers(name, compose(value))


def _joined(value: object, *keys: str) -> str:
    return " ".join(filter(None, (text_at(value, key) for key in keys)))


def _is_person(value: object) -> bool:
    return isinstance(value, Mapping) and bool(text_at(value, "first") or text_at(value, "last"))


def _is_phone(value: object) -> bool:
    return isinstance(value, Mapping) and any(text_at(value, key) for key in _PHONE)


JOTFORM = WebhookSender(read)
"""Signs nothing."""
