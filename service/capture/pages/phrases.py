"""The texts of pages and errors by language: each file in languages/ is a language.

One voice in each: "Sie" and "vous" in German and French, "tú", "tu" and "je" in Spanish, Italian
and Dutch; Portuguese in words that both sides of the Atlantic use (docs/decisions/0025).
"""

import json
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qs

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from service.forms import Question
from service.forms.questions import TICKS
from service.lead import CANONICAL_FIELDS, CONSENT

_FOLDER = Path(__file__).with_name("languages")
_DEFAULT = "en"
_MAX_HEADER_LENGTH = 500  # characters
_MAX_QUERY_LENGTH = 8192


@cache
def _load() -> Mapping[str, Mapping[str, str]]:
    texts = {path.stem: own_phrases(path.stem) for path in _FOLDER.glob("*.json")}
    return {language: MappingProxyType({**texts[_DEFAULT], **text}) for language, text in texts.items()}


def phrases_of(language: str) -> Mapping[str, str]:
    """Return the phrases of a language by key, in English where it has none.

    language: a primary subtag such as "de".
    """
    languages = _load()
    return languages.get(language) or languages[_DEFAULT]


def own_phrases(language: str) -> Mapping[str, str]:
    """Return the phrases in a language's own file."""
    texts: Mapping[str, str] = json.loads((_FOLDER / f"{language}.json").read_text("utf-8"))
    return texts


def languages() -> tuple[str, ...]:
    """Return all languages, English first."""
    return (_DEFAULT, *sorted(_load().keys() - {_DEFAULT}))


def choose_language(accepted: str, *wishes: str) -> str:
    """Return the language to use: the first wish that is supported, else the browser's preference.

    accepted: an Accept-Language header. wishes: tags such as "de" or "de_AT", "" for none.
    """
    tags = (_primary(wish) for wish in wishes if wish)
    return next((tag for tag in tags if tag in _load()), None) or _negotiate(accepted[:_MAX_HEADER_LENGTH])


def wished_language(query: str) -> str:
    """Return the `lang` of a query string, "" for none."""
    return next(iter(parse_qs(query[:_MAX_QUERY_LENGTH]).get("lang", ())), "")


def question_of(name: str, language: str = "") -> str:
    """Return the label of an input; a field of the operator's own is labelled by its name."""
    spaced = name.replace("_", " ").replace(".", " ").strip()
    return phrases_of(language).get(f"ask.{name}", spaced[:1].upper() + spaced[1:])


def label_of(question: Question, language: str = "") -> str:
    """Return the label of an input: the operator's own, else the usual one."""
    return question.label.in_language(language) or question_of(question.name, language)


def complaint_of(
    code: str, name: str, language: str = "", otherwise: str = "", question: Question | None = None
) -> str:
    """Return the sentence for a visitor about one wrong answer.

    code: of a FieldError. name: canonical, or the operator's own. otherwise: the sentence for a code without a phrase.
    question: the form's own, if it asks one.
    """
    say = phrases_of(language)
    question = question or Question(name)
    if code.startswith("REQUIRED_FIELD"):
        phrase = _missing(say, question)
    else:
        own = "" if name in CANONICAL_FIELDS else say.get(f"wrong.{code}.own", "")
        phrase = own or say.get(f"wrong.{code}", otherwise or say["wrong"])
    return phrase.replace("{label}", label_of(question, language))


def _missing(say: Mapping[str, str], question: Question) -> str:
    """Return the usual sentence, or a general one if the operator words the question differently."""
    usual = say.get(f"missing.{question.name}", "")
    if usual and (question.name == CONSENT or not question.label):
        return usual
    if question.choices:
        return say["missing.choice"]
    return say["missing.tick"] if question.kind in TICKS else say["missing"]


def trouble_of(code: str, language: str = "", otherwise: str = "") -> str:
    """Return the sentence for a visitor about a post that was not accepted. code: of a PostError."""
    say = phrases_of(language)
    return say.get(f"trouble.{code}", otherwise or say["trouble.INTERNAL_SERVER_ERROR"])


@lru_cache(maxsize=512)  # few different headers occur
def _negotiate(accepted: str) -> str:
    """The best match, with regions reduced to their language: German for "de-CH, en;q=0.5"."""
    header = parse_accept_header(accepted, LanguageAccept)
    by_primary = LanguageAccept([(_primary(tag) or tag, quality) for tag, quality in header])
    return by_primary.best_match(languages(), _DEFAULT)


def _primary(tag: str) -> str:
    """The primary subtag: "de" for "de-AT" and "de_AT", "" for none."""
    first = tag.strip().lower().replace("_", "-").partition("-")[0]
    return first if first.isascii() and first.isalpha() else ""
