"""Jotform: parts of a multipart body, one of them the answers as JSON that was made HTML; signs nothing.

Facts: bodies that public receivers took; API Evangelist, "Jotform AsyncAPI".
"""

import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.names import meaning_of
from service.capture.parsing.bodies import read_body, read_json
from service.capture.parsing.errors import Unreadable
from service.capture.parsing.shapes import Json, table_at, text_at
from service.capture.parsing.texts import Answer
from service.capture.tools.compounds import compose
from service.capture.tools.questions import ask, beside
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender

_QUESTION = re.compile(r"q\d+_?(.*)", re.DOTALL)
_PERSON = ("prefix", "first", "middle", "last", "suffix")
_PHONE = ("full", "area", "phone")
_PARTS = (
    *("rawRequest", "formID", "submissionID", "formTitle", "ip", "pretty", "username", "type", "action", "unread"),
    *("webhookURL", "isSilent", "fromTable", "appID", "teamID", "documentID", "product", "subject"),
)
"""Parts beside the answers. The webhook's own address may hold the token: it is never kept."""

_PLUMBING = (
    *("slug", "event_id", "preview", "path", "submitDate", "submitSource", "buildDate", "timeToSubmit"),
    *("jsExecutionTracker", "uploadServerUrl", "eventObserver", "validatedNewRequiredFieldIDs", "visitedPages"),
    *("formOpenId_V5", "formID", "temp_upload", "jufs", "simple_spc", "embedUrl", "anchor"),
)


def read(call: WebhookCall, _table: SenderConfig) -> Iterator[Item]:
    """One submission; an edited one comes again under the same id."""
    parts = read_body(call.body, call.content_type).answers
    typed = _typed(parts)
    rest = beside(parts, *_PARTS) if typed else {}
    yield Enquiry(
        list(_answers(typed)) if typed else list(_plainly(parts)),
        external_id=text_at(parts, "submissionID"),
        form_name=text_at(parts, "formTitle"),
        details={**rest, **beside({name: typed[name] for name in typed if not _QUESTION.match(name)}, *_PLUMBING)},
        ip=text_at(parts, "ip"),
        is_test=text_at(typed, "preview") in ("true", "1"),
    )


def _typed(parts: Json) -> Json:
    try:
        return table_at(read_json(text_at(parts, "rawRequest").encode()))
    except Unreadable:
        return {}


def _plainly(parts: Mapping[str, Answer]) -> Iterator[NamedAnswer]:
    """Where the answers cannot be read: all parts, with what Jotform made of the answers for people."""
    hidden = (*_PARTS[1:5], *_PARTS[6:])
    yield from (NamedAnswer(name, answer) for name, answer in parts.items() if name not in hidden)


def _answers(typed: Json) -> Iterator[NamedAnswer]:
    person = _person(typed)
    for key, value in typed.items():
        found = _QUESTION.match(key)
        if found:
            yield from _answer(found[1] or key, value, key == person)


def _person(typed: Json) -> str:
    """The question for the person's own name: other names may be asked, too."""
    named = [key for key, value in typed.items() if _QUESTION.match(key) and _is_person(value)]
    return next((key for key in named if _means_name(key)), named[0] if named else "")


def _means_name(key: str) -> bool:
    meaning = meaning_of(key)
    return meaning is not None and meaning.target == "full_name"


def _answer(name: str, value: object, is_the_person: bool) -> Iterator[NamedAnswer]:
    if is_the_person:
        yield from ask(f"{name}.first", _joined(value, *_PERSON[1:3]), target="first_name")
        yield from ask(f"{name}.last", text_at(value, "last"), target="last_name")
        yield from ask(f"{name}.prefix", _joined(value, "prefix", "suffix"))
    elif _is_phone(value):
        yield from ask(name, compose(value), target="phone")
    else:
        yield from ask(name, compose(value))


def _joined(value: object, *keys: str) -> str:
    return " ".join(filter(None, (text_at(value, key) for key in keys)))


def _is_person(value: object) -> bool:
    return isinstance(value, Mapping) and bool(text_at(value, "first") or text_at(value, "last"))


def _is_phone(value: object) -> bool:
    return isinstance(value, Mapping) and any(text_at(value, key) for key in _PHONE)


JOTFORM = WebhookSender(read)
"""Signs nothing."""
