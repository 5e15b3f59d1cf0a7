"""One question with its answer: its name and meaning, and answers in parts as people write them.

Names, phone numbers, dates, addresses, files and choices are put together again.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold
from service.capture.parsing.json_values import Json, text_at, texts_at, value_at
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect
from service.capture.tools.any_json.surroundings import target_of

_TARGETS = {
    **dict.fromkeys(("email", "emailinput", "inputemail", "emailaddress", "controlemail"), "email"),
    **dict.fromkeys(("tel", "phone", "phonenumber", "phoneinput", "inputphonenumber", "controlphone"), "phone"),
    **dict.fromkeys(("name", "fullname", "controlfullname"), "full_name"),
}
"""Target by folded kind of question; counts only where the label has no meaning."""

_WORK = "WORK_"  # Google's columns: the work address goes before the private one


class AnsweredQuestion(NamedTuple):
    """One question. label: "" for none. names, identity: its other names and its id. kind: of input.

    value: in any shape, None where it was left out. rest: members that add to the answer.
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
        return self.label or next(iter(self.names), "") or self.identity


def answers_of(questions: Sequence[AnsweredQuestion], labels: Mapping[str, str]) -> list[NamedAnswer]:
    """Return the answers under the questions' labels. labels: by id, of questions without one of their own."""
    answered = [_labelled(question, labels) for question in questions if question.is_answered]
    answered.sort(key=lambda question: not any(name.startswith(_WORK) for name in question.names))
    taken_targets = {target for question in answered if (target := target_of(question.label))}
    person = _person_among(answered)
    return [answer for question in answered for answer in _answers(question, question is person, taken_targets)]


def answers_to(name: str, value: object, target: str = "", *, is_person: bool = False) -> Iterator[NamedAnswer]:
    """Yield one name's answers. is_person: a name in parts is the enquirer's."""
    if is_person and is_name(value):
        first, last, around = name_parts(value)
        parts = (("first", first, "first_name"), ("last", last, "last_name"), ("prefix", around, ""))
        yield from (NamedAnswer(f"{name}.{part}", text, meaning) for part, text, meaning in parts if text)
        return
    for leaf, answer in collect(flatten(plain_answer(value), name)).items():
        if answer:
            yield NamedAnswer(leaf, answer, target if leaf == name else "")


def asks_for_name(name: str) -> bool:
    """Return whether a label asks for the person's name."""
    return target_of(name) == "full_name"


def _labelled(question: AnsweredQuestion, labels: Mapping[str, str]) -> AnsweredQuestion:
    if question.label or not labels:
        return question
    known = (labels.get(name, "") for name in (question.identity, *question.names))
    return question._replace(label=next(filter(None, known), ""))


def _person_among(questions: Sequence[AnsweredQuestion]) -> AnsweredQuestion | None:
    """The question for the person's own name among names in parts; other names may be asked for, too."""
    in_parts = [question for question in questions if is_name(question.value)]
    named = (question for question in in_parts if asks_for_name(question.name))
    return next(named, in_parts[0] if in_parts else None)


def _answers(question: AnsweredQuestion, is_person: bool, taken_targets: set[str]) -> Iterator[NamedAnswer]:
    name = question.name or "unnamed"
    target = _hinted(question, taken_targets)
    yield from answers_to(name, question.value, target, is_person=is_person)
    for key, value in question.rest.items():
        yield from answers_to(f"{name} ({key})", value)


def _hinted(question: AnsweredQuestion, taken_targets: set[str]) -> str:
    """The target that other names or the kind hint at, where the label has none and no other label has it."""
    column = next((target for name in question.names if name.isupper() and (target := target_of(name))), "")
    if column or target_of(question.name):
        return column
    candidates = (*(target_of(name) for name in question.names), _TARGETS.get(fold(question.kind), ""))
    return next((candidate for candidate in candidates if candidate and candidate not in taken_targets), "")


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
_LINES = 3  # the first parts of an address: at least one is needed
_MIN_ADDRESS_PARTS = 2  # one alone may be a place or a name

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
    """Return one text for a name, number, date, time or address in parts, a list for ticked boxes, else `value`."""
    if not isinstance(value, Mapping):
        return value
    parts = _by_folded_key(value)
    name = whole_name(value) if is_name(value) else ""
    return _phone(parts) or _date(parts) or _address(parts) or name or _time(parts) or _boxes(value)


def plain_answer(value: object) -> object:
    """Return an answer unwrapped: chosen options as their texts, files by name and address."""
    if isinstance(value, list):
        return [plain_answer(member) for member in value]
    if not isinstance(value, Mapping) or not value:
        return value
    parts = _by_folded_key(value)
    if parts.keys() == {"value"}:
        return plain_answer(parts["value"])
    return _file(parts) or _choice(parts) or _money(parts) or compose(value)


def file_text(value: object) -> str:
    """Return a file's name and address, "" for anything else."""
    return _file(_by_folded_key(value)) if isinstance(value, Mapping) else ""


def is_name(value: object) -> bool:
    """Return whether an object is a person's name in parts and nothing else."""
    if not isinstance(value, Mapping):
        return False
    parts = {fold(key) for key in value}
    return parts <= _NAME_PARTS and any(part in parts for kind in (_FIRST, _LAST) for part in _NAME[kind])


def name_parts(value: object) -> tuple[str, str, str]:
    """Return first names, last name, and prefix with suffix, of a name in parts."""
    parts = _by_folded_key(value) if isinstance(value, Mapping) else {}
    prefix, first, middle, last, suffix = (_first_of(parts, kind) for kind in _NAME)
    return _joined(first, middle), last, _joined(prefix, suffix)


def whole_name(value: Mapping[str, object]) -> str:
    """Return a name in parts as one text, "" without first and last name."""
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
    if sum(map(bool, lines)) < _MIN_ADDRESS_PARTS or not any(lines[:_LINES]):
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
    """The chosen option as people saw it, "" for anything else."""
    several = texts_at(parts, "labels")
    if several:
        return [*several, *texts_at(parts, "other")]
    if not all(key in _CHOICE_FACTS or key.endswith("id") for key in parts):
        return ""
    texts = (value_at(parts, key) for key in (*_CHOICE_TEXTS, "other"))
    return next((plain_answer(text) for text in texts if text is not None), "")


def _boxes(value: Mapping[str, object]) -> object:
    """Ticked boxes as a list: they are numbered, with `other` for a written answer."""
    is_list = all(key.isdigit() or key == "other" for key in value)
    return list(value.values()) if is_list else value
