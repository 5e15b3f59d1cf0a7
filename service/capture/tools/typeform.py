"""Typeform: answers that name their question by its id; signed over the body.

Facts: typeform.com/developers/webhooks, "Example payload", "Secure your webhooks".
"""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.json_values import Json, read_instant, table_at, tables_at, text_at, texts_at, value_at
from service.capture.tools.json_posts import all_named_answers, named_answers, other_details, read_object, read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender, base64_signature

_TARGETS = {"email": "email", "phone_number": "phone"}  # by type of answer
_PLACEHOLDER = "xxxxx"
_PARTIAL = "form_response_partial"
_TEST_EMAIL, _TEST_TEXT = "an_account@example.com", "Lorem ipsum dolor"  # sent by "Send test request"
_KNOWN = ("form_id", "token", "landed_at", "submitted_at", "hidden", "definition", "answers", "ending", "variables")


def read(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield one finished response; nothing for a partial one."""
    payload = read_object(call)
    if text_at(payload, "event_type") == _PARTIAL:  # the finished response has the same token
        return
    response = table_at(payload, "form_response")
    if not tables_at(response, "answers"):
        yield from read_plainly(call, config)
        return
    yield Enquiry(
        [*_answers(response), *_hidden(response)],
        external_id=text_at(response, "token"),
        form_name=text_at(response, "definition", "title"),
        details=other_details(response, *_KNOWN),
        submitted_at=read_instant(text_at(response, "submitted_at")),
        is_test=_is_test(tables_at(response, "answers")),
    )


def _answers(response: Json) -> Iterator[NamedAnswer]:
    titles = _titles(response)
    for answer in tables_at(response, "answers"):
        identity, ref = text_at(answer, "field", "id"), text_at(answer, "field", "ref")
        target = _TARGETS.get(text_at(answer, "type"), "")
        yield from named_answers(titles.get(identity, ""), _value(answer), ref, identity, target=target)
    for variable in tables_at(response, "variables"):
        yield from named_answers(text_at(variable, "key"), variable.get(text_at(variable, "type")))


def _hidden(response: Json) -> Iterator[NamedAnswer]:
    """Parameters of the form's link, without those that still hold Typeform's placeholder."""
    return (answer for answer in all_named_answers(response.get("hidden")) if answer.answer != _PLACEHOLDER)


def _titles(response: Json) -> dict[str, str]:
    """Id -> title of every question, including those inside groups and contact blocks."""
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


TYPEFORM = WebhookSender(read, base64_signature("typeform-signature", "sha256="))
"""Signs with the secret of the webhook."""
