"""The operator's name, colour and logo on the pages for visitors: readable, and nothing else is let in."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alerts.lead_messages import about_many, about_one
from service.forms import Brand
from service.forms.brand import DARK_CARD, LIGHT_CARD, MIN_CONTRAST, contrast, describe_shades, make_shades
from service.store import Store
from tests.builders import a_form, a_lead, unchanging
from tests.forms.texts import problems_of, setup_of
from tests.front import PERSON, Front
from tests.tables import each_row

LOGO = "https://cdn.example.com/logo.svg"
FILE = f"""
[brand]
name = "Harbour <Works>"
colour = "#FD0"
logo_url = "{LOGO}?v=2"
[accounts.north]
token = "t"
brand = {{ name = "North", logo_url = "" }}
[forms.tour]
stage_id = 1
[forms.north]
stage_id = 1
account = "north"
"""


@pytest.fixture
def front(sqlite: Store) -> Front:
    """An application with the file."""
    return Front(sqlite, unchanging(setup_of(FILE)))


def policy_of(front: Front, path: str) -> tuple[str, dict[str, str]]:
    response = front.client.get(path, headers=PERSON)
    return response.text, dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))


@pytest.mark.parametrize("path", ["/f/tour", "/f/tour/thanks", "/f/nowhere", "/nowhere"])
def test_every_page_has_name_colour_and_logo_and_may_load_nothing_else(front: Front, path: str) -> None:
    html, policy = policy_of(front, path)

    assert f'<img src="{LOGO}?v=2" alt="Harbour &lt;Works&gt;"' in html
    assert re.search("<title>.+ – Harbour &lt;Works&gt;</title>", html)
    assert "--fill: #ffdd00; --on-fill: #000000" in html
    assert policy["img-src"] == LOGO
    assert policy["default-src"] == "'none'"


def test_an_account_has_its_own_where_it_says_so(front: Front) -> None:
    html, policy = policy_of(front, "/f/north")

    assert '<p class="brand">North</p>' in html
    assert "--fill: #ffdd00" in html
    assert "img-src" not in policy
    assert "<img" not in html


def test_without_a_brand_pages_are_as_ever(sqlite: Store) -> None:
    html, policy = policy_of(Front(sqlite), "/f/contact")

    assert 'class="brand"' not in html
    assert "img-src" not in policy


@given(st.binary(min_size=3, max_size=3))
def test_text_is_readable_in_any_colour_light_and_dark(colour: bytes) -> None:
    shades = make_shades("#" + colour.hex())

    assert contrast(shades.on_fill, shades.fill) >= MIN_CONTRAST
    assert contrast(shades.light, LIGHT_CARD) >= MIN_CONTRAST
    assert contrast(shades.dark, DARK_CARD) >= MIN_CONTRAST


def test_a_colour_that_is_readable_stays_as_it_is_and_another_is_said_to_change() -> None:
    assert make_shades("#0a6350").light == "#0a6350"
    assert contrast("#000000", "#ffffff") == 21
    (light,) = describe_shades(Brand(colour="#ffdd00"))
    assert light.startswith("#ffdd00 has a contrast of 1.3 to the light pages, and text needs 4.5: links and lines")


@each_row(
    ("line", "key", "words"),
    [
        ("colour = 'green'", "colour", "'green' is not a colour: write one such as '#0a6350'"),
        ("colour = '#12345'", "colour", None),
        ("color = '#123456'", "color", "unknown key 'color': write colour"),
        ("logo_url = '/logo.svg'", "logo_url", None),
        ("logo_url = 'http://www.example.com/logo.svg'", "logo_url", None),
        ("logo_url = 'https://a@www.example.com/logo.svg'", "logo_url", None),
        ("logo_url = 'https://www.example.com/a;script-src *'", "logo_url", None),
        ("logo_url = 'https://www.example.com/a,b'", "logo_url", None),
        ("logo_url = 'https://www.example.com/lögo.svg'", "logo_url", None),
        ("logo_url = 'data:image/png;base64,AAAA'", "logo_url", None),
    ],
)
@each_row("table", ["brand", "accounts.north.brand"])
def test_what_cannot_be_shown_is_an_error_at_start(table: str, line: str, key: str, words: str | None) -> None:
    [problem] = problems_of(f"[accounts.north]\ntoken = 't'\n[{table}]\n{line}\n[forms.tour]\nstage_id = 1")

    assert problem.startswith(f"forms.toml: {table}.{key}: ")
    assert words is None or problem.endswith(f": {words}")


def test_a_form_has_no_brand_of_its_own() -> None:
    [problem] = problems_of("[forms.tour]\nbrand = { name = 'a' }")

    assert problem.endswith("write [brand], or [accounts.NAME.brand] for the forms of one account")


def test_messages_about_new_leads_bear_it() -> None:
    brand = Brand("Harbour Works", "#0a6350")
    form = a_form(title="Book a tour", brand=brand)

    one, many = about_one(a_lead(), form, ""), about_many([a_lead()], 2, form, "")

    assert one.title == "New lead for Harbour Works: Ada Lovelace, Book a tour"
    assert many.title == "2 new leads for Harbour Works: Book a tour"
    assert one.brand == many.brand == brand
