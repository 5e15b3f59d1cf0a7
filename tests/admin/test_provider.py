"""Signing in by a real OpenID Connect provider: who is let in, with which role, and what proves nothing."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from service.actors import Person, Role
from service.store import Store
from tests.admin.colleagues import add_person
from tests.admin.dashboard import Operator, words
from tests.builders import NOON, a_form, in_force
from tests.oidc import CALLBACK, CLIENT_ID, CLIENT_SECRET, PUBLIC_URL, BrowserAtProvider, provider

PEOPLE = {
    "ann": {"email": "Ann@example.com", "email_verified": True, "name": "Ann Lee", "roles": ["staff", "agent"]},
    "bob": {"email": "bob@example.com", "email_verified": False, "name": "Bob", "roles": "owner"},
    "cat": {"email": "cat@elsewhere.example", "email_verified": True, "roles": ["viewer", "editor:harbour"]},
    "dan": {"email": "dan@example.com", "name": "Dan", "roles": ["agent:nowhere"]},
    "eve": {"email": "ann@example.com", "email_verified": True},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider of most of these tests."""
    with provider(PEOPLE) as address:
        yield address


def dashboard(store: Store, issuer: str, *accounts: str, **settings: str) -> Operator:
    """A browser at a dashboard whose people sign in by the provider."""
    oidc = {"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
    return Operator(
        store, in_force(a_form(), accounts=accounts), sign_in=False, PUBLIC_URL=PUBLIC_URL, **oidc, **settings
    )


def sign_in(browser: Operator, name: str, page: str = "/admin/leads") -> TestResponse:
    """Sign in by the provider; what the dashboard answers in the end."""
    begun = browser.client.get(f"/admin/sign-in/provider?{urlencode({'next': page})}")
    back = BrowserAtProvider().sign_in(begun.headers["Location"], name)
    return browser.client.get(back.removeprefix(PUBLIC_URL))


def people(store: Store) -> dict[str, Person]:
    """Everyone, by address."""
    with store.read() as tx:
        return {person.email: person for person in tx.people.all()}


def test_a_person_who_was_invited_signs_in_and_comes_to_the_page_that_was_wanted(sqlite: Store, issuer: str) -> None:
    invited = add_person(sqlite, Role.EDITOR, email="ann@example.com", password="")
    browser = dashboard(sqlite, issuer)
    assert 'href="/admin/sign-in/provider?next=' in browser.client.get("/admin/sign-in").text

    response = sign_in(browser, "ann", "/admin/leads?status=parked")

    assert (response.status_code, response.headers["Location"]) == (303, "/admin/leads?status=parked")
    assert browser.client.get("/admin/leads").status_code == 200
    assert people(sqlite)["ann@example.com"].role is invited.role  # no claim is configured


def test_a_stranger_of_a_domain_becomes_a_viewer_of_the_only_account(sqlite: Store, issuer: str) -> None:
    response = sign_in(dashboard(sqlite, issuer, OIDC_DOMAINS="example.com"), "ann")

    assert response.status_code == 303
    ann = people(sqlite)["ann@example.com"]
    assert (ann.name, ann.role, ann.accounts) == ("Ann Lee", Role.VIEWER, frozenset({"default"}))


def test_the_claim_gives_role_and_accounts_and_counts_at_every_sign_in(sqlite: Store, issuer: str) -> None:
    person = add_person(sqlite, Role.OWNER, email="cat@elsewhere.example", password="")
    browser = dashboard(sqlite, issuer, "harbour", OIDC_DOMAINS="example.com", OIDC_ROLE_CLAIM="roles")

    assert [sign_in(browser, name).status_code for name in ("ann", "cat")] == [303, 303]
    by_address = people(sqlite)
    assert (by_address["ann@example.com"].role, by_address["ann@example.com"].accounts) == (Role.AGENT, None)
    cat = by_address["cat@elsewhere.example"]
    assert (cat.id, cat.role, cat.accounts) == (person.id, Role.EDITOR, frozenset({"harbour"}))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ann", {}),
        ("bob", {"OIDC_DOMAINS": "example.com", "OIDC_ROLE_CLAIM": "roles"}),
        ("cat", {"OIDC_DOMAINS": "example.com", "OIDC_ROLE_CLAIM": "roles"}),
        ("dan", {"OIDC_DOMAINS": "example.com", "OIDC_ROLE_CLAIM": "roles"}),
        ("eve", {"OIDC_DOMAINS": "example.com"}),
    ],
    ids=["no domain is let in", "not verified", "another domain", "no role", "several accounts and no claim"],
)
def test_others_are_not_let_in(sqlite: Store, issuer: str, name: str, settings: dict[str, str]) -> None:
    browser = dashboard(sqlite, issuer, "harbour", **settings)

    response = sign_in(browser, name)

    assert response.status_code == 403
    assert "you are not among the people of this dashboard" in words(response.text)
    assert people(sqlite) == {}
    assert browser.client.get("/admin/leads").status_code == 401


