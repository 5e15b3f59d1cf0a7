"""Typeform: answers that name their question by its id; signed over the body.

Facts: typeform.com/developers/webhooks, "Example payload", "Secure your webhooks".
"""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at, texts_at, value_at
from service.capture.tools.questions import ask, ask_all, beside, read_object, read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_base64

_ASKED = {"email": "email", "phone_number": "phone"}  # type of answer -> what was asked
_NOT_FILLED_IN = "xxxxx"
_UNFINISHED = "form_response_partial"
_TEST_EMAIL, _TEST_TEXT = "an_account@example.com", "Lorem ipsum dolor"  # what "Send test request" fills in
_KNOWN = ("form_id", "token", "landed_at", "submitted_at", "hidden", "definition", "answers", "ending", "variables")


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Raises: InvalidSignature unless the body was signed with the webhook's secret."""
    check_base64(call.headers.get("typeform-signature", ""), str(table.get("secret", "")), call.body, "sha256=")


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """The answers of one person; nothing while somebody is still typing."""
    found = read_object(call)
    if text_at(found, "event_type") == _UNFINISHED:  # its token comes again with the finished one
        return
    response = table_at(found, "form_response")
    if not tables_at(response, "answers"):
        yield from read_plainly(call, table)
        return
    yield Enquiry(
        [*_answers(response), *_hidden(response)],
        external_id=text_at(response, "token"),
        form_name=text_at(response, "definition", "title"),
        details=beside(response, *_KNOWN),
        submitted_at=read_instant(text_at(response, "submitted_at")),
        is_test=_is_test(tables_at(response, "answers")),
    )


def _answers(response: Json) -> Iterator[NamedAnswer]:
    titles = _titles(response)
    for answer in tables_at(response, "answers"):
        identity, ref = text_at(answer, "field", "id"), text_at(answer, "field", "ref")
        target = _ASKED.get(text_at(answer, "type"), "")
        yield from ask(titles.get(identity, ""), _value(answer), ref, identity, target=target)
    for variable in tables_at(response, "variables"):
        yield from ask(text_at(variable, "key"), variable.get(text_at(variable, "type")))


def _hidden(response: Json) -> Iterator[NamedAnswer]:
    """What the link to the form handed over; a parameter that nobody filled in still says so."""
    return (handed for handed in ask_all(response.get("hidden")) if handed.answer != _NOT_FILLED_IN)


def _titles(response: Json) -> dict[str, str]:
    """Id -> title of every question, also of those within groups and contact blocks."""
    titles: dict[str, str] = {}
    waiting = tables_at(response, "definition", "fields")
    while waiting:
        question = waiting.pop()
        titles[text_at(question, "id")] = text_at(question, "title")
        waiting += tables_at(question, "properties", "fields")
    return titles


def _value(answer: Json) -> object:
    kind = text_at(answer, "type")
    others = (member for name, member in answer.items() if name not in ("type", "field"))
    value = answer[kind] if kind in answer else next(others, None)
    chosen = [text for key in ("label", "labels", "other") for text in texts_at(value_at(value, key))]
    return chosen or value


def _is_test(answers: list[Json]) -> bool:
    emails = [text_at(answer, "email") for answer in answers if text_at(answer, "email")]
    texts = [text_at(answer, "text") for answer in answers if text_at(answer, "text")]
    return emails == [_TEST_EMAIL] or (not emails and bool(texts) and set(texts) == {_TEST_TEXT})


TYPEFORM = WebhookSender(read, verify)
"""Signs with the secret of the webhook."""
