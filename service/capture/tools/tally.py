"""Tally: a list of labelled fields, with choices as ids of options; signed over the body.

Facts: tally.so/help/webhooks.
"""

from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing.json_values import Json, list_at, read_instant, table_at, tables_at, text_at
from service.capture.tools.any_json.answers import file_text
from service.capture.tools.json_posts import named_answers, other_details, read_object, read_plainly, read_unknown
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender, base64_signature

_SUBMITTED = ("", "FORM_RESPONSE")
_TARGETS = {"INPUT_EMAIL": "email", "INPUT_PHONE_NUMBER": "phone"}
_KNOWN = ("responseId", "submissionId", "respondentId", "formId", "formName", "createdAt", "fields")


def read(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield the answers, those of hidden fields included."""
    payload = read_object(call)
    if text_at(payload, "eventType") not in _SUBMITTED:
        yield from read_unknown(call, config)
        return
    response = table_at(payload, "data")
    if not tables_at(response, "fields"):
        yield from read_plainly(call, config)
        return
    yield Enquiry(
        list(_answers(tables_at(response, "fields"))),
        external_id=text_at(response, "responseId") or text_at(response, "submissionId"),
        form_name=text_at(response, "formName"),
        details=other_details(response, *_KNOWN),
        submitted_at=read_instant(text_at(response, "createdAt")),
    )


def _answers(fields: list[Json]) -> Iterator[NamedAnswer]:
    choice_keys = {text_at(field, "key") for field in fields if list_at(field, "options")}
    for field in fields:
        if not _repeats_a_choice(field, choice_keys):
            target = _TARGETS.get(text_at(field, "type"), "")
            yield from named_answers(text_at(field, "label"), _value(field), text_at(field, "key"), target=target)


def _repeats_a_choice(field: Json, choice_keys: set[str]) -> bool:
    """Each option of a list of checkboxes comes a second time, as a yes or no of its own."""
    question, _, option = text_at(field, "key").rpartition("_")
    return bool(option) and question in choice_keys and isinstance(field.get("value"), bool)


def _value(field: Json) -> object:
    value = field.get("value")
    files = [file_text(file) for file in tables_at(value)]  # a drawn signature is a file, too
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


TALLY = WebhookSender(read, base64_signature("tally-signature"))
"""Signs with the signing secret of the webhook."""