def test_an_address_that_was_given_to_someone_else_does_not_open_the_former_ones_account(
    sqlite: Store, issuer: str
) -> None:
    add_person(sqlite, email="ann@example.com", password="")
    browser = dashboard(sqlite, issuer)
    sign_in(browser, "ann")

    assert sign_in(dashboard(sqlite, issuer), "eve").status_code == 403  # another subject, the same address


def test_a_disabled_person_is_not_let_in(sqlite: Store, issuer: str) -> None:
    person = add_person(sqlite, email="ann@example.com")
    sqlite.write(lambda tx: tx.people.change(replace(person, disabled_at=NOON)))

    assert sign_in(dashboard(sqlite, issuer), "ann").status_code == 403


def test_an_answer_counts_once_for_the_browser_that_began(sqlite: Store, issuer: str) -> None:
    add_person(sqlite, email="ann@example.com", password="")
    browser, other = dashboard(sqlite, issuer), dashboard(sqlite, issuer)
    begun = browser.client.get("/admin/sign-in/provider")
    back = BrowserAtProvider().sign_in(begun.headers["Location"], "ann").removeprefix(PUBLIC_URL)
    other.client.get("/admin/sign-in/provider")

    stolen = other.client.get(back)
    unbegun = dashboard(sqlite, issuer).client.get(back)
    first, again = browser.client.get(back), browser.client.get(back)

    assert (stolen.status_code, first.status_code) == (403, 303)
    assert [unbegun.headers["Location"], again.headers["Location"]] == ["/admin/sign-in"] * 2


def test_whoever_refuses_at_the_provider_is_not_signed_in(sqlite: Store, issuer: str) -> None:
    browser = dashboard(sqlite, issuer)
    begun = browser.client.get("/admin/sign-in/provider").headers["Location"]
    query = parse_qs(urlsplit(begun).query)

    back = BrowserAtProvider().sign_in(begun, "ann", consents=False)
    response = browser.client.get(back.removeprefix(PUBLIC_URL))

    assert (query["code_challenge_method"], query["redirect_uri"]) == (["S256"], [CALLBACK])
    assert response.status_code == 403
    assert "The provider did not sign you in." in words(response.text)


def test_what_the_id_token_leaves_out_is_read_from_the_user_info(sqlite: Store) -> None:
    add_person(sqlite, email="ann@example.com", password="")

    with provider(PEOPLE, user_info=True) as address:
        assert sign_in(dashboard(sqlite, address), "ann").status_code == 303


@pytest.mark.parametrize(
    "settings",
    [{"OIDC_CLIENT_SECRET": "another secret"}, {"OIDC_CLIENT_ID": "lead-capture", "OIDC_ISSUER": "{issuer}/"}],
    ids=["a wrong secret", "an issuer with another spelling"],
)
def test_a_wrong_setting_lets_nobody_in(sqlite: Store, issuer: str, settings: dict[str, Any]) -> None:
    browser = dashboard(sqlite, issuer) if not settings else None
    oidc = {"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
    given = {name: text.format(issuer=issuer) for name, text in settings.items()}
    browser = Operator(sqlite, sign_in=False, PUBLIC_URL=PUBLIC_URL, **{**oidc, **given})
    begun = browser.client.get("/admin/sign-in/provider")
    if begun.status_code == 303:
        back = BrowserAtProvider().sign_in(begun.headers["Location"], "ann")
        begun = browser.client.get(back.removeprefix(PUBLIC_URL))

    assert begun.status_code in (403, 503)
    assert browser.client.get("/admin/leads").status_code == 401


def test_a_provider_that_is_away_is_said(sqlite: Store) -> None:
    browser = dashboard(sqlite, "http://127.0.0.1:9")

    response = browser.client.get("/admin/sign-in/provider")

    assert response.status_code == 503
    assert "The sign-in provider does not respond." in words(response.text)


def test_without_a_provider_there_is_no_such_door(sqlite: Store) -> None:
    browser = Operator(sqlite, sign_in=False)

    assert "sign-in/provider" not in browser.client.get("/admin/sign-in").text
    for path in ("/admin/sign-in/provider", "/admin/sign-in/provider/callback"):
        assert browser.client.get(path).headers["Location"] == "/admin/sign-in"
