"""What visitors read in seven languages: whole, in one voice, and in the language that they want."""

import re
from collections.abc import Mapping
from http import HTTPStatus

import pytest
from werkzeug.exceptions import InternalServerError, MethodNotAllowed, NotFound

from service.capture.fields.layout import Fields
from service.capture.fields.reading import check_answers
from service.capture.http.responses import PostError
from service.capture.pages import phrases, rendering
from service.capture.pages.phrases import choose_language, complaint_of, languages, phrases_of, question_of
from service.capture.parsing import Empty, Unreadable, Unsupported
from service.forms import Form
from service.forms.questions import LANGUAGES
from service.lead import CANONICAL_FIELDS, Contact
from tests.tables import each_row

OTHERS = languages()[1:]
ENGLISH = phrases_of("en")
SAME_WORD = {"ask.budget": {"de", "fr", "it", "nl"}, "ask.email": {"pt"}}
"""Key -> where the word is the English one."""

OTHER_VOICES: Mapping[str, str] = {
    "de": r"\b(du|dich|dir|dein\w*|ihr seid)\b",
    "es": r"\b(usted(es)?|vosotros|su)\b",
    "fr": r"\b(tu|toi|ton|tes)\b",
    "it": r"\b(Lei|Suo|Sua|voi|vostr\w)\b",
    "nl": r"\b(u|uw)\b",
    "pt": r"\b(tu|teu|tua|você)\b",
}


@each_row("language", OTHERS)
def test_a_language_says_all_that_english_says(language: str) -> None:
    assert phrases.own_phrases(language).keys() == ENGLISH.keys()


@each_row("language", OTHERS)
def test_no_english_is_left_over(language: str) -> None:
    same = {key for key, text in phrases_of(language).items() if text == ENGLISH[key]}

    assert same == {key for key, where in SAME_WORD.items() if language in where}


@each_row("language", OTHERS)
def test_every_phrase_has_the_places_and_the_length_of_the_english_one(language: str) -> None:
    for key, text in phrases_of(language).items():
        assert re.findall(r"{\w*}", text) == re.findall(r"{\w*}", ENGLISH[key]), key
        assert text == text.strip(), key
        assert len(text) <= 2 * len(ENGLISH[key]) + 20, key


@each_row("language", OTHERS)
def test_a_language_keeps_one_voice(language: str) -> None:
    spoken = {key: text for key, text in phrases_of(language).items() if re.search(OTHER_VOICES[language], text)}

    assert spoken == {}


def test_french_signs_stand_apart_from_their_words() -> None:
    wrong = [text for text in phrases_of("fr").values() if re.search(r"(?<!\u00a0)[?!:;»]|«(?!\u00a0)", text)]

    assert wrong == []


def test_the_forms_file_knows_the_languages_there_are() -> None:
    assert languages() == LANGUAGES


@each_row("language", languages())
@each_row("name", CANONICAL_FIELDS)
def test_what_is_missing_is_asked_for_in_a_sentence_of_its_own(language: str, name: str) -> None:
    sentence = complaint_of("REQUIRED_FIELD_MISSING", name, language)

    assert sentence != complaint_of("REQUIRED_FIELD_MISSING", "badge_no", language)
    assert sentence.endswith(".")
    assert question_of(name, language) == phrases_of(language)[f"ask.{name}"]


@each_row("language", languages())
def test_a_field_of_the_operators_own_is_called_by_its_name(language: str) -> None:
    assert "Badge no" in complaint_of("REQUIRED_FIELD_EMPTY", "badge_no", language)
    assert "{" not in complaint_of("REQUIRED_FIELD_EMPTY", "{0}{x}", language).replace("{0}{x}", "")


def test_a_name_in_braces_is_no_place_to_fill() -> None:
    assert complaint_of("REQUIRED_FIELD_EMPTY", "{0.x}") == "Please fill in “{0 x}”."


def test_every_code_of_a_wrong_answer_has_its_phrase() -> None:
    fields = Fields(known={"email": "ann@", "phone": "no"})

    errors = check_answers(fields, Contact(), Form("tour", require=("email", "phone")))

    codes = {error.code for of_field in errors.values() for error in of_field}
    assert codes == {"TYPE_EMAIL", "TYPE_PHONE"}
    assert {f"wrong.{code}" for code in codes} <= ENGLISH.keys()


def test_every_trouble_has_its_phrase() -> None:
    bodies = (Unreadable, Empty, Unsupported)
    troubles = [PostError.unknown_form(), PostError.store_is_down(5), PostError.too_many(5), PostError.too_large(5)]
    troubles += [PostError.of_body(error()) for error in bodies]
    troubles += [PostError.of_http(error()) for error in (NotFound, MethodNotAllowed, InternalServerError)]

    assert {f"trouble.{trouble.code}" for trouble in troubles} <= ENGLISH.keys()


def test_a_trouble_without_a_phrase_is_told_in_english() -> None:
    page = rendering.message_page(HTTPStatus.CONFLICT, "NEW_CODE", "Something new happened.", "de")

    assert "Something new happened." in page.html


@each_row(
    ("accepted", "language"),
    [
        pytest.param("de", "de", id="plain"),
        pytest.param("fr-CA,fr;q=0.9,en;q=0.8", "fr", id="browser"),
        pytest.param("de-CH,en-US;q=0.7,en;q=0.3", "de", id="a region is its language"),
        pytest.param("en;q=0.5,pt-BR", "pt", id="quality, not order"),
        pytest.param("da, en-gb;q=0.8, nl;q=0.9", "nl", id="the best that we have"),
        pytest.param("zh-Hant-TW, *;q=0.5", "en", id="anything else"),
        pytest.param("*", "en", id="anything"),
        pytest.param("en;q=0, *", "de", id="anything but English"),
        pytest.param("tlh", "en", id="unheard of"),
        pytest.param("IT_it", "it", id="odd spelling"),
        pytest.param("", "en", id="nothing"),
        pytest.param("de;q=x, ;;,=,fr;q=0.1", "fr", id="garbage"),
        pytest.param("x" * 100_000, "en", id="long garbage"),
    ],
)
def test_the_browser_is_heard(accepted: str, language: str) -> None:
    assert choose_language(accepted) == language


@each_row(
    ("wishes", "language"),
    [(("es", "de"), "es"), (("", "de_AT"), "de"), (("tlh", "pt-BR"), "pt"), (("", ""), "fr"), (("../de",), "fr")],
)
def test_a_wish_that_can_be_granted_goes_before_the_browser(wishes: tuple[str, ...], language: str) -> None:
    assert choose_language("fr", *wishes) == language
