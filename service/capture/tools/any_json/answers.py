"""One question with what was answered: the name that it is kept under, and what that name asks for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.nesting import collect, flatten
from service.capture.parsing.shapes import Json, text_at, texts_at, value_at

_TARGETS = {
    **dict.fromkeys(("email", "emailinput", "inputemail", "emailaddress", "controlemail"), "email"),
    **dict.fromkeys(("tel", "phone", "phonenumber", "phoneinput", "inputphonenumber", "controlphone"), "phone"),
    **dict.fromkeys(("name", "fullname", "controlfullname"), "full_name"),
}
"""Kind of question, folded -> what it asks for; counts only where no label says it."""

_WORK = "WORK_"  # of Google's columns: the address at work goes before the other


class AnsweredQuestion(NamedTuple):
    """One question. label: "" where it has none. names, identity: what else it is called. kind: of input.

    value: in any shape; None where it was left out. rest: what adds to the answer.
    """

    label: str
    names: tuple[str, ...]
    identity: str
    kind: str
    is_answered: bool
    value: object
    rest: Json

    @property
    def name(self) -> str:
        """What it is shown by."""
        return self.label or next(iter(self.names), "") or self.identity


def answers_of(questions: Sequence[AnsweredQuestion], labels: Mapping[str, str]) -> list[NamedAnswer]:
    """What was answered, under the questions' labels. labels: of questions that have none of their own, by id."""
    asked = [_labelled(question, labels) for question in questions if question.is_answered]
    asked.sort(key=lambda question: not any(name.startswith(_WORK) for name in question.names))
    meant = {target for question in asked if (target := target_of(question.label))}
    person = _person_among(asked)
    return [answered for question in asked for answered in _answers(question, question is person, meant)]


def answers_to(name: str, value: object, target: str = "", *, is_person: bool = False) -> Iterator[NamedAnswer]:
    """One name with what was answered. is_person: the name in parts is that of the person who asks."""
    if is_person and is_name(value):
        first, last, around = name_parts(value)
        parts = (("first", first, "first_name"), ("last", last, "last_name"), ("prefix", around, ""))
        yield from (NamedAnswer(f"{name}.{part}", text, meaning) for part, text, meaning in parts if text)
        return
    for leaf, answer in collect(flatten(plain_answer(value), name)).items():
        if answer:
            yield NamedAnswer(leaf, answer, target if leaf == name else "")


def asks_for_name(name: str) -> bool:
    """Tell whether a label asks for the person's name."""
    return target_of(name) == "full_name"


def target_of(name: str) -> str:
    """What a name asks for: a key of aliases.json, "" for nothing known."""
    meaning = meaning_of(name) if name else None
    return meaning.target if meaning and not meaning.target.startswith("_") else ""


def _labelled(question: AnsweredQuestion, labels: Mapping[str, str]) -> AnsweredQuestion:
    if question.label or not labels:
        return question
    known = (labels.get(name, "") for name in (question.identity, *question.names))
    return question._replace(label=next(filter(None, known), ""))


def _person_among(questions: Sequence[AnsweredQuestion]) -> AnsweredQuestion | None:
    """The question for the person's own name among those answered in parts: other names may be asked, too."""
    in_parts = [question for question in questions if is_name(question.value)]
    named = (question for question in in_parts if asks_for_name(question.name))
    return next(named, in_parts[0] if in_parts else None)


def _answers(question: AnsweredQuestion, is_person: bool, meant: set[str]) -> Iterator[NamedAnswer]:
    name = question.name or "unnamed"
    target = _hinted(question, meant)
    yield from answers_to(name, question.value, target, is_person=is_person)
    for key, value in question.rest.items():
        yield from answers_to(f"{name} ({key})", value)


