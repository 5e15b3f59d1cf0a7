"""One object on the way to the answers, sorted: questions, plain answers, deeper objects, tags, and mere facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.labels import is_mere_wrapping
from service.capture.fields.names import fold
from service.capture.parsing.json_values import Json, tables_at, text_at
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect
from service.capture.parsing.texts import Answer
from service.capture.tools.any_json.answers import (
    AnsweredQuestion,
    answers_of,
    answers_to,
    asks_for_name,
    compose,
    file_text,
    is_name,
)
from service.capture.tools.any_json.question_sets import (
    are_choices,
    holds_answers,
    labels_of,
    questions_in,
    questions_of,
    unexplained_in,
)
from service.capture.tools.any_json.surroundings import (
    add_detail,
    is_other_object,
    is_previous_state,
    is_structure,
    is_tool_text,
    is_visit_data,
    target_of,
    without_secrets,
)

MAX_NAMES = 1000
"""Names of one object that are examined; no form has more."""

PERSONS = (
    *("contact", "person", "customer", "visitor", "subscriber", "respondent", "requester", "guest", "attendee"),
    *("invitee", "client", "member", "applicant", "prospect", "lead", "profile", "contactinfo", "contactdetails"),
    *("customerinfo", "customerdetails", "personaldetails", "personalinfo", "billing", "billingaddress", "sender"),
    *("author", "user"),
)
"""Folded names of objects with a person's details, the surest first: a user may be the operator's."""

_RANKS = {word: rank for rank, word in enumerate(PERSONS)}
_PERSONS = frozenset(PERSONS)

GROUPS = frozenset(("pages", "sections", "groups", "steps", "blocks", "fieldsets", "screens"))
"""Folded names of lists of parts of one form."""

_TAGS = ("url", "query", "hidden", "variable", "calculation", "utm", "tracking", "param", "meta")
"""Beginnings of names of lists of values that were not asked for."""

_ITEMS = frozenset(("items", "answers", "fields", "questions", "data", "values", "responses", "results", "content"))
"""Folded names of lists of questions, even of questions with only numbers."""

_NUMBERS = frozenset(("id", "uuid", "token", "number"))
_SUBMISSIONS = frozenset(("submission", "response", "entry", "formresponse", "formsubmission", "ticket"))
_EVENTS = frozenset(
    ("event", "type", "topic", "object", "entity", "trigger", "triggerevent", "eventtype", "eventname", "webhookevent")
)
_SEVERAL = {"emails": "email", "emailaddresses": "email", "phones": "phone", "phonenumbers": "phone"}
_CONTACT_RECORD = frozenset(
    ("orderscount", "totalspent", "acceptsmarketing", "lastinputtext", "livechaturl", "lifecyclestage")
)
"""Folded names that only a contact's record has: its id is the same for every enquiry of the person."""

_SUBSCRIPTION = "subscri"  # beginning of a word in events: the id is the subscriber's
_MESSAGE_TEXTS = frozenset(("text", "body", "content", "value"))
_PLACE_NAMES = frozenset(("city", "country", "countrycode", "region", "state", "location", "timezone"))
_IP_ADDRESSES = frozenset(("ip", "ipaddress", "clientip", "remoteaddr", "userip"))
"""Folded names beside which city and country are looked up by IP address."""

_MAX_DEPTH = 8


