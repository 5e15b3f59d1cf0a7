"""Signing in and out: by password only, for a limited time, from our own pages only."""

from datetime import timedelta

import pytest
import time_machine

from service.cli.installation import make_password
from service.store import Store
from tests.admin.dashboard import PASSWORD, Operator, words
from tests.admin.stored_leads import keep_many
from tests.builders import NOON


@pytest.fixture
def stranger(sqlite: Store) -> Operator:
    """Somebody who is not signed in."""
    return Operator(sqlite, sign_in=False)


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Somebody who is."""
    return Operator(sqlite)


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/", "/admin/leads", "/admin/leads/" + "0" * 32, "/admin/leads/x/edit"]
)
def test_without_a_session_only_the_sign_in_is_shown(sqlite: Store, stranger: Operator, path: str) -> None:
    keep_many(sqlite, 1)

    response = stranger.client.get(path, follow_redirects=True)

    assert response.status_code == 401
    assert "Password" in response.text
    assert "person0@example.com" not in response.text


def test_the_password_opens_the_page_that_was_asked_for(stranger: Operator) -> None:
    response = stranger.client.post(
        "/admin/sign-in", data={"user": "Admin ", "password": PASSWORD, "next": "/admin/leads?status=parked"}
    )

    assert (response.status_code, response.headers["Location"]) == (303, "/admin/leads?status=parked")
    assert "Leads" in stranger.see("/admin/leads")


@pytest.mark.parametrize(
    "next_",
    [
        *("https://evil.example/", "//evil.example", "/admin//evil.example", "/f/contact", "/admin/\n", "/admin"),
        *("/admin/../f/contact", "/admin/../../x", "/admin/leads/..", "/admin/./../x", "/admin/%2e%2e/x"),
        *(
            "/admin/.%2E/x",
            "/admin/%2e./x",
            "/admin/..%2fx",
            "/admin/..\\x",
            "/admin/%5c..%5cx",
            "/admin/\\evil.example",
        ),
        *("/admin/%2f%2fevil.example", "/admin/\t//evil.example", "/admin/%0a/x", "/admin/%2e%2e?a=b", "/admin/..#x"),
        *("/admin/sign-out", "/admin/%73ign-out", "/adminx/", "\\admin/", "/admin/\uff0e\uff0e/x", "/admin/..\\x"),
    ],
)
def test_signing_in_leads_nowhere_else(stranger: Operator, next_: str) -> None:
    response = stranger.client.post("/admin/sign-in", data={"user": "admin", "password": PASSWORD, "next": next_})

    assert response.headers["Location"] == "/admin/"


@pytest.mark.parametrize("next_", ["/admin/leads?q=..%2F..", "/admin/leads/0123456789", "/admin/setup/contact?x=a.b"])
def test_signing_in_leads_to_any_page_of_the_dashboard(stranger: Operator, next_: str) -> None:
    response = stranger.client.post("/admin/sign-in", data={"user": "admin", "password": PASSWORD, "next": next_})

    assert response.headers["Location"] == next_


@pytest.mark.parametrize(
    ("name", "password"), [("admin", "wrong"), ("admin", ""), ("ann", PASSWORD), ("admin", "\u00fc")]
)
def test_a_wrong_name_and_a_wrong_password_get_the_same_message(stranger: Operator, name: str, password: str) -> None:
    response = stranger.sign_in(password, name)

    assert response.status_code == 422
    assert "The user or the password is wrong" in response.text
    assert "Set-Cookie" not in response.headers


def test_attempts_are_limited_and_the_wait_is_shown(stranger: Operator) -> None:
    responses = [stranger.sign_in("wrong") for _ in range(11)]

    assert [response.status_code for response in responses] == [422] * 10 + [429]
    assert "Too many attempts" in responses[-1].text
    assert stranger.sign_in().status_code == 429
    assert 0 < int(responses[-1].headers["Retry-After"]) <= 901


def test_attempts_from_one_address_do_not_lock_out_another(stranger: Operator) -> None:
    for _ in range(12):
        stranger.sign_in("wrong")

    assert stranger.sign_in(environ_base={"REMOTE_ADDR": "192.0.2.99"}).status_code == 303


def test_without_a_password_the_page_says_how_to_set_one(sqlite: Store) -> None:
    nobody = Operator(sqlite, sign_in=False, ADMIN_PASSWORD="")

    assert "ADMIN_PASSWORD" in nobody.client.get("/admin/").text
    assert nobody.sign_in("").status_code == 422


def test_a_generated_password_works_and_only_its_hash_is_stored(sqlite: Store, sqlite_url: str) -> None:
    made = make_password(sqlite_url)
    operator = Operator(sqlite, sign_in=False, ADMIN_PASSWORD="")

    assert operator.sign_in(made).status_code == 303
    assert make_password(sqlite_url) == ""
    with sqlite.read() as tx:
        assert made not in (tx.flags.get("admin_password") or made)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(sqlite: Store) -> None:
    cookies = [
        Operator(sqlite, sign_in=False, PUBLIC_URL=url).sign_in().headers["Set-Cookie"]
        for url in ("https://leads.example.com", "http://localhost:8000")
    ]

    assert all(part in cookies[0] for part in ("HttpOnly", "SameSite=Lax", "Path=/admin", "Secure"))
    assert "Secure" not in cookies[1]


def test_signing_out_ends_the_session_for_copies_of_its_cookie(sqlite: Store, operator: Operator) -> None:
    copied = operator.client.get_cookie("lead_capture_admin", path="/admin")
    assert copied is not None
    operator.send("/admin/sign-out")
    thief = Operator(sqlite, sign_in=False)
    thief.client.set_cookie("lead_capture_admin", copied.value, path="/admin")

    assert operator.client.get("/admin/").status_code == thief.client.get("/admin/").status_code == 401


def test_another_password_ends_all_sessions(sqlite: Store, operator: Operator) -> None:
    cookie = operator.client.get_cookie("lead_capture_admin", path="/admin")
    assert cookie is not None
    later = Operator(sqlite, sign_in=False, ADMIN_PASSWORD="another-password")
    later.client.set_cookie("lead_capture_admin", cookie.value, path="/admin")

    assert later.client.get("/admin/").status_code == 401


def test_all_web_processes_know_a_session(sqlite: Store, operator: Operator) -> None:
    cookie = operator.client.get_cookie("lead_capture_admin", path="/admin")
    assert cookie is not None
    other = Operator(sqlite, sign_in=False)
    other.client.set_cookie("lead_capture_admin", cookie.value, path="/admin")

    assert other.client.get("/admin/").status_code == 200


@pytest.mark.parametrize(("step_h", "steps", "status"), [(11, 3, 200), (13, 1, 401), (11, 32, 401)])
def test_a_session_ends_when_it_rests_or_grows_old(sqlite: Store, step_h: int, steps: int, status: int) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        operator = Operator(sqlite)
        for _ in range(steps):
            clock.shift(timedelta(hours=step_h))
            response = operator.client.get("/admin/")

    assert response.status_code == status


@pytest.mark.parametrize("token", ["", "0" * 64, "\u00fc"])
def test_a_form_without_the_sessions_token_does_nothing(sqlite: Store, operator: Operator, token: str) -> None:
    (lead,) = keep_many(sqlite, 1)

    response = operator.client.post(f"/admin/leads/{lead.id}/act", data={"action": "discard", "token": token})

    assert response.status_code == 403
    assert "Nothing was done" in words(response.text)
    assert operator.front.lead().status == "pending"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_does_nothing(sqlite: Store, operator: Operator, headers: dict[str, str]) -> None:
    (lead,) = keep_many(sqlite, 1)
    fields = {"action": "discard", "token": operator.token}

    assert operator.client.post(f"/admin/leads/{lead.id}/act", data=fields, headers=headers).status_code == 403
    assert operator.sign_in(headers=headers).status_code == 403


def test_the_public_address_counts_as_ours(sqlite: Store) -> None:
    operator = Operator(sqlite, PUBLIC_URL="https://leads.example.com")

    response = operator.sign_in(headers={"Origin": "https://leads.example.com"})

    assert response.status_code == 303


def test_pages_are_not_cached_and_run_nothing_foreign(operator: Operator) -> None:
    headers = operator.client.get("/admin/").headers

    assert headers["Cache-Control"] == "no-store"
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]


def test_a_forged_notice_is_not_shown(operator: Operator) -> None:
    operator.client.set_cookie("lead_capture_said", "0000.Call 0900 123", path="/admin")

    assert "0900" not in operator.see("/admin/")


def test_without_the_database_the_page_says_so_and_asks_to_retry() -> None:
    store = Store("postgresql://nobody@127.0.0.1:1/none")
    front = Operator(store, sign_in=False)

    response = front.client.get("/admin/")
    store.close()

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "The database does not answer" in response.text
