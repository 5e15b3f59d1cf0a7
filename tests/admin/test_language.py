"""The dashboard's language: the browser's, until another is chosen; days and times in the operator's zone."""

from datetime import UTC, datetime

import pytest
from time_machine import travel

from service.i18n import current_language
from service.store import Store
from tests.admin.dashboard import Operator, words
from tests.admin.stored_leads import keep
from tests.builders import a_lead


@pytest.mark.parametrize(
    ("accepted", "language", "title"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Anmelden"),
        ("pt, fr;q=0.4", "fr", "Se connecter"),
        ("es-MX", "es", "Iniciar sesión"),
        ("ja, xx-\xff;q=9", "en", "Sign in"),
        ("", "en", "Sign in"),
    ],
)
def test_a_page_is_in_the_language_that_the_browser_asks_for(
    sqlite: Store, accepted: str, language: str, title: str
) -> None:
    operator = Operator(sqlite, sign_in=False)

    response = operator.client.get("/admin/sign-in", headers={"Accept-Language": accepted})

    assert f'<html lang="{language}">' in response.text
    assert response.headers["Content-Language"] == language
    assert title in words(response.text)


def test_a_language_ends_with_its_request(sqlite: Store) -> None:
    Operator(sqlite, sign_in=False).client.get("/admin/sign-in", headers={"Accept-Language": "fr"})

    assert current_language().code == "en"


def test_the_language_chosen_at_the_foot_of_a_page_counts_more_and_leads_back(sqlite: Store) -> None:
    operator = Operator(sqlite, sign_in=False)

    response = operator.client.post("/admin/language", data={"language": "de", "next": "/admin/leads?q=ann"})

    assert response.headers["Location"] == "/admin/leads?q=ann"
    assert "Passwort" in operator.client.get("/admin/sign-in", headers={"Accept-Language": "fr"}).text


@pytest.mark.parametrize("chosen", [{"language": "xx"}, {"language": "de", "next": "https://example.org/"}, {}])
def test_an_unknown_language_or_place_leads_to_today(sqlite: Store, chosen: dict[str, str]) -> None:
    response = Operator(sqlite, sign_in=False).client.post("/admin/language", data=chosen)

    assert response.headers["Location"] == "/admin/"
    assert "language=xx" not in response.headers.get("Set-Cookie", "")


def test_a_value_in_a_message_is_escaped(sqlite: Store) -> None:
    operator = Operator(sqlite)
    operator.client.post("/admin/language", data={"language": "de"})
    keep(sqlite, a_lead("<b>@example.com"))

    page = operator.client.get("/admin/leads").text

    assert "&lt;b&gt;" in page
    assert "<b>@" not in page


@travel("2026-11-24T20:00:00Z", tick=False)
def test_times_are_in_the_zone_that_is_set(sqlite: Store) -> None:
    keep(sqlite, a_lead("ann@example.com", datetime(2026, 11, 24, 18, 30, tzinfo=UTC)))
    operator = Operator(sqlite, TIME_ZONE="Asia/Tokyo", DIGEST_AT="07:00 Europe/London")
    operator.client.post("/admin/language", data={"language": "fr"})

    page = operator.client.get("/admin/").text

    assert "Toutes les heures sont en Asia/Tokyo." in page
    assert "mercredi 25 novembre 2026, 03:30:00 JST" in page
