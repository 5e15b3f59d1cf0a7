"""Google Forms, sent by a script of the form's or the sheet's owner: titles of questions with their answers.

Facts: Apps Script, "Event objects". The script that docs/senders.md offers sends `answers`, `formTitle`,
`responseId` and `submittedAt`; others post `namedValues` as they are.
"""

from collections.abc import Iterator

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.parsing.shapes import Json, table_at, tables_at, text_at
from service.capture.tools.questions import ask, ask_all, beside, read_object, read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender

_ANSWERS = ("answers", "namedValues", "values", "responses")
_QUESTION, _ANSWER = ("title", "question", "label", "name"), ("answer", "response", "value")
_KNOWN = (
    *_ANSWERS,
    *("formId", "formTitle", "formName", "responseId", "submittedAt", "timestamp", "email", "test"),
    *("range", "source", "triggerUid", "authMode"),  # of the event, where a script sends all of it
)


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """One response; what a script of another shape sends is read by its names."""
    found = read_object(call)
    answers = [answer for name in _ANSWERS for answer in _answers(found, name)]
    if not answers:
        yield from read_plainly(call, table)
        return
    yield Enquiry(
        [*answers, *ask("email", text_at(found, "email"))],
        external_id=text_at(found, "responseId"),
        form_name=text_at(found, "formTitle") or text_at(found, "formName"),
        details=beside(found, *_KNOWN),
        submitted_at=read_instant(text_at(found, "submittedAt") or text_at(found, "timestamp")),
        is_test=text_at(found, "test") == "true",
    )


def _answers(found: Json, name: str) -> Iterator[NamedAnswer]:
    """By title, or as a list of questions. A title that was used twice has an empty answer, too."""
    yield from ask_all(table_at(found, name))
    for question in tables_at(found, name):
        label = next(filter(None, (text_at(question, key) for key in _QUESTION)), "")
        value = next((question[key] for key in _ANSWER if key in question), None)
        yield from ask(label, value)


GOOGLE_FORMS = WebhookSender(read)
"""Signs nothing: the script sends the token."""