@dataclass(slots=True)
class Level:
    """questions: under their labels. plain: answers in the object itself. tags: values that were not asked for.

    nested: answers in deeper objects, member by member, persons first. facts: members that are not answers.
    """

    questions: list[NamedAnswer] = field(default_factory=list)
    plain: list[NamedAnswer] = field(default_factory=list)
    nested: list[list[NamedAnswer]] = field(default_factory=list)
    tags: list[NamedAnswer] = field(default_factory=list)
    facts: dict[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LevelPlace:
    """Where an object stands. path: from the top, "" there. about: the kind of person in the event, "" for none.

    labels: by id, of questions that are described elsewhere in the body.
    """

    path: str = ""
    about: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def below(self, key: str, member: Json) -> "LevelPlace":
        """Return the place of a member of an object."""
        return LevelPlace(
            f"{self.path}.{key}" if self.path else key, self.about or person_of_event(member), self.labels
        )

    @property
    def is_visitor(self) -> bool:
        """Whether this is a chat's visitor, with a city looked up by IP address."""
        return fold(self.path.rpartition(".")[2]) == "visitor"

    @property
    def owner(self) -> str:
        """Owner of the ids here: a kind of person, or the enquiry; "" for no one in particular."""
        word = fold(self.path.rpartition(".")[2])
        return word if word in PERSONS or word in _SUBMISSIONS else self.about


def sort_level(member: Json, place: LevelPlace, inside: Sequence[str]) -> Level:
    """Sort an object's own members. inside: members that are opened separately."""
    level = Level()
    own = {key: value for key, value in member.items() if key not in inside}
    questions = questions_in({key: value for key, value in own.items() if not is_other_object(key)})
    level.questions += answers_of(list(questions.values()), place.labels)
    owner = "event" if inside and not _EVENTS.isdisjoint(map(fold, own)) else place.owner or person_of_event(member)
    for position, (key, value) in enumerate(_persons_first(own)):
        if position >= MAX_NAMES:
            level.plain += [NamedAnswer(name, answer) for name, answer in collect(flatten(value, key)).items()]
        elif key in questions or is_structure(key, value):
            continue
        elif _is_surrounding(key, value) or (place.is_visitor and fold(key) in _PLACE_NAMES):
            _set_aside(level, key, value)
        elif isinstance(value, list | Mapping):
            level.nested.append([])
            _take_apart(level, key, value, place.labels)
        elif owner and fold(key) in _NUMBERS:
            level.plain.append(NamedAnswer(f"{owner}.{key}", text_at(value)))
        else:
            level.plain.append(NamedAnswer(place.labels.get(key, "") or key, text_at(value)))
    return level


def _is_surrounding(key: str, value: object) -> bool:
    """Whether a member is not an answer; an object that is not about the person may still hold answered questions."""
    return is_previous_state(key) or is_tool_text(key) or (is_other_object(key) and not holds_answers(value))


def _persons_first(own: Json) -> list[tuple[str, object]]:
    """The members in order, objects with a person's details first."""
    words = {key: fold(key) for key, value in own.items() if isinstance(value, Mapping)}
    if _PERSONS.isdisjoint(words.values()):
        return list(own.items())
    return sorted(own.items(), key=lambda named: _RANKS.get(words.get(named[0], ""), len(PERSONS)))


def person_of_event(member: Json) -> str:
    """Return the kind of person that an object or its event names, "" for none."""
    texts = [text_at(value) for key, value in member.items() if isinstance(value, str) and fold(key) in _EVENTS]
    texts += [text_at(member, "meta", key) for key in ("object", "entity")]
    if not _CONTACT_RECORD.isdisjoint(map(fold, member)):
        return "contact"
    words = {fold(word) for text in texts for word in text.replace("_", ".").replace(":", ".").split(".")}
    if any(word.startswith(_SUBSCRIPTION) for word in words):
        return "subscriber"
    return next((person for person in PERSONS if person in words and person != "lead"), "")


@lru_cache(maxsize=8192)
def is_mere_name(key: str) -> bool:
    """Return whether a name means the same wherever it stands: no path, no id, nothing of the tool's own."""
    is_path = "." in key or "__" in key
    return not (is_path or is_previous_state(key) or is_other_object(key) or is_tool_text(key) or fold(key) in _NUMBERS)


def are_chosen(name: str, questions: Sequence[AnsweredQuestion]) -> bool:
    """Return whether questions are chosen options of one question, or several values of one kind, such as phones."""
    return (are_choices(questions) and fold(name) not in _ITEMS) or _kind_of(name) in ("email", "phone")


def _kind_of(name: str) -> str:
    return _SEVERAL.get(fold(name.rpartition(".")[2]), "") or target_of(name)


def _take_apart(level: Level, name: str, value: object, labels: Mapping[str, str]) -> None:
    """Sort one member that is an object or a list."""
    questions = questions_of(value)
    if questions and not are_chosen(name, questions):
        block = level.tags if fold(name).startswith(_TAGS) else level.questions
        block += answers_of(questions, labels)
    elif fold(name) in GROUPS and tables_at(value):
        for group in tables_at(value):
            for key, below in group.items():
                _take_apart(level, key if questions_of(below) else f"{name}.{key}", below, labels)
    else:
        _take_parts(level, name, value, labels, 0)


def _take_parts(level: Level, name: str, value: object, labels: Mapping[str, str], depth: int) -> None:
    """Sort the leaves of an object or list under dotted names; questions among them keep their labels."""
    if depth <= _MAX_DEPTH and isinstance(value, list) and len(value) <= MAX_NAMES:
        _take_list(level, name, value, labels, depth)
    elif depth <= _MAX_DEPTH and isinstance(value, Mapping) and not _is_one_answer(value):
        _take_object(level, name, value, labels, depth)
    else:
        block = level.nested[-1] if depth else level.plain
        is_person = asks_for_name(name) or is_mere_wrapping(name)
        block += answers_to(labels.get(name, "") or name, value, is_person=is_person)


def _is_one_answer(value: Json) -> bool:
    """Whether an object is one answer in parts: a file, a name, an address, a number, a date."""
    return bool(file_text(value)) or is_name(value) or isinstance(compose(value), str)


def _take_object(level: Level, name: str, value: Json, labels: Mapping[str, str], depth: int) -> None:
    questions = questions_in(value)
    level.nested[-1] += answers_of(list(questions.values()), labels)
    is_of_address = not _IP_ADDRESSES.isdisjoint(map(fold, value))
    for key, member in value.items():
        if key in questions:
            continue
        if is_other_object(key) or is_previous_state(key) or (is_of_address and fold(key) in _PLACE_NAMES):
            _set_aside(level, f"{name}.{key}", member)
        elif fold(key) in _MESSAGE_TEXTS and isinstance(member, str) and target_of(name) == "message":
            level.nested[-1].append(NamedAnswer(name, text_at(member)))
        elif (below := questions_of(member)) and not are_chosen(key, below):
            level.nested[-1] += answers_of(below, labels)
        else:
            _take_parts(level, f"{name}.{key}", member, labels, depth + 1)


def _take_list(level: Level, name: str, value: list[object], labels: Mapping[str, str], depth: int) -> None:
    chosen, described = questions_of(value), labels_of(value)
    if described:
        add_detail(level.facts, name, list(dict.fromkeys((*described.values(), *unexplained_in(value)))))
    elif chosen:
        kind = _kind_of(name)
        target = "" if kind == target_of(name) else kind
        level.nested[-1] += [each for choice in chosen for each in answers_to(name, choice.value, target)]
    elif len(value) == 1 and isinstance(value[0], Mapping):
        _take_parts(level, name, value[0], labels, depth + 1)
    elif any(isinstance(member, list | Mapping) for member in value) and not any(map(file_text, value)):
        for number, member in enumerate(value):
            _take_parts(level, f"{name}.{number}", member, labels, depth + 1)
    else:
        block = level.nested[-1] if depth else level.plain
        block += answers_to(name, value)


def _set_aside(level: Level, name: str, value: object) -> None:
    """Keep a member as a fact, except data about the visit."""
    visit_data = []
    for leaf, answer in collect(flatten(without_secrets(name, value), name)).items():
        if answer and is_visit_data(target_of(leaf)) and not is_previous_state(name):
            visit_data.append(NamedAnswer(leaf, answer))
        elif answer:
            add_detail(level.facts, leaf, answer)
    level.nested.append(visit_data)
