"""What the JSON of form tools has in common: questions with their answers, remarks beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.names import meaning_of
from service.capture.parsing.bodies import read_json
from service.capture.parsing.errors import Unreadable
from service.capture.parsing.nesting import collect, flatten
from service.capture.parsing.shapes import Json, table_at
from service.capture.parsing.texts import Answer
from service.capture.tools import plain
from service.capture.tools.events import shows_somebody
from service.capture.tools.sender import SenderConfig, WebhookCall


def read_object(call: WebhookCall) -> Json:
    """The JSON object that a call brings; an empty one for anything else, which is then to be read plainly."""
    try:
        return table_at(read_json(call.body))
    except Unreadable:
        return {}


def read_plainly(call: WebhookCall, table: SenderConfig, external_id: str = "") -> Iterator[Item]:
    """What a call of another shape brings, by its names.

    external_id: what the call has for one all the same; several leads of one call do not share it.
    """
    items = list(plain.read(call, table))
    own_id = external_id if len(items) == 1 else ""
    for item in items:
        yield replace(item, external_id=own_id) if own_id and isinstance(item, Enquiry) else item


def read_unknown(call: WebhookCall, table: SenderConfig) -> Iterator[Item]:
    """An event that the tool is not known to send: a lead where somebody stands in it, else nothing."""
    for item in read_plainly(call, table):
        if isinstance(item, Enquiry) and shows_somebody(item.answers):
            yield item


def ask(label: str, value: object, *hints: str, target: str = "") -> Iterator[NamedAnswer]:
    """One question with what was answered; nothing where it was left out. Nested answers get dotted names.

    hints: other names of the question, such as an id that its author chose: the first that is known
    tells what was asked where the label does not. target: what was asked, where the tool itself says so.
    """
    name = label or next(filter(None, hints), "")
    wanted = target or _meant(name, hints)
    for leaf, answer in collect(flatten(value, name)).items():
        if answer:
            yield NamedAnswer(leaf, answer, wanted)


def ask_all(questions: object) -> Iterator[NamedAnswer]:
    """Every name in an object as a question."""
    for name, value in table_at(questions).items():
        yield from ask(name, value)


def beside(value: Json, *known: str) -> dict[str, Answer]:
    """What an object holds beside the keys that are read elsewhere, or that say nothing about the person."""
    rest = {name: member for name, member in value.items() if name not in known}
    return {name: answer for name, answer in collect(flatten(rest)).items() if answer}


def remarks(**named: str) -> Mapping[str, Answer]:
    """Details by label, `Booking_start` for "Booking start"; blanks are left out."""
    return {name.replace("_", " "): text for name, text in named.items() if text}


def _meant(name: str, hints: tuple[str, ...]) -> str:
    if meaning_of(name) is not None:
        return ""
    meanings = (meaning_of(hint) for hint in hints)
    return next((found.target for found in meanings if found and not found.target.startswith("_")), "")