def _hinted(question: AnsweredQuestion, meant: set[str]) -> str:
    """What the question asks for, where its label does not say so and no other label does."""
    column = next((target for name in question.names if name.isupper() and (target := target_of(name))), "")
    if column or target_of(question.name):
        return column
    hints = (*(target_of(name) for name in question.names), _TARGETS.get(fold(question.kind), ""))
    return next((hint for hint in hints if hint and hint not in meant), "")


_NAME = (
    ("prefix", "salutation", "honorific"),
    ("first", "firstname", "givenname", "given", "fname"),
    ("middle", "middlename", "additionalname"),
    ("last", "lastname", "familyname", "surname", "family", "lname"),
    ("suffix",),
)
_WHOLE_NAME = frozenset(("full", "fullname", "firstandlast", "name", "formatted", "displayname", "title"))
_NAME_PARTS = frozenset(part for parts in _NAME for part in parts) | _WHOLE_NAME
_FIRST, _MIDDLE, _LAST = 1, 2, 3

_ADDRESS = (
    ("addrline1", "line1", "addressline1", "address1", "street1", "street", "streetaddress", "address", "streetline1"),
    ("addrline2", "line2", "addressline2", "address2", "street2", "streetline2", "apartment", "suburb"),
    ("city", "town", "locality"),
    ("state", "region", "province", "county"),
    ("postal", "postalcode", "postcode", "zip", "zipcode"),
    ("country", "countryname"),
)
_WHOLE_ADDRESS = ("fulladdress", "formattedaddress", "formatted")
_ADDRESS_PARTS = frozenset(
    (
        *(part for parts in _ADDRESS for part in parts),
        *(*_WHOLE_ADDRESS, "fullinternationaladdress", "line3", "countrycode", "statecode", "latitude", "longitude"),
        *("lat", "lng", "type"),
    )
)
_LINES = 3  # the first parts of an address, of which one at least is told
_FEWEST_LINES = 2  # one alone is a place or a name

_PHONE_PARTS = frozenset(
    ("full", "e164", "area", "phone", "number", "country", "countrycode", "national", "international", "formatted")
)

_FILE_LINKS = ("url", "link", "href", "downloadurl", "fileurl", "publicurl")
_FILE_NAMES = ("name", "filename", "originalname", "originalfilename", "title")
_FILE_FACTS = frozenset((*_FILE_NAMES, "mimetype", "contenttype", "size", "filesize", "extension"))

_CHOICE_TEXTS = ("label", "text", "simpletext", "answer", "value", "name", "title", "choice")
_CHOICE_FACTS = frozenset(
    (
        *(*_CHOICE_TEXTS, "id", "uuid", "ref", "key", "slug", "code", "color", "colour", "order", "position", "other"),
        *("index", "selected", "checked", "type", "kind", "icon"),
    )
)


def compose(value: object) -> object:
    """One text for a name, number, date, time or address in parts; a list for ticked boxes; else `value` itself."""
    if not isinstance(value, Mapping):
        return value
    parts = _by_folded_key(value)
    name = whole_name(value) if is_name(value) else ""
    return _phone(parts) or _date(parts) or _address(parts) or name or _time(parts) or _boxes(value)


def plain_answer(value: object) -> object:
    """The answer to a question, whatever it is wrapped in: chosen options as their texts, files by name and address."""
    if isinstance(value, list):
        return [plain_answer(member) for member in value]
    if not isinstance(value, Mapping):
        return value
    parts = _by_folded_key(value)
    if parts.keys() == {"value"}:
        return plain_answer(parts["value"])
    return _file(parts) or _choice(parts) or _money(parts) or compose(value)


def file_text(value: object) -> str:
    """A file by its name and address, "" for what is no file."""
    return _file(_by_folded_key(value)) if isinstance(value, Mapping) else ""


def is_name(value: object) -> bool:
    """Tell the name of a person in parts, and nothing else, from other objects."""
    if not isinstance(value, Mapping):
        return False
    parts = {fold(key) for key in value}
    return parts <= _NAME_PARTS and any(part in parts for kind in (_FIRST, _LAST) for part in _NAME[kind])


