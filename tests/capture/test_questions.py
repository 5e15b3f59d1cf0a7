"""A form's own questions: how the hosted page asks them, what is checked, and what is kept of the answers."""

import re
from datetime import timedelta
from html import unescape

import pytest

from service.capture.fields.question_checks import code_of
from service.capture.pages.inputs import questions_of_form
from service.forms import Choice, Form, Question, Route, Words
from service.operations.person import consent_of
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, PERSON, Front
from tests.tables import each_row

GERMAN = {**PERSON, "Accept-Language": "de"}
ROOMS = (Choice("desk", Words({"en": "A desk", "de": "Ein Tisch"})), Choice("office"))
TOUR = a_form(
    "tour",
    questions=(
        Question("room", Words({"en": "What for?", "de": "Wofür?"}), "radio", ROOMS, required=True),
        Question("extras", Words({"": "Anything else?"}), "checkboxes", (Choice("Parking"), Choice("Locker"))),
        Question("floor", kind="number"),
        Question("news", Words({"en": "Send me the newsletter.", "de": "Ich möchte den Newsletter."}), "consent"),
        Question("location", choices=(Choice("London"), Choice("Leeds"))),
        Question("consent", Words({"": "I accept the terms of our house."}), required=True),
    ),
)
WHOLE = {**ANN, "room": "desk", "consent": "I accept the terms of our house."}


@pytest.fixture
def tour(sqlite: Store) -> Front:
    """An application with the form."""
    return Front(sqlite, TOUR)


def test_the_page_asks_them_in_the_visitors_language_and_in_their_order(tour: Front) -> None:
    html = tour.client.get("/f/tour", headers=GERMAN).text

    labels = [unescape(text) for text in re.findall(r"<(?:label[^>]*|legend|span)>([^<]+)<", html)]
    assert (
        labels.index("Wofür?")
        < labels.index("Anything else?")
        < labels.index("Floor")
        < labels.index("Welcher Standort?")
    )
    assert re.search(r'<input type="radio"[^>]*name="room" value="desk" required>\s*<span>Ein Tisch<', html)
    assert html.count('type="checkbox" id="input-') == 4
    assert re.search(r'<input type="number"[^>]*name="floor"', html)
    assert 'name="news" value="Ich möchte den Newsletter."' in html
    assert '<option value="Leeds">Leeds</option>\n</select>' in html


@pytest.mark.parametrize(
    ("name", "answer", "words"),
    [
        ("room", "", "Bitte wählen Sie bei „Wofür?“ eine Antwort aus."),
        ("room", "tent", "Bitte wählen Sie bei „Wofür?“ eine der Antworten aus."),
        ("extras", "Pool", "Bitte wählen Sie bei „Anything else?“ eine der Antworten aus."),
        ("floor", "high", "Bitte prüfen Sie das Feld „Floor“: Geben Sie eine Zahl an."),
        ("location", "York", "Bitte wählen Sie bei „Welcher Standort?“ eine der Antworten aus."),
        ("consent", "", "Bitte setzen Sie das Häkchen: Ohne Ihr Einverständnis dürfen wir Sie nicht kontaktieren."),
    ],
)
def test_an_answer_that_does_not_fit_is_returned_with_its_sentence(
    tour: Front, name: str, answer: str, words: str
) -> None:
    response = tour.post({**WHOLE, name: answer}, "tour", GERMAN)

    assert response.status_code == 422
    assert unescape(response.text).count(words) == 2  # above, and beside its input
    assert tour.leads() == []


def test_what_was_chosen_is_still_chosen_on_the_page_with_errors(tour: Front) -> None:
    html = tour.post({**WHOLE, "extras": ["Parking", "Locker"], "floor": "high"}, "tour").text

    assert re.findall(r'value="([^"]*)" checked', html) == ["desk", WHOLE["consent"], "Parking", "Locker"]
    assert re.search(r'<input type="text"[^>]*name="floor" value="high"', html)
    assert 'name="news"' in html  # an empty box is not sent, and may still be ticked


