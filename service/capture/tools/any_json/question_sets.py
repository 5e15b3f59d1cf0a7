"""Questions with their answers, in any notation: in a list, in a map by id, or as objects under names.

They are recognised by most of them having a member that names the question and one that holds the answer. The label
that people saw is the name; other names of a question are hints at its meaning.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from service.capture.fields.names import fold
from service.capture.parsing.json_values import Json, list_at, table_at, tables_at, text_at
from service.capture.parsing.texts import clean
from service.capture.tools.any_json.answers import AnsweredQuestion, compose, plain_answer
from service.capture.tools.any_json.surroundings import target_of

_VALUES = (
    *("value", "values", "answer", "answers", "stringvalue", "fieldvalue", "answervalue", "answertext", "textvalue"),
    *("response", "userinput", "userresponse", "submittedvalue", "ischecked", "textanswers"),
    *("wert", "antwort", "eingabe", "valeur", "reponse", "valor", "respuesta", "valore", "risposta", "resposta"),
    *("waarde", "antwoord", "wartosc", "odpowiedz"),
)
_LABELS = (
    *("label", "title", "question", "questiontext", "questiontitle", "questionname", "fieldlabel", "fieldtitle"),
    *("heading", "headline", "caption", "prompt", "displayname", "columnname"),
    *("frage", "bezeichnung", "beschriftung", "libelle", "intitule", "pregunta", "etiqueta", "domanda", "etichetta"),
    *("pergunta", "rotulo", "vraag", "pytanie", "etykieta", "text"),
)
_NAMES = (
    *("name", "fieldname", "field", "key", "fieldkey", "slug", "ref", "alias", "metakey", "customkey", "variable"),
    *("property", "attribute", "checkboxkey", "columnid", "feld", "champ", "campo", "veld", "pole"),
)
_IDS = ("id", "fieldid", "questionid", "uuid", "qid")
_KINDS = ("type", "kind", "fieldtype", "inputtype", "questiontype")
_BESIDE = ("currency", "unit", "comment", "other")
"""Members of a question that add to its answer. Others are the tool's: required, visible, choices and so on."""

_ROLES = {
    word: (role, rank)
    for role, words in enumerate((_VALUES, _LABELS, _NAMES, _IDS, _KINDS, _BESIDE))
    for rank, word in enumerate(words)
}
"""Folded name of a question's member -> its role in the question, and its rank in that role."""

_OPTION_TEXTS = ("text", "label", "name", "title")
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_PERSONAL = frozenset(("email", "phone", "full_name", "first_name", "last_name", "message"))

_ONLY_IN_QUESTIONS = frozenset(("label", "title", "question", "field", "ref"))
"""Members that only a question has: beside them, the kind of answer may be the name of the member with it."""

_VOCABULARY = frozenset((*_VALUES, *_LABELS, *_NAMES, *_IDS, *_KINDS))
_DESCRIBING = frozenset(
    (
        *("description", "placeholder", "hint", "help", "helptext", "instructions", "default"),
        *("defaultvalue", "format", "subtype", "class", "classname", "cssclass", "width", "size", "style"),
        *("color", "icon", "error", "message", "validation", "pattern", "autocomplete", "layout", "position"),
        *("order", "section", "parent", "page"),
    )
)
"""Folded names of members of a question's description."""

_LAYOUT = frozenset(
    (
        *("html", "submit", "button", "section", "pagebreak", "page", "divider", "statement", "heading", "paragraph"),
        *("captcha", "image", "spacer", "thankyou", "welcome", "textblock", "controlhead", "controlbutton"),
        *("controltext", "controlpagebreak", "richtext", "video", "instructions"),
    )
)
"""Folded kinds of elements between questions."""

_MIN_PHONE_DIGITS = 6
_MAX_QUESTIONS = 1000


def questions_of(members: object) -> list[AnsweredQuestion]:
    """Return the questions of a list, [] for anything else."""
    tables = tables_at(members)
    if len(tables) > _MAX_QUESTIONS:
        return []
    others = (member for member in list_at(members) if not isinstance(member, Mapping))
    if not tables or any(member not in (None, "", []) for member in others):
        return []
    tables = [table for table in tables if not _is_layout(table)]
    questions = [_question(table) for table in tables]
    answered = sum(question is not None and question.is_answered for question in questions)
    is_most = answered * 2 > len(tables) or (answered and None not in questions and _are_alike(tables))
    if any(map(_is_person, tables)):
        return []
    if not is_most or not _are_named(questions):
        shown = _questions_by_email(tables)
        if shown or not is_most:
            return shown
    return [question or _nameless(table) for question, table in zip(questions, tables, strict=True)]


