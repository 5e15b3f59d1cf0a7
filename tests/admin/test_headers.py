"""Every response has the headers that make browsers careful, whatever its route, method and status."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from service.edge import DEFAULTS
from service.server.responses import SENTENCES, refusal
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, PERSON, SCRIPT, TOKEN, Front
from tests.tables import each_row

VALUES = {"sender": "json", "form": "contact", "lead_id": "0" * 32, "token": "t"}
META = {"app_secret": "s" * 32, "verify_token": "v" * 16, "access_token": "a"}
SITES = ("https://www.example.com", "https://shop.example.org")
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}


@pytest.fixture
def front(sqlite: Store) -> Front:
    """All routes, as a browser reaches them over HTTPS."""
    forms = (a_form(webhooks={"meta": META}), a_form("tour", allowed_origins=SITES))
    return Front(sqlite, *forms, PUBLIC_URL="https://leads.example.com", SAMPLE_PAGE="true")


def addresses(front: Front) -> Iterator[tuple[Rule, str]]:
    """Every rule of the application with an address of it."""
    adapter = front.app.url_map.bind("leads.example.com")
    for rule in front.app.url_map.iter_rules():
        values = {name: VALUES.get(name, "0" * 32) for name in rule.arguments}
        yield rule, adapter.build(rule.endpoint, values, force_external=False)


def check(response: TestResponse) -> None:
    """One response is safe to be shown, guessed about, framed and remembered."""
    headers = response.headers
    assert {name: headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert headers["Referrer-Policy"] in {"same-origin", "strict-origin-when-cross-origin"}
    assert "camera=()" in headers["Permissions-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "base-uri 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] in {"no-store", "public, max-age=3600", "public, max-age=300"}
    once = [name for name, _ in headers if name not in {"Set-Cookie", "Vary"}]
    assert len(once) == len(set(once))


def test_every_route_and_method(front: Front) -> None:
    seen = 0
    for _, address in addresses(front):
        for method in ("GET", "POST", "OPTIONS", "DELETE", "HEAD"):
            for accept in ({}, PERSON):
                check(front.client.open(address, method=method, headers=accept))
                seen += 1

    assert seen > 300


def test_with_the_token_too(front: Front) -> None:
    authorization = {"Authorization": f"Bearer {TOKEN}"}

    for rule, address in addresses(front):
        if rule.rule.startswith("/api/"):
            response = front.client.get(address, headers=authorization)
            check(response)
            assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("headers", [PERSON, SCRIPT])
def test_taken_leads_and_errors(front: Front, headers: dict[str, str]) -> None:
    for response in (
        front.post(ANN, headers=headers),
        front.post({"name": "Ann"}, headers=headers),
        front.post(ANN, "nowhere", headers),
        front.post(b"x" * 300_000, headers=headers),
        front.client.get("/nowhere", headers=headers),
        front.client.get("/admin/../x", headers=headers),
    ):
        check(response)


@pytest.mark.parametrize("address", ["/boom", "/admin/boom"])
def test_our_own_mistakes(front: Front, address: str) -> None:
    def boom() -> str:
        raise RuntimeError

    front.app.add_url_rule(address, address, boom)

    for headers in (PERSON, SCRIPT):
        response = front.client.get(address, headers=headers)
        assert response.status_code == 500
        check(response)


def test_a_database_that_is_away(front: Front) -> None:
    with front.store._database.writing.begin() as connection:
        connection.exec_driver_sql("DROP TABLE sessions")

    front.client.set_cookie("lead_capture_admin", "x", path="/admin")
    response = front.client.get("/admin/leads")

    assert response.status_code == 503
    check(response)


def test_a_challenge_is_not_taken_for_a_page(front: Front) -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "v" * 16, "hub.challenge": "<script>alert(1)</script>"}

    response = front.client.get("/webhooks/meta/contact", query_string=query)

    assert response.content_type.startswith("text/plain")
    check(response)


def test_a_form_is_framed_by_its_own_sites_only(front: Front) -> None:
    for path in ("/f/tour", "/f/tour/thanks"):
        policy = front.client.get(path, headers=PERSON).headers["Content-Security-Policy"]
        (frames,) = [part.split()[1:] for part in policy.split("; ") if part.startswith("frame-ancestors")]
        assert {"'self'", *SITES} <= set(frames)
        assert "https://example.com" in frames
        assert "*" not in frames


def test_a_form_without_a_list_of_sites_is_framed_anywhere(front: Front) -> None:
    assert "frame-ancestors" not in front.client.get("/f/contact", headers=PERSON).headers["Content-Security-Policy"]


def test_nothing_else_is_framed(front: Front) -> None:
    for path in ("/", "/docs", "/admin/", "/healthz", "/f/nowhere", "/openapi.json"):
        policy = front.client.get(path, headers=PERSON).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, path


def test_without_https_browsers_are_not_told_to_insist_on_it(sqlite: Store) -> None:
    response = Front(sqlite, PUBLIC_URL="http://localhost:8000").client.get("/healthz")

    assert "Strict-Transport-Security" not in response.headers


@each_row("status", SENTENCES)
def test_what_the_server_refuses_by_itself(status: HTTPStatus) -> None:
    head = refusal(status).decode().partition("\r\n\r\n")[0].split("\r\n")

    assert {f"{name}: {value}" for name, value in DEFAULTS} <= set(head)
