"""Google Forms, through a script in the form or sheet: titles of questions with their answers.

Facts: Apps Script, "Event objects". The script that docs/senders.md offers sends `answers`, `formTitle`,
`responseId` and `submittedAt`; other scripts post `namedValues` as they are.
"""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.json_values import Json, read_instant, table_at, tables_at, text_at
from service.capture.tools.json_posts import all_named_answers, named_answers, other_details, read_object, read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender

_ANSWERS = ("answers", "namedValues", "values", "responses")
_QUESTION, _ANSWER = ("title", "question", "label", "name"), ("answer", "response", "value")
_KNOWN = (
    *_ANSWERS,
    *("formId", "formTitle", "formName", "responseId", "submittedAt", "timestamp", "email", "test"),
    *("range", "source", "triggerUid", "authMode"),  # of the event, where a script sends the whole of it
)


def read(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield one response; a script of another shape is read by its names."""
    payload = read_object(call)
    answers = [answer for name in _ANSWERS for answer in _answers(payload, name)]
    if not answers:
        yield from read_plainly(call, config)
        return
    yield Enquiry(
        [*answers, *named_answers("email", text_at(payload, "email"))],
        external_id=text_at(payload, "responseId"),
        form_name=text_at(payload, "formTitle") or text_at(payload, "formName"),
        details=other_details(payload, *_KNOWN),
        submitted_at=read_instant(text_at(payload, "submittedAt") or text_at(payload, "timestamp")),
        is_test=text_at(payload, "test") == "true",
    )


def _answers(payload: Json, name: str) -> Iterator[NamedAnswer]:
    """Answers by title, or as a list of questions. A title used twice has an empty answer, too."""
    yield from all_named_answers(table_at(payload, name))
    for question in tables_at(payload, name):
        label = next(filter(None, (text_at(question, key) for key in _QUESTION)), "")
        value = next((question[key] for key in _ANSWER if key in question), None)
        yield from named_answers(label, value)


GOOGLE_FORMS = WebhookSender(read)
"""Signs nothing: the script sends the token."""