def questions_in(value: Json) -> dict[str, AnsweredQuestion]:
    """Return the questions among an object's members, {} unless most of its objects are questions."""
    tables = {key: member for key, member in value.items() if isinstance(member, Mapping) and _may_be_question(member)}
    questions = {key: question for key, member in tables.items() if (question := _question(member))}
    answered = {key: question for key, question in questions.items() if question.is_answered}
    if len(tables) > 1 and (len(answered) * 2 <= len(tables) or not _are_named(answered.values())):
        shown = _questions_by_email(list(tables.values()))
        if shown:
            return dict(zip(tables, shown, strict=True))
    if len(answered) * 2 <= len(tables) or any(_is_person(tables[key]) for key in answered):
        return {}
    if len(answered) == 1 and len(value) > 1:
        return {key: _alone(key, question) for key, question in answered.items()}
    return {key: _named(key, question) for key, question in questions.items()}


def are_choices(questions: Sequence[AnsweredQuestion]) -> bool:
    """Return whether they are chosen options, which have numbers or colours but no names."""
    return not _are_named(questions)


def holds_answers(value: object) -> bool:
    """Return whether a value holds answered questions with a person's detail among them."""
    questions = questions_in(value) if isinstance(value, Mapping) else {}
    answered = [question for question in questions.values() or questions_of(value) if question.is_answered]
    return any(question.value and target_of(question.name) in _PERSONAL for question in answered)


def labels_of(value: object) -> dict[str, str]:
    """Return the labels by id of questions that a list describes without answers; {} for anything else."""
    described: dict[str, str] = {}
    members = tables_at(value)[:_MAX_QUESTIONS]
    if not members or _holds_answer(members[0]):  # nearly always
        return described
    for member in members:
        question = _question(member)
        if question and question.label and question.kind and not question.is_answered:
            described.update((other, question.label) for other in (*question.names, question.identity) if other)
            described.update(_labels_of_parts(member, question.label))
    return described


def _labels_of_parts(member: Json, label: str) -> dict[str, str]:
    """Labels by id of the questions inside one: of a group, or of the inputs for the parts of a name."""
    below = {key: value for key, value in member.items() if fold(key) in ("fields", "properties", "subfields")}
    described: dict[str, str] = {}
    for value in below.values():
        described |= labels_of(value if isinstance(value, list) else table_at(value).get("fields"))
        for part in tables_at(value):
            question = _question(part)
            if question and question.identity and question.name and not question.kind:
                described[question.identity] = f"{label}.{question.name}"
    return described


def unexplained_in(members: object) -> list[str]:
    """Return the texts in a description of questions under unknown names: they may be answers."""
    return [
        text
        for member in tables_at(members)[:_MAX_QUESTIONS]
        for key, value in member.items()
        if isinstance(value, str) and fold(key) not in _DESCRIBING and (text := clean(value))
    ]


def _is_layout(member: Json) -> bool:
    """Whether an element asks nothing: a text, a button, the end of a page."""
    kind = next((text_at(member, key) for key in member if fold(key) in _KINDS), "")
    return fold(kind) in _LAYOUT and not _holds_answer(member)


def _are_named(questions: Iterable[AnsweredQuestion | None]) -> bool:
    return any(question is not None and (question.label or question.names) for question in questions)


def _questions_by_email(tables: Sequence[Json]) -> list[AnsweredQuestion]:
    """Questions under unknown keys: one answered by an e-mail address shows which keys hold label and answer.

    [] without one, or where most of the others have other keys.
    """
    for table in tables:
        texts = {key: text for key, text in table.items() if isinstance(text, str) and fold(key) not in _IDS}
        value_key = next((key for key, text in texts.items() if _ADDRESS.fullmatch(text.strip())), "")
        keys = [key for key, text in texts.items() if value_key and key != value_key and target_of(text) == "email"]
        keys.sort(key=lambda key: fold(key) in _KINDS)
        if keys and sum(keys[0] in other and value_key in other for other in tables) * 2 > len(tables) > 1:
            return [_under(other, keys[0], value_key) for other in tables]
    return []


def _under(member: Json, name_key: str, value_key: str) -> AnsweredQuestion:
    kind = next((text_at(member, key) for key in member if fold(key) in _KINDS and key != value_key), "")
    return AnsweredQuestion(text_at(member, name_key), (), "", kind, value_key in member, member.get(value_key), {})


def _holds_answer(member: Json) -> bool:
    return any(_ROLES.get(fold(key), ("",))[0] == 0 for key in member)


def _may_be_question(member: Json) -> bool:
    """Whether an object can be a question and not one answer in parts, such as a date."""
    return bool(member) and not isinstance(compose(member), str)


def _named(key: str, question: AnsweredQuestion) -> AnsweredQuestion:
    """A question with its key as a further name."""
    return question if key in question.names else question._replace(names=(*question.names, key))