def name_parts(value: object) -> tuple[str, str, str]:
    """First names, last name, and what is said before and after them, of a name in parts."""
    parts = _by_folded_key(value) if isinstance(value, Mapping) else {}
    prefix, first, middle, last, suffix = (_first_of(parts, kind) for kind in _NAME)
    return _joined(first, middle), last, _joined(prefix, suffix)


def whole_name(value: Mapping[str, object]) -> str:
    """A name in parts as one text, "" where neither first nor last name is told."""
    parts = _by_folded_key(value)
    texts = [_first_of(parts, kind) for kind in _NAME]
    return _joined(*texts) if texts[_FIRST] or texts[_LAST] else ""


def _by_folded_key(value: Mapping[str, object]) -> dict[str, object]:
    return {fold(key): member for key, member in value.items() if member not in (None, "", [], {})}


def _first_of(parts: Mapping[str, object], keys: tuple[str, ...]) -> str:
    return next(filter(None, (text_at(parts, key) for key in keys)), "")


def _joined(*texts: str) -> str:
    return " ".join(filter(None, texts))


def _phone(parts: Mapping[str, object]) -> str:
    if not parts.keys() <= _PHONE_PARTS:
        return ""
    country = (text_at(parts, "country") or text_at(parts, "countrycode")).lstrip("+")
    number = _joined(text_at(parts, "area"), text_at(parts, "phone") or text_at(parts, "number"))
    whole = text_at(parts, "full") or text_at(parts, "e164")
    return whole or (f"+{country} {number}" if country.isdigit() and number else number)


def _date(parts: Mapping[str, object]) -> str:
    year, month, day = (text_at(parts, part) for part in ("year", "month", "day"))
    if not (year and month and day):
        return _joined(text_at(parts, "date"), text_at(parts, "time")) if parts.keys() <= {"date", "time"} else ""
    return f"{year}-{month.zfill(2)}-{day.zfill(2)} {_time(parts)}".strip()


def _time(parts: Mapping[str, object]) -> str:
    clock = ":".join(filter(None, (text_at(parts, "hour"), text_at(parts, "min")))) or text_at(parts, "timeinput")
    return f"{clock} {text_at(parts, 'ampm')}".strip() if clock else ""


def _address(parts: Mapping[str, object]) -> str:
    if not parts.keys() <= _ADDRESS_PARTS:
        return ""
    lines = [_first_of(parts, kind) for kind in _ADDRESS]
    if sum(map(bool, lines)) < _FEWEST_LINES or not any(lines[:_LINES]):
        return ""
    return _first_of(parts, _WHOLE_ADDRESS) or ", ".join(filter(None, lines))


def _money(parts: Mapping[str, object]) -> str:
    amount = text_at(parts, "amount") or text_at(parts, "value")
    is_money = bool(amount) and parts.keys() <= {"amount", "value", "currency"}
    return f"{amount} {text_at(parts, 'currency')}".strip() if is_money else ""


def _file(parts: Mapping[str, object]) -> str:
    link = _first_of(parts, _FILE_LINKS)
    return _joined(_first_of(parts, _FILE_NAMES), link) if link and not _FILE_FACTS.isdisjoint(parts) else ""


def _choice(parts: Mapping[str, object]) -> object:
    """What was chosen, as people saw it; "" for what is no choice."""
    several = texts_at(parts, "labels")
    if several:
        return [*several, *texts_at(parts, "other")]
    if not all(key in _CHOICE_FACTS or key.endswith("id") for key in parts):
        return ""
    texts = (value_at(parts, key) for key in (*_CHOICE_TEXTS, "other"))
    return next((plain_answer(text) for text in texts if text is not None), "")


def _boxes(value: Mapping[str, object]) -> object:
    """Ticked boxes are numbered, with what was written beside them under `other`."""
    is_list = all(key.isdigit() or key == "other" for key in value)
    return list(value.values()) if is_list else value
