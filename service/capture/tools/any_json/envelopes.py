"""The leads in a tool's JSON: wrappers are taken off, and what surrounds the answers is kept as details.

The answers may lie at any depth, in objects, in lists of questions, or in rows of several people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold
from service.capture.parsing.json_values import Json, list_at, tables_at, text_at
from service.capture.parsing.texts import Answer, text_of, texts_of
from service.capture.tools.any_json.levels import GROUPS, MAX_NAMES, PERSONS, Level, LevelPlace, sort_level
from service.capture.tools.any_json.question_sets import labels_of, questions_in, questions_of
from service.capture.tools.any_json.surroundings import (
    CAMPAIGN_FACTS,
    add_detail,
    form_name_of,
    is_already_answered,
    is_identifier,
    is_other_object,
    is_previous_state,
    is_structure,
    is_tool_envelope,
    target_of,
)
from service.lead import CANONICAL_FIELDS

_CORE = ("data", "payload", "body", "submission", "formresponse", "formsubmission", "lead", "leads", "record", "entry")
_ANSWERS = frozenset(
    (
        *(*_CORE, "response", "current", "results", "result", "answers", "fields", "fieldsdata", "formdata", "item"),
        *("formfields", "formvalues", "values", "questions", "content", "submissiondata", "attributes", "properties"),
        *("merges", "ticket", "formcontent", "surveydata", "variables", "inputs", "resource"),
    )
)
"""Folded names of objects that wrap the answers to a form."""

_ALWAYS_ROWS = frozenset(("data", "lead", "leads", "body", "payload"))
_ROWS = frozenset(
    (
        *("rows", "records", "submissions", "entries", "enquiries", "inquiries", "registrations", "applications"),
        *("formsubmissions", "formresponses"),
    )
)
"""Folded names of lists of leads; in other lists, most members must show a person."""

_STRONG = frozenset(("email", "phone", "first_name", "last_name"))
_WEAK = frozenset((*_STRONG, "full_name", "message"))
_ASKED = frozenset(CANONICAL_FIELDS)
_SHEETS = frozenset(("form", "survey", "quiz", "questionnaire", "poll", "app"))
"""Folded names that some programs put in front of all fields."""

_MIN_PHONE_DIGITS = 6
_MAX_DEPTH = 8  # levels
_MAX_ROWS = 1001  # one more than one call may bring: enough to reject it
_MAX_SHARED = 100  # answers given to each of several leads; more stay with the first


@dataclass(slots=True)
class OpenedEnvelope:
    """One lead.

    answers: the innermost first. details: what surrounds them. whole: the object that holds them.
    """

    answers: list[NamedAnswer] = field(default_factory=list)
    details: dict[str, Answer] = field(default_factory=dict)
    form_name: str = ""
    whole: Json = field(default_factory=dict)
    _answers_by_name: dict[str, list[Answer]] = field(default_factory=dict)
    _targets: set[str] = field(default_factory=set)

    def add(self, block: Sequence[NamedAnswer]) -> None:
        """Add answers from further out; one that was already given further in becomes a detail."""
        filled = [answered for answered in block if any(texts_of(answered.answer))]
        if len(self.answers) + len(filled) > MAX_NAMES:
            self.answers += filled
            return
        added = []
        for answered in filled:
            if not self._is_answered(answered):
                added.append(answered)
            elif answered.answer not in self._answers_by_name.get(fold(answered.name), ()):
                add_detail(self.details, answered.name, answered.answer)
        self.answers += added
        for answered in added:
            self._answers_by_name.setdefault(fold(answered.name), []).append(answered.answer)
            self._targets.add(answered.target or target_of(answered.name))

    def _is_answered(self, answered: NamedAnswer) -> bool:
        if fold(answered.name) in CAMPAIGN_FACTS:
            return False
        target = answered.target or target_of(answered.name)
        return fold(answered.name) in self._answers_by_name or (
            target in _ASKED and is_already_answered(target, self._targets)
        )


def open_envelope(member: Json, mapped: frozenset[str] = frozenset()) -> list[OpenedEnvelope]:
    """Return the leads of one object.

    mapped: folded paths from the forms file; an answer there keeps its whole path as its name.
    """
    return _Opening(mapped).open(member, LevelPlace(labels=_labels(member)), 0)


@dataclass(slots=True)
class _Opening:
    """One body being opened. person_shown: whether its objects show a person; they live as long as the body."""

    mapped: frozenset[str]
    person_shown: dict[tuple[int, int, bool], bool] = field(default_factory=dict)

    def open(self, member: Json, place: LevelPlace, depth: int) -> list[OpenedEnvelope]:
        """Return the leads of an object."""
        rows = self._rows(member) if depth < _MAX_DEPTH else ""
        inside = [rows] if rows else self._inside(member) if depth < _MAX_DEPTH else []
        level = self._named(sort_level(member, place, inside), place)
        opened = [self._below(member, key, place, depth) for key in inside]
        leads = next((each for each in opened if len(each) > 1), None)
        if leads is None:
            leads = [_merged([level.questions], [each[0] for each in opened if each])]
        else:
            _share(leads, level, [each[0] for each in opened if each and each is not leads])
        shown = leads[:1] if len(leads) > 1 and len(level.plain) + len(level.facts) > _MAX_SHARED else leads
        for lead in shown:
            _surround(lead, level, member, is_wrapped=bool(inside), is_shared=len(leads) > 1)
        for lead in leads:
            lead.whole = lead.whole if len(leads) > 1 and lead.whole else member
        return leads

    def _below(self, member: Json, key: str, place: LevelPlace, depth: int) -> list[OpenedEnvelope]:
        value = member[key]
        objects = [value] if isinstance(value, Mapping) else tables_at(value)[:_MAX_ROWS]
        below = place.below(key, member)
        return [lead for each in objects for lead in self.open(each, below, depth + 1)]

    def _named(self, level: Level, place: LevelPlace) -> Level:
        """The level, with whole paths as names where the forms file maps them."""
        if self.mapped and place.path:
            for block in (level.questions, level.plain, *level.nested, level.tags):
                block[:] = [self._mapped(answered, f"{place.path}.{answered.name}") for answered in block]
        return level

    def _mapped(self, answered: NamedAnswer, path: str) -> NamedAnswer:
        return answered._replace(name=path) if fold(path) in self.mapped else answered

    # -- which members wrap the answers

    def _rows(self, member: Json) -> str:
        """The member that is a list of people, "" for none."""
        lists = {key: tables for key, value in _first(member) if (tables := _tables(value))}
        is_person = bool(lists) and _is_person(member, _STRONG)
        for key, tables in lists.items():
            word = fold(key)
            if is_previous_state(key) or word in GROUPS or questions_of(tables):
                continue
            if word in _ALWAYS_ROWS or (word in _ROWS and not is_person):
                return key
            if not is_person and sum(self._shows_person(table, _STRONG) for table in tables[:_MAX_ROWS]) * 2 > len(
                tables
            ):
                return key
        return ""

    def _inside(self, member: Json) -> list[str]:
        """The members that wrap the answers: by their names, else the only one that shows a person."""
        objects = {
            key: value
            for key, value in _first(member)
            if isinstance(value, Mapping) and value and not is_previous_state(key) and not is_structure(key, value)
        }
        if not objects:
            return []
        is_person = _is_person(member, _STRONG)
        named = [key for key, table in objects.items() if fold(key) in _ANSWERS and not text_at(table, "value")]
        wrapping = [key for key in named if self._shows_person(objects[key], _WEAK, is_near=is_person)]
        wrapping.sort(key=lambda key: fold(key) in PERSONS)  # new answers go before a CRM's record
        if is_person:
            return wrapping
        wrapping = wrapping or [key for key in named if fold(key) in _CORE][:1]
        others = {key: table for key, table in objects.items() if key not in questions_in(objects)}
        if not any(self._shows_person(objects[key], _STRONG) for key in wrapping):
            wrapping += self._persons(others)[:1]
        return wrapping or self._only_one(others, member) or self._sheet(others, member)

    def _persons(self, objects: Mapping[str, Json]) -> list[str]:
        by_word = {fold(key): key for key in reversed(list(objects))}
        keys = (by_word[word] for word in PERSONS if word in by_word)
        return [key for key in keys if fold(key) not in _CORE and self._shows_person(objects[key], _WEAK)]

    def _only_one(self, objects: Mapping[str, Json], member: Json) -> list[str]:
        keys = [
            key for key, table in objects.items() if not is_other_object(key) and self._shows_person(table, _STRONG)
        ]
        return keys if len(keys) == 1 and not any(map(questions_of, member.values())) else []

    def _sheet(self, objects: Mapping[str, Json], member: Json) -> list[str]:
        """The form that all fields are named after, such as Symfony's `form[email]`, without a person beside it."""
        keys = [key for key, table in objects.items() if fold(key) in _SHEETS and _is_person(table, _STRONG)]
        return keys if len(keys) == 1 and not any(map(questions_of, member.values())) else []

    def _shows_person(self, value: object, targets: frozenset[str], *, is_near: bool = False, depth: int = 0) -> bool:
        """Whether an object shows a person at any depth. is_near: only in wrappers of answers."""
        if depth > _MAX_DEPTH or not isinstance(value, list | Mapping):
            return False
        key = (id(value), len(targets), is_near)
        if key not in self.person_shown:
            self.person_shown[key] = self._search_person(value, targets, is_near, depth)
        return self.person_shown[key]

    def _search_person(self, value: list[object] | Json, targets: frozenset[str], is_near: bool, depth: int) -> bool:
        if isinstance(value, list):
            return bool(questions_of(value)) or any(
                self._shows_person(member, targets, depth=depth + 1) for member in value[:MAX_NAMES]
            )
        return (
            _is_person(value, targets)
            or bool(questions_in(value))
            or any(
                self._shows_person(member, targets, is_near=is_near, depth=depth + 1)
                for key, member in _first(value)
                if not is_other_object(key) and not is_previous_state(key) and (not is_near or fold(key) in _ANSWERS)
            )
        )


