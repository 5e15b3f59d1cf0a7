"""Errors in the dashboard's own looks: wrong addresses, bugs, and a database that does not answer."""

from http import HTTPStatus

import pytest
from werkzeug.test import TestResponse

from service.admin.pages.errors import SENTENCES
from service.store import Store
from tests.admin.dashboard import Operator
from tests.front import PERSON, Front

STYLE = '<link rel="stylesheet" href="/admin/style.css">'


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Signed in."""
    return Operator(sqlite)


def headline(response: TestResponse) -> str:
    """The headline of a page that has the looks of the dashboard."""
    assert STYLE in response.text
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    return response.text.partition("<h1>")[2].partition("</h1>")[0]


@pytest.mark.parametrize("path", ["/admin/nope", "/admin/nope/deeper?a=b", "/admin/leads/nobody", "/admin/setup/nope"])
def test_an_address_that_no_page_has(operator: Operator, path: str) -> None:
    response = operator.front.client.get(path, headers=PERSON)

    assert response.status_code == 404
    assert headline(response) in {"There is no page here", "No such lead", "No such form"}


def test_a_stranger_learns_the_same_and_sees_no_navigation(sqlite: Store) -> None:
    response = Front(sqlite).client.get("/admin/nope", headers=PERSON)

    assert (response.status_code, headline(response)) == (404, "There is no page here")
    assert "Sign out" not in response.text


def test_a_program_gets_a_document(sqlite: Store) -> None:
    response = Front(sqlite).client.get("/admin/nope", headers={"Accept": "application/json"})

    assert (response.status_code, response.content_type) == (404, "application/problem+json")


def test_an_address_that_only_begins_like_the_dashboards_is_not_its(sqlite: Store) -> None:
    assert STYLE not in Front(sqlite).client.get("/administration", headers=PERSON).text


def test_a_wrong_method(operator: Operator) -> None:
    response = operator.front.client.get("/admin/sign-out", headers=PERSON)

    assert (response.status_code, headline(response)) == (405, "This address only takes forms")


def test_a_bug_says_nothing_of_its_own_and_how_to_find_it(sqlite: Store) -> None:
    def boom() -> str:
        raise RuntimeError("ann@example.com")

    front = Front(sqlite)
    front.app.add_url_rule("/admin/boom", "boom", boom)

    response = front.client.get("/admin/boom", headers=PERSON)

    assert (response.status_code, headline(response)) == (500, "Something went wrong here")
    assert "ann@example.com" not in response.text
    assert f"In the log: <code>{response.headers['X-Request-Id']}</code>" in response.text
    assert 'href="/admin/boom">Try again' in response.text


@pytest.fixture
def broken(sqlite: Store) -> Front:
    """An application whose database is gone before the first request."""
    front = Front(sqlite)
    with sqlite._database.writing.begin() as connection:
        for table in ("sessions", "deployment"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    return front


@pytest.mark.parametrize("path", ["/admin/", "/admin/leads?q=a", "/admin/sign-in"])
def test_without_a_database_pages_say_so_in_style(broken: Front, path: str) -> None:
    broken.client.set_cookie("lead_capture_admin", "x", path="/admin")
    broken.client.set_cookie("lead_capture_said", "x", path="/admin")

    response, style = (broken.client.get(each, headers=PERSON) for each in (path, "/admin/style.css"))

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert headline(response) == SENTENCES[HTTPStatus.SERVICE_UNAVAILABLE][0]
    assert f'href="{path}">Try again' in response.text
    assert style.status_code == 200


def test_without_a_database_a_wrong_address_is_still_one(broken: Front) -> None:
    response = broken.client.get("/admin/nope", headers=PERSON)

    assert (response.status_code, headline(response)) == (404, "There is no page here")