def test_a_link_may_fill_in_answers_but_agrees_to_nothing(tour: Front) -> None:
    html = tour.client.get("/f/tour?room=office&extras=Locker&floor=3&news=yes&consent=yes&location=leeds").text

    assert re.findall(r'value="([^"]*)" checked', html) == ["office", "Locker"]
    assert 'name="floor" value="3"' in html
    assert '<option value="Leeds" selected>' in html


def test_a_script_gets_the_code_and_the_sentence_of_the_field(tour: Front) -> None:
    answer = tour.post_json({**WHOLE, "floor": "high"}, "tour", {"Accept": "application/json"})

    assert answer.get_json(force=True)["errors"] == [
        {"field": "floor", "input": "floor", "code": "TYPE_NUMBER", "message": "Please check “Floor”: write a number."}
    ]


def test_answers_and_consents_are_kept_with_their_words_and_time(tour: Front) -> None:
    posted = {**WHOLE, "extras": ["Parking", "Locker"], "news": "Ich möchte den Newsletter.", "location": "leeds"}

    assert tour.post(posted, "tour").status_code == 303

    lead = tour.lead()
    consent = consent_of(lead)
    assert lead.submission.extras["room"] == "desk"
    assert list(lead.submission.extras["extras"]) == ["Parking", "Locker"]
    assert lead.submission.fields["location"] == "leeds"
    assert consent is not None
    assert (consent.is_given, consent.text) == (True, "I accept the terms of our house.")
    assert timedelta(0) <= lead.received_at - consent.at < timedelta(seconds=10)
    assert consent.boxes == {"Ich möchte den Newsletter.": True}


def test_words_that_nobody_showed_are_not_kept_as_agreed_to(tour: Front) -> None:
    tour.post({**WHOLE, "news": "on"}, "tour")

    consent = consent_of(tour.lead())
    assert consent is not None
    assert consent.boxes == {"news": True}


def test_a_tool_that_does_not_ask_loses_no_lead(sqlite: Store) -> None:
    front = Front(sqlite, a_form("tour", questions=TOUR.questions, webhooks={"json": {"token": "t" * 16}}))

    front.client.post("/webhooks/json/tour", json=ANN, headers={"X-Webhook-Token": "t" * 16})

    assert front.lead().status.value == "pending"


@each_row(
    ("kind", "right", "wrong"),
    [
        ("email", "ann@example.com", "ann@"),
        ("tel", "020 7946 0142", "none"),
        ("url", "www.example.com/a", "none"),
        ("number", "1,200.50", "many"),
        ("date", "2027-02-01", "2027-02-30"),
        ("date", "1.2.2027", "soon"),
        ("time", "14:30", "25:00"),
        ("time", "14h30", "noon"),
    ],
)
def test_each_kind_knows_its_answers(kind: str, right: str, wrong: str) -> None:
    question = Question("own", kind=kind)

    assert (code_of(question, right), code_of(question, "")) == ("", "")
    assert code_of(question, wrong).startswith("TYPE_")


def test_a_name_that_means_something_elsewhere_is_the_forms_own_where_it_is_a_question(sqlite: Store) -> None:
    front = Front(sqlite, a_form(questions=(Question("mobile", Words({"": "Which mobile phones do you sell?"})),)))

    front.post({**ANN, "mobile": "Fairphone"})

    assert front.lead().submission.extras["mobile"] == "Fairphone"


def names_on_the_page(form: Form) -> list[str]:
    return [question.name for question in questions_of_form(form)]


def test_one_route_is_nothing_to_choose_from() -> None:
    one, other = Route({"location": "london"}, a_form()), Route({"location": "leeds"}, a_form())

    assert "location" not in names_on_the_page(a_form(routes=(one,)))
    assert "location" in names_on_the_page(a_form(routes=(one, other)))
    assert "location" in names_on_the_page(a_form(routes=(one,), questions=(Question("location", kind="text"),)))
