"""The leads in a tool's JSON: what wraps the answers is taken off, what stands around them is kept beside them.

The answers may lie any number of levels deep, in objects, in lists of questions, or in rows of several people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold
from service.capture.parsing.shapes import Json, list_at, tables_at, text_at
from service.capture.parsing.texts import Answer, text_of, texts_of
from service.capture.tools.any_json.levels import GROUPS, MAX_NAMES, PERSONS, Level, LevelPlace, sort_level
from service.capture.tools.any_json.question_sets import labels_of, questions_in, questions_of
from service.capture.tools.any_json.surroundings import (
    CAMPAIGN_FACTS,
    form_name_of,
    is_earlier,
    is_marked,
    is_number,
    is_structure,
    is_taken,
    is_thing,
    keep_beside,
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
"""What wraps the answers to a form, folded."""

_ALWAYS_ROWS = frozenset(("data", "lead", "leads", "body", "payload"))
_ROWS = frozenset(
    (
        *("rows", "records", "submissions", "entries", "enquiries", "inquiries", "registrations", "applications"),
        *("formsubmissions", "formresponses"),
    )
)
"""Lists of leads, whatever their members are like; of other lists most members must speak of a person."""

_STRONG = frozenset(("email", "phone", "first_name", "last_name"))
_WEAK = frozenset((*_STRONG, "full_name", "message"))
_ASKED = frozenset(CANONICAL_FIELDS)
_SHEETS = frozenset(("form", "survey", "quiz", "questionnaire", "poll", "app"))
"""Things that some programs name all fields after."""

_FEWEST_DIGITS = 6  # of a phone number
_DEEPEST = 8  # levels
_MAX_ROWS = 1001  # one more than are taken in one call: the rest need not be read to refuse it
_MAX_SHARED = 100  # answers that each of several leads is given; more stay with the first


@dataclass(slots=True)
class OpenedEnvelope:
    """One lead.

    answers: what was said, the innermost first. details: what stands around it. whole: where it was found.
    """

    answers: list[NamedAnswer] = field(default_factory=list)
    details: dict[str, Answer] = field(default_factory=dict)
    form_name: str = ""
    whole: Json = field(default_factory=dict)
    _said: dict[str, list[Answer]] = field(default_factory=dict)
    _targets: set[str] = field(default_factory=set)

    def add(self, block: Sequence[NamedAnswer]) -> None:
        """Add what stands further out: where the same was answered further in, it is a fact beside the answer."""
        told = [answered for answered in block if any(texts_of(answered.answer))]
        if len(self.answers) + len(told) > MAX_NAMES:
            self.answers += told
            return
        added = []
        for answered in told:
            if not self._is_answered(answered):
                added.append(answered)
            elif answered.answer not in self._said.get(fold(answered.name), ()):
                keep_beside(self.details, answered.name, answered.answer)
        self.answers += added
        for answered in added:
            self._said.setdefault(fold(answered.name), []).append(answered.answer)
            self._targets.add(answered.target or target_of(answered.name))

    def _is_answered(self, answered: NamedAnswer) -> bool:
        if fold(answered.name) in CAMPAIGN_FACTS:
            return False
        target = answered.target or target_of(answered.name)
        return fold(answered.name) in self._said or (target in _ASKED and is_taken(target, self._targets))


def open_envelope(member: Json, mapped: frozenset[str] = frozenset()) -> list[OpenedEnvelope]:
    """The leads of one object.

    mapped: folded paths that the operator speaks of: what lies there keeps its whole path as its name.
    """
    return _Opening(mapped).open(member, LevelPlace(labels=_labels(member)), 0)


@dataclass(slots=True)
class _Opening:
    """One body that is opened. speaking: what was found out about its objects, which all live as long as it does."""

    mapped: frozenset[str]
    speaking: dict[tuple[int, int, bool], bool] = field(default_factory=dict)

    def open(self, member: Json, place: LevelPlace, depth: int) -> list[OpenedEnvelope]:
        """The leads of an object at some depth."""
        rows = self._rows(member) if depth < _DEEPEST else ""
        inside = [rows] if rows else self._inside(member) if depth < _DEEPEST else []
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
        """The level, with whole paths as names for what the operator speaks of by them."""
        if self.mapped and place.path:
            for block in (level.questions, level.plain, *level.nested, level.tags):
                block[:] = [self._mapped(answered, f"{place.path}.{answered.name}") for answered in block]
        return level

    def _mapped(self, answered: NamedAnswer, path: str) -> NamedAnswer:
        return answered._replace(name=path) if fold(path) in self.mapped else answered

    # -- which members wrap the answers

    def _rows(self, member: Json) -> str:
        """The member that is a list of several people, or of one; "" where there is none."""
        lists = {key: tables for key, value in _first(member) if (tables := _tables(value))}
        is_somebody = bool(lists) and _is_person(member, _STRONG)
        for key, tables in lists.items():
            word = fold(key)
            if is_earlier(key) or word in GROUPS or questions_of(tables):
                continue
            if word in _ALWAYS_ROWS or (word in _ROWS and not is_somebody):
                return key
            if not is_somebody and sum(self._speaks(table, _STRONG) for table in tables[:_MAX_ROWS]) * 2 > len(tables):
                return key
        return ""

    def _inside(self, member: Json) -> list[str]:
        """The members that wrap the answers: by their names, else the only one that speaks of a person."""
        objects = {
            key: value
            for key, value in _first(member)
            if isinstance(value, Mapping) and value and not is_earlier(key) and not is_structure(key, value)
        }
        if not objects:
            return []
        is_somebody = _is_person(member, _STRONG)
        named = [key for key, table in objects.items() if fold(key) in _ANSWERS and not text_at(table, "value")]
        wrapping = [key for key in named if self._speaks(objects[key], _WEAK, is_near=is_somebody)]
        wrapping.sort(key=lambda key: fold(key) in PERSONS)  # what was said now goes before what a CRM knows
        if is_somebody:
            return wrapping
        wrapping = wrapping or [key for key in named if fold(key) in _CORE][:1]
        others = {key: table for key, table in objects.items() if key not in questions_in(objects)}
        if not any(self._speaks(objects[key], _STRONG) for key in wrapping):
            wrapping += self._persons(others)[:1]
        return wrapping or self._only_one(others, member) or self._sheet(others, member)

    def _persons(self, objects: Mapping[str, Json]) -> list[str]:
        by_word = {fold(key): key for key in reversed(list(objects))}
        keys = (by_word[word] for word in PERSONS if word in by_word)
        return [key for key in keys if fold(key) not in _CORE and self._speaks(objects[key], _WEAK)]

    def _only_one(self, objects: Mapping[str, Json], member: Json) -> list[str]:
        keys = [key for key, table in objects.items() if not is_thing(key) and self._speaks(table, _STRONG)]
        return keys if len(keys) == 1 and not any(map(questions_of, member.values())) else []

    def _sheet(self, objects: Mapping[str, Json], member: Json) -> list[str]:
        """The form that the fields are named after, such as Symfony's `form[email]`, where nobody stands beside it."""
        keys = [key for key, table in objects.items() if fold(key) in _SHEETS and _is_person(table, _STRONG)]
        return keys if len(keys) == 1 and not any(map(questions_of, member.values())) else []

    def _speaks(self, value: object, targets: frozenset[str], *, is_near: bool = False, depth: int = 0) -> bool:
        """Whether an object speaks of a person anywhere. is_near: not only of somebody further in."""
        if depth > _DEEPEST or not isinstance(value, list | Mapping):
            return False
        key = (id(value), len(targets), is_near)
        if key not in self.speaking:
            self.speaking[key] = self._speaks_anew(value, targets, is_near, depth)
        return self.speaking[key]

    def _speaks_anew(self, value: list[object] | Json, targets: frozenset[str], is_near: bool, depth: int) -> bool:
        if isinstance(value, list):
            return bool(questions_of(value)) or any(
                self._speaks(member, targets, depth=depth + 1) for member in value[:MAX_NAMES]
            )
        return (
            _is_person(value, targets)
            or bool(questions_in(value))
            or any(
                self._speaks(member, targets, is_near=is_near, depth=depth + 1)
                for key, member in _first(value)
                if not is_thing(key) and not is_earlier(key) and (not is_near or fold(key) in _ANSWERS)
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
    """Give each of several leads what was answered beside them."""
    for lead in leads:
        lead.add(level.questions)
        for each in others:
            lead.add([answered for answered in each.answers if not is_number(answered.name)])
            _keep_all(lead, each)


def _keep_all(lead: OpenedEnvelope, other: OpenedEnvelope) -> None:
    for name, answer in other.details.items():
        keep_beside(lead.details, name, answer)
    lead.form_name = lead.form_name or other.form_name


def _surround(lead: OpenedEnvelope, level: Level, member: Json, *, is_wrapped: bool, is_shared: bool) -> None:
    """Put around a lead what stands beside it. Leads of one call share no id that stands outside them."""
    is_tool = (is_wrapped or bool(level.questions)) and not _is_person(member, _STRONG)
    speaks_itself = is_tool and (bool(level.questions) or is_marked(member))
    for block in (level.plain, *level.nested, level.tags):
        answers = []
        for answered in block:
            is_fact = speaks_itself and block is level.plain and target_of(answered.name) in ("full_name", "message")
            if is_fact or (is_shared and is_number(answered.name)):
                if any(texts_of(answered.answer)):
                    keep_beside(lead.details, answered.name, answered.answer)
                    name_of_form = text_of(answered.answer) if is_fact and fold(answered.name) == "name" else ""
                    lead.form_name = lead.form_name or name_of_form
            else:
                answers.append(answered)
        lead.add(answers)
    for name, answer in level.facts.items():
        keep_beside(lead.details, name, answer)
    lead.form_name = lead.form_name or form_name_of(member)


def _tables(value: object) -> list[Json]:
    """The objects of a list, where it holds hardly anything else."""
    tables = tables_at(value)
    return tables if len(tables) * 2 > len(list_at(value)) else []


def _first(member: Json) -> list[tuple[str, object]]:
    return list(islice(member.items(), MAX_NAMES))


def _is_person(member: Json, targets: frozenset[str]) -> bool:
    """Whether the plain members of an object speak of a person themselves."""
    for key, value in _first(member):
        text = text_at(value[0]) if isinstance(value, list) and len(value) == 1 else text_at(value)
        target = target_of(key) if text else ""
        if target in targets and _is_plausible(target, text):
            return True
    return False


def _is_plausible(target: str, text: str) -> bool:
    if target == "email":
        return "@" in text
    return target != "phone" or sum(map(str.isdigit, text)) >= _FEWEST_DIGITS


def _labels(value: object, depth: int = 0) -> dict[str, str]:
    """Labels of questions that are described apart from their answers, anywhere in a body."""
    found: dict[str, str] = {}
    if depth > _DEEPEST or not isinstance(value, Mapping):
        return found
    for member in value.values():
        found |= labels_of(member) if isinstance(member, list) else _labels(member, depth + 1)
    return found