def _merged(questions: Sequence[Sequence[NamedAnswer]], opened: Sequence[OpenedEnvelope]) -> OpenedEnvelope:
    lead = OpenedEnvelope()
    for block in (*questions, *(each.answers for each in opened)):
        lead.add(block)
    for each in opened:
        _keep_all(lead, each)
    return lead


def _share(leads: Sequence[OpenedEnvelope], level: Level, others: Sequence[OpenedEnvelope]) -> None:
    """Give each of several leads the answers that stand beside them."""
    for lead in leads:
        lead.add(level.questions)
        for each in others:
            lead.add([answered for answered in each.answers if not is_identifier(answered.name)])
            _keep_all(lead, each)


def _keep_all(lead: OpenedEnvelope, other: OpenedEnvelope) -> None:
    for name, answer in other.details.items():
        add_detail(lead.details, name, answer)
    lead.form_name = lead.form_name or other.form_name


def _surround(lead: OpenedEnvelope, level: Level, member: Json, *, is_wrapped: bool, is_shared: bool) -> None:
    """Add what surrounds a lead. Leads of one call share no id that stands outside them."""
    is_tool = (is_wrapped or bool(level.questions)) and not _is_person(member, _STRONG)
    is_tool_speaking = is_tool and (bool(level.questions) or is_tool_envelope(member))
    for block in (level.plain, *level.nested, level.tags):
        answers = []
        for answered in block:
            is_fact = is_tool_speaking and block is level.plain and target_of(answered.name) in ("full_name", "message")
            if is_fact or (is_shared and is_identifier(answered.name)):
                if any(texts_of(answered.answer)):
                    add_detail(lead.details, answered.name, answered.answer)
                    name_of_form = text_of(answered.answer) if is_fact and fold(answered.name) == "name" else ""
                    lead.form_name = lead.form_name or name_of_form
            else:
                answers.append(answered)
        lead.add(answers)
    for name, answer in level.facts.items():
        add_detail(lead.details, name, answer)
    lead.form_name = lead.form_name or form_name_of(member)


def _tables(value: object) -> list[Json]:
    """The objects of a list that holds hardly anything else."""
    tables = tables_at(value)
    return tables if len(tables) * 2 > len(list_at(value)) else []


def _first(member: Json) -> list[tuple[str, object]]:
    return list(islice(member.items(), MAX_NAMES))


def _is_person(member: Json, targets: frozenset[str]) -> bool:
    """Whether the plain members of an object show a person."""
    for key, value in _first(member):
        text = text_at(value[0]) if isinstance(value, list) and len(value) == 1 else text_at(value)
        target = target_of(key) if text else ""
        if target in targets and _is_plausible(target, text):
            return True
    return False


def _is_plausible(target: str, text: str) -> bool:
    if target == "email":
        return "@" in text
    return target != "phone" or sum(map(str.isdigit, text)) >= _MIN_PHONE_DIGITS


def _labels(value: object, depth: int = 0) -> dict[str, str]:
    """Labels by id of questions that are described apart from their answers, anywhere in a body."""
    labels: dict[str, str] = {}
    if depth > _MAX_DEPTH or not isinstance(value, Mapping):
        return labels
    for member in value.values():
        labels |= labels_of(member) if isinstance(member, list) else _labels(member, depth + 1)
    return labels
