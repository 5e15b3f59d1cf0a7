"""The hosted page and what follows it over HTTP: its language, its questions, its check for robots."""

import re
from collections.abc import Mapping
from html import unescape

import pytest
from werkzeug.test import TestResponse

from service.capture.pages.inputs import questions_of_form
from service.forms import AttributionConfig, Captcha, Form, Question, Route
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, PERSON, Front

GERMAN = {**PERSON, "Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}
THANKS = {
    "en": "Thank you",
    "de": "Vielen Dank!",
    "es": "¡Gracias!",
    "fr": "Merci\u00a0!",
    "it": "Grazie!",
    "nl": "Bedankt!",
    "pt": "Obrigado!",
}
FRENCH = a_form("visite", language="fr")
QUESTIONS = a_form(
    "tour",
    require=("email", "badge_no"),
    fields={"team_size": ("Desks wanted", "desks"), "email": ("your-email",), "consent": ("gdpr",)},
    attribution=AttributionConfig(answer_field="how_heard", answer_map={"A friend": 8, "Google": 19}),
    routes=(
        Route({"location": "london bridge"}, a_form()),
        Route({"location": "London Bridge ", "consent": "yes"}, a_form()),
        Route({"location": "leeds"}, a_form()),
    ),
)
PROVIDERS = {
    "turnstile": ("cf-turnstile", "https://challenges.cloudflare.com"),
    "hcaptcha": ("h-captcha", "https://*.hcaptcha.com"),
    "recaptcha": ("g-recaptcha", "https://www.google.com/recaptcha/"),
}


def guarded(provider: str = "turnstile", site_key: str = "1x0") -> Form:
    return a_form("guarded", captcha=Captcha(provider, "secret", site_key=site_key))


def show(front: Front, path: str, headers: Mapping[str, str] = GERMAN) -> TestResponse:
    return front.client.get(path, headers=dict(headers))


def languages_of(answer: TestResponse) -> tuple[str, str]:
    """The language of the page and its header; caches must distinguish it."""
    assert {"Accept-Language", "Origin"} <= {*answer.vary}
    [language] = re.findall(r'<html lang="(\w+)">', answer.text)
    return language, answer.headers["Content-Language"]


@pytest.mark.parametrize("language", THANKS)
def test_form_and_thanks_speak_the_browsers_language(front: Front, language: str) -> None:
    headers = {"Accept-Language": f"{language}-XX,{language};q=0.9,en;q=0.1"}

    form, thanks = (show(front, path, headers) for path in ("/f/contact", "/f/contact/thanks"))

    assert languages_of(form) == languages_of(thanks) == (language, language)
    assert f"<h1>{THANKS[language]}</h1>" in thanks.text


def test_a_link_may_ask_for_a_language_and_keeps_it_until_the_thanks(front: Front) -> None:
    form = show(front, "/f/contact?lang=pt").text
    [action] = re.findall(r'action="([^"]+)"', form)

    answer = front.client.post(action, data=ANN, headers=GERMAN)

    assert action == "/f/contact?lang=pt"
    assert answer.headers["Location"] == "/f/contact/thanks?lang=pt"
    assert languages_of(show(front, answer.headers["Location"])) == ("pt", "pt")


def test_a_hostile_wish_is_no_language(front: Front) -> None:
    answer = show(front, '/f/contact?lang=%22><script>"')

    assert languages_of(answer) == ("de", "de")
    assert re.findall(r'action="([^"]+)"', answer.text) == ["/f/contact?lang=de"]


def test_a_form_may_be_called_otherwise_in_other_languages(sqlite: Store) -> None:
    front = Front(sqlite, a_form(title="Book a tour", titles={"de": "Besichtigung buchen"}))

    assert "<h1>Besichtigung buchen</h1>" in show(front, "/f/contact").text
    assert "<title>Vielen Dank! – Besichtigung buchen</title>" in show(front, "/f/contact/thanks").text
    assert "<h1>Book a tour</h1>" in show(front, "/f/contact?lang=it").text


@pytest.mark.parametrize("path", ["/f/visite", "/f/visite/thanks"])
def test_a_form_may_fix_its_language(sqlite: Store, path: str) -> None:
    assert languages_of(show(Front(sqlite, FRENCH), path)) == ("fr", "fr")


def test_a_fixed_language_counts_for_what_is_wrong(sqlite: Store) -> None:
    answer = Front(sqlite, FRENCH).post({"email": "ann@"}, "visite", GERMAN)

    assert languages_of(answer) == ("fr", "fr")
    assert "Veuillez vérifier votre adresse e-mail" in answer.text


def test_a_page_of_the_operators_own_may_say_its_language(front: Front) -> None:
    answer = front.post({**ANN, "_language": "nl_BE"}, headers=GERMAN)

    assert answer.headers["Location"] == "/f/contact/thanks?lang=nl"


def test_the_usual_language_needs_no_word_in_the_address(front: Front) -> None:
    assert front.post(ANN, headers=GERMAN).headers["Location"] == "/f/contact/thanks"


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        ({"email": "ann@"}, "", 422, "Bitte prüfen Sie Ihre E-Mail-Adresse"),
        ({"message": "hi"}, "", 422, "Bitte geben Sie Ihre E-Mail-Adresse an."),
        ({"email": ""}, "", 400, "Das Formular ist leer angekommen."),
        (b"x" * 256 * 1024 + b"=", "", 413, "Das Formular ist zu groß."),
        (b"{", "text/plain", 400, "Das Formular ist nicht vollständig angekommen."),
        (b"GIF", "image/gif", 415, "lässt sich nicht als Formular lesen"),
    ],
    ids=["invalid", "missing", "empty", "large", "broken", "picture"],
)
def test_what_went_wrong_is_told_in_the_visitors_language(
    front: Front, body: Mapping[str, str] | bytes, kind: str, status: int, words: str
) -> None:
    answer = front.post(body, headers=GERMAN, content_type=kind or "application/x-www-form-urlencoded")

    assert (answer.status_code, languages_of(answer)) == (status, ("de", "de"))
    assert words in unescape(answer.text)


