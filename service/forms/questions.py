"""The questions of a form: how a page asks each of them, and how `questions` is written in the forms file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from service.forms.values import (
    FormKey,
    make_table,
    read_answer,
    read_choice,
    read_flag,
    read_list,
    read_name,
    read_table,
)
from service.lead import CONSENT

LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt")
"""Languages of the pages for visitors."""

ONE_OF, SEVERAL_OF, TICKS = ("select", "radio"), ("checkboxes",), ("checkbox", "consent")
"""Kinds with one choice, with any number of choices, and with a single box."""

KINDS = ("text", "textarea", "email", "tel", "url", "number", "date", "time", *ONE_OF, *SEVERAL_OF, *TICKS)

OTHER_WORDS = {"phone": "tel", "choice": "select"}
"""Other words that people use for a kind."""

FIXED_KINDS = frozenset(("email", "full_name", "first_name", "last_name", "phone", "consent"))
"""Standard answers that pages know how to ask."""

MAX_CHOICES = 100
MIN_CONSENT_CHARS = 13
"""Minimum characters of a consent: a shorter answer counts as a mere yes or no, not as the words agreed to."""

_RESERVED = ("_", "lc_", "utm_")
_ANY = ""


@dataclass(frozen=True, slots=True)
class Words:
    """A text in one or more languages. by_language: the key "" is for all languages without a text of their own."""

    by_language: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_language)

    def in_language(self, language: str) -> str:
        """Return the text in a language; without one the general, the English, or the first; "" for no text at all."""
        texts = self.by_language
        return next((texts[key] for key in (language, _ANY, "en") if key in texts), next(iter(texts.values()), ""))


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer. value: what is stored; label: what visitors read, the value itself without one."""

    value: str
    label: Words = field(default_factory=Words)


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a form.

    name: of its answer. kind: one of KINDS; "" for a standard answer's usual kind, or a line of text. required: of
    visitors only, not of leads from platforms and tools.
    """

    name: str
    label: Words = field(default_factory=Words)
    kind: str = ""
    choices: tuple[Choice, ...] = ()
    required: bool = False

    @property
    def is_described(self) -> bool:
        """Whether the forms file has more about it than its name."""
        return bool(self.label or self.kind or self.choices or self.required)


# -- reading


def check_language(language: str) -> None:
    """Raise ValidationError for a language that our pages lack."""
    read_choice(language, choices=LANGUAGES)


def read_words(value: Any) -> Words:
    """Read a text, or a table of texts by language."""
    if not isinstance(value, Mapping):
        return Words({_ANY: read_name(value)})
    texts = read_table(value, each=read_name, key=check_language)
    if not texts:
        raise ValidationError('is empty: write a text, or { en = "…", de = "…" }')
    return Words(texts)


def read_one_choice(value: Any) -> Choice:
    """Read an answer that can be chosen: text, or a table with `value` and `label`."""
    if not isinstance(value, Mapping):
        return Choice(read_answer(value))
    keys = _CHOICE_TABLE.load(value)
    if "value" not in keys:
        raise ValidationError('needs value: write { value = "small", label = { en = "Small", de = "Klein" } }')
    return Choice(**keys)


def read_choices(value: Any) -> tuple[Choice, ...]:
    """Read the answers that can be chosen."""
    choices: tuple[Choice, ...] = read_list(value, each=read_one_choice)
    if not 0 < len(choices) <= MAX_CHOICES:
        raise ValidationError(f"needs 1 to {MAX_CHOICES} choices, not {len(choices)}")
    seen: set[str] = set()
    for index, choice in enumerate(choices):
        if choice.value.casefold() in seen:
            raise ValidationError({index: [f"{choice.value!r} is listed twice: an answer has one meaning"]})
        seen.add(choice.value.casefold())
    return choices


def read_kind(value: Any) -> str:
    """Read one of KINDS, or another word for it."""
    word = read_name(value)
    return OTHER_WORDS.get(word) or read_choice(word, choices=KINDS)


def read_question(value: Any) -> Question:
    """Read a question: its name alone, or a table with `name`."""
    if not isinstance(value, Mapping):
        return Question(read_name(value))
    keys = _QUESTION_TABLE.load(value)
    if "name" not in keys:
        raise ValidationError('needs name: write { name = "floor" }, or "floor" alone')
    return Question(**{**keys, "kind": keys.get("kind") or ("select" if "choices" in keys else "")})


_CHOICE_TABLE = make_table({"value": FormKey(read_answer), "label": FormKey(read_words)})
_QUESTION_TABLE = make_table(
    {
        "name": FormKey(read_name),
        "label": FormKey(read_words),
        "kind": FormKey(read_kind),
        "choices": FormKey(read_choices),
        "required": FormKey(read_flag),
    }
)


# -- problems of one question; wrong values are reported elsewhere


def question_problems(question: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (key, sentence) for the keys of a question's table that do not fit each other."""
    name, kind, choices = question.get("name"), question.get("kind"), question.get("choices")
    if not isinstance(name, str):
        return
    name, kind = name.strip(), OTHER_WORDS.get(kind, kind) if isinstance(kind, str) else kind
    if name.startswith(_RESERVED):
        yield (
            "name",
            f"{name!r} begins like a field of this service: use a name without {'/'.join(_RESERVED)} in front",
        )
    if name in FIXED_KINDS and ({"kind", "choices"} & question.keys()) and (name, kind) != ("consent", "consent"):
        key = "kind" if "kind" in question else "choices"
        yield key, f"cannot be set for {name!r}, which pages know how to ask: keep label and required"
    elif kind in (*ONE_OF, *SEVERAL_OF) and choices is None:
        yield "kind", f'needs choices: write choices = ["One", "Two"] for {kind!r}'
    elif choices is not None and isinstance(kind, str) and kind in KINDS and kind not in (*ONE_OF, *SEVERAL_OF):
        yield "choices", f"do nothing with kind {kind!r}: write select, radio or checkboxes"
    if CONSENT in (kind, name):
        yield from _consent_problems(question, name)


def _consent_problems(question: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    label = question.get("label")
    if label is None and name != CONSENT:
        yield "kind", "needs label: the words that people agree to are kept with their answer"
    texts = label.values() if isinstance(label, Mapping) else [label]
    for text in texts:
        if isinstance(text, str) and 0 < len(text.strip()) < MIN_CONSENT_CHARS:
            yield "label", f"{text!r} is too short: write the whole sentence that people agree to"
