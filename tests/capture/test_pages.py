"""What visitors see: their input kept and escaped, nothing from elsewhere, every input labelled."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from http import HTTPStatus
from urllib.parse import urlencode

import pytest

from service.capture.fields.reading import Incoming, read
from service.capture.pages.rendering import error_page, hosted_form, message_page, respond, thank_you
from service.forms import Form, Route

HOSTILE = "\"'><script>alert(1)</script><!--{{7*7}}</textarea>"
TOUR = Form("tour", title="Book a <b>tour</b>", require=("email", "consent"))


class Parsed(HTMLParser):
    """Inputs with their attributes, labels, and the names of all elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.inputs: list[dict[str, str]] = []
        self.labelled: set[str] = set()
        self.action = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        if tag in {"input", "textarea", "select"}:
            self.inputs.append(values)
        elif tag == "label":
            self.labelled.add(values["for"])
        elif tag == "form":
            self.action = values["action"]

    def names(self) -> list[str]:
        return [each["name"] for each in self.inputs]


def returned(fields: dict[str, str | list[str]], form: Form = TOUR, query: str = "") -> str:
    reading = read(Incoming(urlencode(fields, doseq=True).encode(), query=query), form)
    return error_page(form, reading, reading.errors).html


def test_an_error_page_keeps_every_answer_in_a_form_to_the_same_address() -> None:
    page = Parsed(
        returned({"your-name": "Ann", "e-mail": "ann@", "tags[]": ["a", "b"], "lc_key": "k"}, query="a=b&c=d")
    )

    kept = {(each["name"], each.get("value", "")) for each in page.inputs}
    assert page.action == "/f/tour?a=b&c=d"
    assert kept == {
        ("your-name", "Ann"),
        ("e-mail", "ann@"),
        ("tags", "a"),
        ("tags", "b"),
        ("lc_key", "k"),
        ("consent", "I agree to be contacted about my enquiry."),
    }


def test_what_is_wrong_stands_beside_its_input() -> None:
    html = returned({"e-mail": "ann@"})

    wrong = next(each for each in Parsed(html).inputs if each["name"] == "e-mail")
    assert "aria-invalid" in wrong
    assert f'id="{wrong["aria-describedby"]}"' in html
    assert "it does not look like an e-mail address" in html


def test_a_message_keeps_its_lines() -> None:
    assert ">\none\n\ntwo</textarea>" in returned({"message": "one\n\ntwo"})


def test_used_tokens_and_traps_are_not_given_back() -> None:
    names = Parsed(returned({"e-mail": "x", "g-recaptcha-response": "t", "_gotcha": "x", "_next": "/merci"})).names()

    assert "_next" in names
    assert not {"g-recaptcha-response", "_gotcha"} & {*names}


def test_hostile_input_stays_text() -> None:
    page = Parsed(
        returned({"name": HOSTILE, "message": HOSTILE, HOSTILE: HOSTILE, "_language": HOSTILE}, query=HOSTILE)
    )

    assert page.tags.count("script") == 1  # ours
    assert [each["value"] for each in page.inputs if each["name"] == "name"] == [HOSTILE]
    assert any(each["name"] == HOSTILE and each["value"] == HOSTILE for each in page.inputs)


@pytest.mark.parametrize(
    "page", [returned({"name": "Ann", "email": "x"}), hosted_form(TOUR).html], ids=["error", "hosted"]
)
def test_every_visible_input_has_a_label(page: str) -> None:
    parsed = Parsed(page)

    assert all(each["id"] in parsed.labelled for each in parsed.inputs if each.get("type") != "hidden")


@pytest.mark.parametrize(
    "page",
    [
        returned({"name": "Ann"}),
        hosted_form(TOUR).html,
        thank_you(TOUR).html,
        message_page(HTTPStatus.NOT_FOUND).html,
    ],
    ids=["error", "hosted", "thanks", "message"],
)
def test_pages_load_nothing_from_elsewhere_and_fit_a_phone(page: str) -> None:
    sources = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"')\s>#][^\"')\s>]*)", page)

    assert set(sources) <= {"/attribution.js"}
    assert 'name="viewport"' in page
    assert "prefers-color-scheme: dark" in page


def test_the_hosted_form_asks_for_what_is_required_and_what_routes_go_by() -> None:
    form = Form("tour", require=("email", "phone", "badge_no"))
    routes = (
        Route({"location": "london"}, form),
        Route({"location": "leeds", "team_size": "1"}, form),
        Route({"location": "london", "team_size": "2"}, form),
    )

    html = hosted_form(replace(form, routes=routes)).html

    page = Parsed(html)
    required = {each["name"] for each in page.inputs if "required" in each}
    assert page.action == "/f/tour"
    assert required == {"email", "phone", "badge_no"}
    assert {"full_name", "company", "message", "location", "team_size"} <= {*page.names()}
    assert html.count('<option value="london">London</option>') == 1
    assert '<script src="/attribution.js" defer></script>' in html


def test_a_hosted_form_that_requires_parts_of_a_name_does_not_ask_for_the_whole() -> None:
    names = Parsed(hosted_form(Form("tour", require=("first_name",))).html).names()

    assert {"first_name", "last_name"} <= {*names}
    assert "full_name" not in names


def test_phones_and_autofill_are_helped() -> None:
    inputs = {each["name"]: each for each in Parsed(hosted_form(TOUR).html).inputs}

    assert (inputs["email"]["type"], inputs["email"]["autocomplete"]) == ("email", "email")
    assert (inputs["phone"]["type"], inputs["phone"]["autocomplete"]) == ("tel", "tel")
    assert inputs["full_name"]["autocomplete"] == "name"


def test_titles_are_escaped() -> None:
    assert "Book a &lt;b&gt;tour&lt;/b&gt;" in hosted_form(TOUR).html
    assert "<b>" not in thank_you(TOUR).html


def test_an_unknown_language_is_answered_in_english() -> None:
    assert '<html lang="en">' in thank_you(TOUR, "tlh").html


def test_a_page_comes_with_headers_that_keep_it_to_itself() -> None:
    page = respond(thank_you(TOUR), HTTPStatus.OK)

    assert page.content_type == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