def test_a_limit_and_a_wrong_address_are_told_in_it_too(sqlite: Store) -> None:
    front = Front(sqlite, SUBMIT_LIMIT="1/min")
    front.post(ANN)

    again, nowhere = front.post(ANN, headers=GERMAN), show(front, "/f/nowhere")

    assert (again.status_code, nowhere.status_code) == (429, 404)
    assert "Über Ihren Anschluss kamen zu viele Anfragen." in again.text
    assert "Unter dieser Adresse gibt es kein Formular." in nowhere.text


def test_scripts_are_told_in_english_whatever_the_browser_speaks(front: Front) -> None:
    answer = front.post_json({"email": "ann@"}, headers={**GERMAN, "Accept": "application/json"})

    payload = answer.get_json(force=True)
    assert payload["error"] == "Please check what is marked and send it again."
    assert payload["errors"][0]["message"].startswith("Please check your e-mail address")


def test_the_questions_are_those_of_the_forms_file_the_usual_ones_first() -> None:
    posted_as = {each.name: each.posted_as for each in questions_of_form(QUESTIONS)}

    assert list(posted_as) == [
        *("full_name", "email", "phone", "company"),
        *("location", "badge_no", "team_size", "how_heard", "message", "consent"),
    ]
    assert (posted_as["email"], posted_as["team_size"], posted_as["consent"]) == ("your-email", "Desks wanted", "gdpr")


def test_a_question_that_only_fills_a_field_is_asked_too() -> None:
    assert [question.name for question in questions_of_form(a_form(questions=(Question("floor"),)))][-3:] == [
        "company",
        "floor",
        "message",
    ]


