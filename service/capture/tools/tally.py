"""Tally: a list of fields with labels, whose choices are ids of options; signed over the body.

Facts: tally.so/help/webhooks.
"""

from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.parsing.shapes import Json, list_at, table_at, tables_at, text_at
from service.capture.tools.compounds import file_text
from service.capture.tools.questions import ask, beside, read_object, read_plainly, read_unknown
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender
from service.capture.tools.signatures import check_base64

_SUBMITTED = ("", "FORM_RESPONSE")
_ASKED = {"INPUT_EMAIL": "email", "INPUT_PHONE_NUMBER": "phone"}
_KNOWN = ("responseId", "submissionId", "respondentId", "formId", "formName", "createdAt", "fields")


def verify(call: WebhookCall, table: SenderConfig) -> None:
    """Raises: InvalidSignature unless the body was signed with the webhook's signing secret."""
    check_base64(call.headers.get("tally-signature", ""), str(table.get("secret", "")), call.body)


def read(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """What was filled in and what the page handed over in hidden fields."""
    found = read_object(call)
    if text_at(found, "eventType") not in _SUBMITTED:
        yield from read_unknown(call, table)
        return
    response = table_at(found, "data")
    if not tables_at(response, "fields"):
        yield from read_plainly(call, table)
        return
    yield Enquiry(
        list(_answers(tables_at(response, "fields"))),
        external_id=text_at(response, "responseId") or text_at(response, "submissionId"),
        form_name=text_at(response, "formName"),
        details=beside(response, *_KNOWN),
        submitted_at=read_instant(text_at(response, "createdAt")),
    )


def _answers(fields: list[Json]) -> Iterator[NamedAnswer]:
    asked = {text_at(field, "key") for field in fields if list_at(field, "options")}
    for field in fields:
        if not _repeats_a_choice(field, asked):
            target = _ASKED.get(text_at(field, "type"), "")
            yield from ask(text_at(field, "label"), _value(field), text_at(field, "key"), target=target)


def _repeats_a_choice(field: Json, asked: set[str]) -> bool:
    """Each option of a list of boxes comes a second time, as a yes or no of its own."""
    question, _, option = text_at(field, "key").rpartition("_")
    return bool(option) and question in asked and isinstance(field.get("value"), bool)


def _value(field: Json) -> object:
    value = field.get("value")
    files = [file_text(file) for file in tables_at(value)]  # a signature is one, too
    if any(files):
        return files
    if isinstance(value, Mapping):  # a matrix: row -> columns
        rows = _texts(field, "rows")
        return {rows.get(row, row): _chosen(columns, _texts(field, "columns")) for row, columns in value.items()}
    return _chosen(value, _texts(field, "options"))


def _chosen(value: object, texts: Mapping[str, str]) -> object:
    if isinstance(value, list):
        return [_chosen(member, texts) for member in value]
    return texts.get(value, value) if isinstance(value, str) else value


def _texts(field: Json, key: str) -> dict[str, str]:
    return {text_at(option, "id"): text_at(option, "text") for option in tables_at(field, key)}


TALLY = WebhookSender(read, verify)
"""Signs with the signing secret of the webhook."""