def _alone(key: str, question: AnsweredQuestion) -> AnsweredQuestion:
    """The only object among plain answers: where its key is a word, its label may be a choice's."""
    label = question.label or next(iter(question.names), "")
    if not label or target_of(label) or not key.replace("_", "").isalpha():
        return _named(key, question)
    return question._replace(label=key, names=(), rest={**question.rest, "label": label})


def _nameless(member: Json) -> AnsweredQuestion:
    """An element in a list of questions that is none, such as the end of a page, with its texts as the answer."""
    texts = {key: text for key, text in member.items() if isinstance(text, str) and fold(key) not in _KINDS}
    return AnsweredQuestion("", (), "", "", bool(texts), texts, {})


def _question(member: Json) -> AnsweredQuestion | None:
    """One question, None for an object with neither a name nor an answer."""
    values, labels, names, ids, kinds, besides = _by_role(member)
    kind = next(filter(None, (text_at(member, key) for key in kinds)), "")
    value_key = next(iter(values), "")
    if not value_key and kind in member and not _ONLY_IN_QUESTIONS.isdisjoint(map(fold, member)):
        value_key = kind  # {"type": "email", "email": …}
    label = _first_words(member, labels, value_key)
    names_ = tuple(words for key in names if (words := _words(member, key, value_key)))
    identity = _first_words(member, ids, value_key)
    if not (label or names_ or identity or value_key):
        return None
    value = _chosen(member.get(value_key), member) if value_key else None
    if not label and isinstance(value, Mapping) and {"name", "type", "label"} <= value.keys():
        label, value = text_at(value, "name"), value["label"]  # a choice of Everest Forms with its question
    if value_key and isinstance(value, Mapping) and (label or names_):
        value = _texts_of_parts(value) or value
    if not (label or names_) and isinstance(value, list | Mapping):
        value = _answer_by_id(value)
        if value is None:  # a row of a table, or a submission
            return None
    rest = {fold(key): member[key] for key in besides if key != value_key}
    return AnsweredQuestion(label, names_, identity, kind, bool(value_key), value, rest)


def _by_role(member: Json) -> list[list[str]]:
    """The keys of a member by their role in a question, the surest first."""
    roles: list[list[tuple[int, str]]] = [[] for _ in range(6)]
    for key in member:
        role = _ROLES.get(fold(key))
        if role:
            roles[role[0]].append((role[1], key))
    return [[key for _, key in sorted(keys)] for keys in roles]


def _first_words(member: Json, keys: Iterable[str], value_key: str) -> str:
    return next(filter(None, (_words(member, key, value_key) for key in keys)), "")


def _words(member: Json, key: str, value_key: str) -> str:
    """The text of a member that names a question: plain, rich text, or an object with the name."""
    value = member[key]
    if key == value_key or not value:
        return ""
    if isinstance(value, list):
        return clean("".join(part for part in value if isinstance(part, str)))
    if isinstance(value, Mapping):
        return next(filter(None, (text_at(value, part) for part in (*_LABELS, "default", "name", "ref", "id"))), "")
    return text_at(value)


def _answer_by_id(value: object) -> object:
    """The answer of a question with only an id; None for a value that is not one question's answer."""
    texts = _texts_of_parts(value)
    if texts or not tables_at(value):
        plain = texts or plain_answer(value)
        return None if isinstance(plain, Mapping) else plain
    questions = questions_of(value)
    return plain_answer(value) if questions and are_choices(questions) else None


def _texts_of_parts(value: object) -> list[str]:
    """The texts of an answer of Google's Forms API, [] for any other."""
    return [text_at(each, "value") for each in tables_at(value, "answers")]


def _chosen(value: object, member: Json) -> object:
    """The answer with the texts of its options instead of their ids."""
    options = next((tables_at(member, key) for key in ("options", "choices") if key in member), [])
    if not options or isinstance(value, Mapping):
        return value
    texts = {
        text_at(option, "id"): next(filter(None, (text_at(option, key) for key in _OPTION_TEXTS)), "")
        for option in options
    }
    if isinstance(value, list):
        return [texts.get(each, "") or each if isinstance(each, str) else each for each in value]
    return texts.get(value, "") or value if isinstance(value, str) else value


def _is_person(member: Json) -> bool:
    """Whether an object is a person's row, where a name may stand beside a value, and no question."""
    kind = next((text_at(member, key) for key in member if fold(key) in _KINDS), "")
    for key, value in member.items():
        if fold(key) in _VOCABULARY or key == kind or not isinstance(value, str):
            continue
        target = target_of(key)
        is_phone = target == "phone" and sum(map(str.isdigit, value)) >= _MIN_PHONE_DIGITS
        if is_phone or (target == "email" and "@" in value):
            return True
    return False


def _are_alike(tables: Sequence[Json]) -> bool:
    """Whether objects without an answer have the same keys as those with one."""
    keys = {fold(key) for table in tables if _holds_answer(table) for key in table}
    return all(fold(key) in keys for table in tables for key in table)