def test_people_choose_among_what_routes_and_the_answer_map_know(sqlite: Store) -> None:
    html = show(Front(sqlite, QUESTIONS), "/f/tour", {}).text

    options = re.findall(r'<option value="([^"]*)">([^<]*)<', html)
    assert options == [
        *(("", "Please choose"), ("london bridge", "London bridge"), ("leeds", "Leeds"), ("other", "Something else")),
        *(("", "Please choose"), ("A friend", "A friend"), ("Google", "Google"), ("other", "Something else")),
    ]
    assert "How did you hear about us?" in html


def test_what_the_hosted_page_posts_is_understood(sqlite: Store) -> None:
    front = Front(sqlite, QUESTIONS)
    posted = {"your-email": "ann@example.com", "badge_no": "7", "Desks wanted": "3", "location": "other", "gdpr": "on"}

    front.post({**posted, "how_heard": "Google"}, "tour")

    lead = front.lead()
    assert lead.submission.fields["email"] == "ann@example.com"
    assert (lead.submission.fields["team_size"], lead.submission.fields["location"]) == ("3", "other")
    assert lead.attribution.lead_source == 19


def test_a_choice_and_a_date_come_back_as_they_were_made(sqlite: Store) -> None:
    posted = {"your-email": "ann@", "location": "leeds", "move_in_date": "2027-02-01", "badge_no": "7"}

    html = Front(sqlite, QUESTIONS).post(posted, "tour").text

    assert '<option value="leeds" selected>' in html
    assert re.search(r'<input type="date"[^>]*value="2027-02-01"', html)
    assert re.search(r'<input type="text"[^>]*name="badge_no" value="7"', html)


def test_an_answer_that_is_no_choice_comes_back_as_it_was_written(sqlite: Store) -> None:
    html = Front(sqlite, QUESTIONS).post({"your-email": "ann@", "location": "York", "date": "in May"}, "tour").text

    assert re.search(r'<input type="text"[^>]*name="location" value="York"', html)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_check_for_robots_is_shown_and_may_be_loaded(sqlite: Store, provider: str) -> None:
    front = Front(sqlite, guarded(provider))
    style, host = PROVIDERS[provider]

    for answer in (show(front, "/f/guarded"), front.post({"email": "ann@"}, "guarded", GERMAN)):
        policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
        assert f'<div class="{style}" data-sitekey="1x0" data-language="de"' in answer.text
        assert "secret" not in answer.text
        assert host in policy["script-src"]
        assert host in policy["frame-src"]


def test_a_page_without_a_check_loads_nothing_from_elsewhere(front: Front) -> None:
    policy = show(front, "/f/contact").headers["Content-Security-Policy"]

    assert "https:" not in policy
    assert "frame-src" not in policy


def test_a_check_that_only_the_operators_page_has_sends_people_there(sqlite: Store) -> None:
    front = Front(sqlite, guarded(site_key=""))

    hosted, returned = show(front, "/f/guarded"), front.post({"email": "ann@"}, "guarded", GERMAN)

    assert "Bitte nutzen Sie unsere Website" in hosted.text
    assert "Bitte prüfen Sie Ihre E-Mail-Adresse" in returned.text
    assert "Zurück-Taste" in returned.text
    assert "<form" not in hosted.text + returned.text


def test_the_privacy_policy_is_one_tap_away_and_takes_no_answers_with_it(sqlite: Store) -> None:
    forms = (a_form("plain", privacy_url="https://a.example/p"), a_form("agree", require=("consent",)))
    front = Front(sqlite, *forms, a_form("both", require=("consent",), privacy_url="https://a.example/p"))

    links = [
        show(front, f"/f/{name}").text.count('href="https://a.example/p" target="_blank"')
        for name in ("plain", "agree", "both")
    ]

    assert links == [1, 0, 1]


def test_a_tick_is_kept_with_the_words_that_the_visitor_saw(sqlite: Store) -> None:
    front = Front(sqlite, a_form("agree", require=("consent",)))
    words = "Ich bin damit einverstanden, dass Sie mich zu meiner Anfrage kontaktieren."

    assert f'name="consent" value="{words}"' in show(front, "/f/agree?lang=de").text
