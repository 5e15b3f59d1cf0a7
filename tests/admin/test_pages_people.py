"""The pages People and My account, and the one behind a link that sets a password."""

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from service.actors import Person, Role
from service.store import Store
from tests.admin.colleagues import PASSWORD_OF_ALL, add_person, colleague, forget_everyone
from tests.admin.dashboard import PASSWORD, Operator, words
from tests.builders import two_accounts
from tests.front import Front, sqlite_store

NEW = "quite another password"

ANN = {"email": "ann@example.com", "name": "Ann B", "role": "agent", "reach": "all"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One store for all of these tests."""
    with sqlite_store(tmp_path_factory.mktemp("people")) as opened:
        yield opened


@pytest.fixture(scope="module")
def front(store: Store) -> Front:
    """One application with two accounts."""
    return Front(store, two_accounts(), ADMIN_PASSWORD=PASSWORD)


@pytest.fixture(autouse=True)
def nobody(store: Store) -> None:
    """No person of another test."""
    forget_everyone(store)


@pytest.fixture
def admin(front: Front) -> Operator:
    """The administrator."""
    operator = Operator.at(front)
    operator.sign_in()
    return operator


@pytest.fixture
def viewer(store: Store, front: Front) -> Operator:
    """A viewer of all accounts."""
    return colleague(store, front=front)


def person_of(store: Store, email: str) -> Person | None:
    """The person of an address."""
    with store.read() as tx:
        credentials = tx.people.credentials(email)
    return credentials.person if credentials else None


def link_on(page: TestResponse) -> str:
    """The path of the link that a page shows."""
    (path,) = set(re.findall(r"http://localhost:8000(/admin/invitation/[\w-]+)", page.text))
    return str(path)


# -- invitations


def test_someone_is_invited_chooses_a_password_and_is_signed_in(admin: Operator) -> None:
    made = admin.send("/admin/people", email="Ann@example.com", name="Ann Lee", role="agent", reach="all")
    link, ann = link_on(made), Operator.at(admin.front)
    page = ann.client.get(link)

    accepted = ann.client.post(link, data={"password": NEW})

    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    assert "ann@example.com signs in" in words(page.text)
    assert "Work on" not in page.text
    assert (accepted.status_code, accepted.headers["Location"]) == (303, "/admin/")
    assert "What you can do" in ann.see("/admin/account")
    assert Operator.at(admin.front).sign_in(NEW, "ann@example.com").status_code == 303
    assert link not in admin.client.get("/admin/people").text


def test_a_link_is_good_once_for_whoever_comes_first(admin: Operator) -> None:
    link = link_on(admin.send("/admin/people", email="ann@example.com", role="viewer", reach="all"))
    Operator.at(admin.front).client.post(link, data={"password": NEW})

    again = Operator.at(admin.front)

    for response in (again.client.get(link), again.client.post(link, data={"password": "the next password"})):
        assert response.status_code == 404
        assert "This link is no longer valid" in words(response.text)
    assert again.sign_in("the next password", "ann@example.com").status_code == 422


@pytest.mark.parametrize("password", ["", "short", "ann@example.com", "x" * 300])
def test_a_weak_password_leaves_the_link_good(admin: Operator, password: str) -> None:
    link = link_on(admin.send("/admin/people", email="ann@example.com", role="viewer", reach="all"))
    ann = Operator.at(admin.front)

    assert ann.client.post(link, data={"password": password}).status_code == 422
    assert ann.client.get("/admin/").status_code == 401
    assert ann.client.post(link, data={"password": NEW}).status_code == 303


def test_a_link_sent_from_another_site_is_refused(admin: Operator) -> None:
    link = link_on(admin.send("/admin/people", email="ann@example.com", role="viewer", reach="all"))
    headers = {"Origin": "https://evil.example"}

    assert Operator.at(admin.front).client.post(link, data={"password": NEW}, headers=headers).status_code == 403
    assert Operator.at(admin.front).client.get(link).status_code == 200


@pytest.mark.parametrize("token", ["x", "\u00e9", "a%00b", "x" * 500])
def test_a_made_up_link_is_none(admin: Operator, token: str) -> None:
    assert Operator.at(admin.front).client.get(f"/admin/invitation/{token}").status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"email": "ann"}, 422, "Enter an e-mail address"),
        ({"role": "emperor"}, 422, "Choose a role"),
        ({"reach": "some"}, 422, "Choose at least one account"),
        ({"email": "bob@example.com"}, 409, "already in use"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    admin: Operator, store: Store, fields: dict[str, str], status: int, sentence: str
) -> None:
    add_person(store, email="bob@example.com")

    response = admin.send("/admin/people", **{**ANN, **fields})

    assert response.status_code == status
    assert sentence in words(response.text)
    assert 'value="Ann B"' in response.text


# -- changes


def test_role_and_accounts_are_changed(admin: Operator, store: Store) -> None:
    person = add_person(store)
    page = admin.client.get(f"/admin/people?person={person.id}")

    fields = {"name": "Vi", "role": "editor", "reach": "some", "account": ["harbour"]}
    notice = admin.arrive(admin.send(f"/admin/people/{person.id}/change", **fields))

    changed = person_of(store, person.email)
    assert 'value="viewer" required checked' in page.text
    assert changed
    assert (changed.name, changed.role, changed.accounts) == ("Vi", Role.EDITOR, frozenset({"harbour"}))
    assert "Saved. It applies from the next click of Vi." in notice
    assert "Editor, harbour" in notice


def test_a_disabled_person_is_out_until_enabled(admin: Operator, viewer: Operator, store: Store) -> None:
    person = person_of(store, "viewer@example.com")
    assert person

    admin.send(f"/admin/people/{person.id}/disable")
    out, refused = viewer.client.get("/admin/").status_code, viewer.sign_in(PASSWORD_OF_ALL, person.email).status_code
    admin.send(f"/admin/people/{person.id}/enable")

    assert (out, refused) == (401, 422)
    assert viewer.sign_in(PASSWORD_OF_ALL, person.email).status_code == 303


@pytest.mark.parametrize("act", ["sign-out", "remove"])
def test_sessions_end_by_the_buttons_of_the_page(admin: Operator, viewer: Operator, store: Store, act: str) -> None:
    person = person_of(store, "viewer@example.com")
    assert person

    admin.arrive(admin.send(f"/admin/people/{person.id}/{act}"))

    assert viewer.client.get("/admin/").status_code == 401
    assert bool(person_of(store, person.email)) == (act == "sign-out")


def test_a_forgotten_password_is_replaced_by_a_link(admin: Operator, viewer: Operator, store: Store) -> None:
    person = person_of(store, "viewer@example.com")
    assert person

    link = link_on(admin.send(f"/admin/people/{person.id}/link"))
    still_in = viewer.client.get("/admin/leads").status_code
    accepted = Operator.at(admin.front).client.post(link, data={"password": NEW}).status_code

    assert (still_in, accepted, viewer.client.get("/admin/leads").status_code) == (200, 303, 401)


def test_an_owner_changes_only_the_name_of_their_own(store: Store, front: Front) -> None:
    owner = colleague(store, Role.OWNER, front=front)
    person = person_of(store, "owner@example.com")
    assert person
    page = owner.client.get(f"/admin/people?person={person.id}").text

    owner.send(f"/admin/people/{person.id}/change", name="Own", role="viewer", reach="all")
    refused = [owner.send(f"/admin/people/{person.id}/{act}").status_code for act in ("disable", "remove")]

    changed = person_of(store, person.email)
    assert changed
    assert (changed.name, changed.role, refused) == ("Own", Role.OWNER, [403, 403])
    assert 'name="role"' not in page
    assert "/disable" not in page


def test_an_owner_of_one_account_sees_and_makes_people_of_it_only(store: Store, front: Front) -> None:
    owner = colleague(store, Role.OWNER, ["harbour"], front=front)
    add_person(store, email="mine@example.com", accounts=["harbour"])
    others = [
        add_person(store, email="all@example.com"),
        add_person(store, email="both@example.com", accounts=["default", "harbour"]),
    ]
    page = owner.client.get("/admin/people").text

    refused = [
        owner.send("/admin/people", email="x@example.com", role="viewer", **fields).status_code
        for fields in ({"reach": "all"}, {"account": "default"})
    ]
    missing = [
        owner.send(f"/admin/people/{person.id}/{act}").status_code
        for person in others
        for act in ("change", "disable", "enable", "link", "sign-out", "code", "remove")
    ]

    assert "mine@example.com" in page
    assert not re.search("all@example|both@example|default", page)
    assert (refused, set(missing)) == ([403, 403], {404})
    assert owner.client.get(f"/admin/people?person={others[0].id}").status_code == 404
    assert owner.send("/admin/people", email="x@example.com", role="owner", account="harbour").status_code == 200


# -- my account


def test_a_password_is_changed_and_other_browsers_are_signed_out(viewer: Operator) -> None:
    here = viewer
    there = Operator.at(here.front)
    there.sign_in(PASSWORD_OF_ALL, "viewer@example.com")

    notice = here.arrive(here.send("/admin/account/password", password=PASSWORD_OF_ALL, new_password=NEW))

    assert "The password is changed" in notice
    assert there.client.get("/admin/").status_code == 401
    assert there.sign_in(PASSWORD_OF_ALL, "viewer@example.com").status_code == 422
    assert there.sign_in(NEW, "viewer@example.com").status_code == 303


@pytest.mark.parametrize(("present", "new"), [("wrong", NEW), (PASSWORD_OF_ALL, "short"), ("", "")])
def test_a_password_is_not_changed_without_the_present_one_or_to_a_weak_one(
    viewer: Operator, present: str, new: str
) -> None:
    assert viewer.send("/admin/account/password", password=present, new_password=new).status_code == 422
    assert Operator.at(viewer.front).sign_in(PASSWORD_OF_ALL, "viewer@example.com").status_code == 303


def test_wrong_present_passwords_are_limited(viewer: Operator) -> None:
    token = viewer.token

    statuses = [
        viewer.client.post("/admin/account/password", data={"token": token, "password": "x"}).status_code
        for _ in range(11)
    ]

    assert (set(statuses), statuses[-1]) == ({422, 429}, 429)


def test_sessions_are_listed_and_ended(viewer: Operator) -> None:
    here = viewer
    there, elsewhere = Operator.at(here.front), Operator.at(here.front)
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0"}
    there.sign_in(PASSWORD_OF_ALL, "viewer@example.com", headers=agent)
    page = here.client.get("/admin/account").text
    (path,) = re.findall(r'action="(/admin/account/sessions/\w+/end)"', page)

    here.arrive(here.send(path))
    elsewhere.sign_in(PASSWORD_OF_ALL, "viewer@example.com")
    here.arrive(here.send("/admin/account/sessions/end"))

    assert "Firefox, Linux" in page
    assert [each.client.get("/admin/").status_code for each in (there, elsewhere, here)] == [401, 401, 200]


def test_nobody_ends_the_sessions_of_others(admin: Operator, viewer: Operator) -> None:
    another = Operator.at(admin.front)
    another.sign_in()
    (path,) = re.findall(r'action="(/admin/account/sessions/\w+/end)"', admin.client.get("/admin/account").text)

    assert viewer.send(path).status_code == 404
    viewer.send("/admin/account/sessions/end")
    assert [each.client.get("/admin/").status_code for each in (admin, another)] == [200, 200]


def test_the_administrators_account_has_no_password_to_change(admin: Operator) -> None:
    assert "ADMIN_PASSWORD" in admin.see("/admin/account")
    assert admin.send("/admin/account/password", password="x", new_password=NEW).status_code == 404


# -- what a role may use


@pytest.mark.parametrize(
    ("role", "pages"),
    [
        (Role.VIEWER, ["Today", "Leads", "Reports", "Forms"]),
        (Role.AGENT, ["Today", "Leads", "Reports", "Forms"]),
        (Role.EDITOR, ["Today", "Leads", "Reports", "Forms", "Connections"]),
    ],
)
def test_the_navigation_shows_what_a_role_may_open(store: Store, front: Front, role: Role, pages: list[str]) -> None:
    page = colleague(store, role, front=front).client.get("/admin/").text

    (navigation,) = re.findall(r'<nav aria-label="Pages">(.*?)</nav>', page, re.DOTALL)
    assert re.findall(r">([^<\n]+)</a>", navigation) == pages


def test_a_refusal_names_the_role_that_is_needed(store: Store, front: Front) -> None:
    response = colleague(store, Role.AGENT, front=front).client.get("/admin/people")

    assert response.status_code == 403
    assert "This is for the role Owner; yours is Agent." in words(response.text)
