"""People: who may invite, change and remove whom, and that nobody is locked out or let in by it."""

import dataclasses
from collections.abc import Collection
from datetime import timedelta

import pytest
from sqlalchemy import select

from service.actors import Actor, Person, Role, Scope, administrator
from service.operations.grants import InvalidRequest, NotAllowed, UnknownAccount
from service.operations.invitations import (
    INVITATION_TIME,
    RESET_TIME,
    PersonDisabled,
    invite,
    link_digest,
    new_link,
    person_of_link,
    use_link,
)
from service.operations.people import (
    EmailTaken,
    LastWayIn,
    PersonChange,
    PersonRequest,
    change_person,
    end_sessions,
    find_person,
    people_shown_to,
    remove_person,
)
from service.store import Store
from service.store.database.act_tables import acts
from tests.builders import NOON

ADMIN = administrator("192.0.2.1")

HARBOUR = frozenset({"harbour"})

ACCOUNTS = ("default", "harbour")

OWNER = Actor("owner@example.com", Role.OWNER.scopes, HARBOUR)
"""The owner of the account harbour."""


def ask(
    email: str = "ann@example.com", role: Role = Role.AGENT, accounts: Collection[str] | None = None
) -> PersonRequest:
    """A request for a person."""
    return PersonRequest(email, "Ann Lee", role, None if accounts is None else frozenset(accounts))


def invited(store: Store, actor: Actor = ADMIN, **more: object) -> Person:
    """A person who has not chosen a password yet."""
    return invite(store, ask(**more), actor, ACCOUNTS, NOON)[0]  # type: ignore[arg-type]


def accepted(store: Store, **more: object) -> Person:
    """A person with a password."""
    _, token = invite(store, ask(**more), ADMIN, ACCOUNTS, NOON)  # type: ignore[arg-type]
    person = use_link(store, token, lambda: "hash", "", NOON)
    assert person
    return person


def change(store: Store, person: Person, actor: Actor = ADMIN, *, has_password: bool = True, **more: object) -> Person:
    """Change a person who is there for the actor."""
    changes = PersonChange(**more)  # type: ignore[arg-type]
    changed = change_person(store, person.id, changes, actor, ACCOUNTS, NOON, has_password=has_password)
    assert changed
    return changed


def recorded(store: Store) -> list[tuple[str, str, object, object]]:
    """Who did what to people, with before and after, oldest first."""
    with store._database.reading.connect() as connection:
        rows = connection.execute(select(acts).order_by(acts.c.id)).all()
    words = [row.words or {} for row in rows]
    return [
        (row.who, row.act, {**more.get("before", {}), **row.before}, {**more.get("after", {}), **row.after})
        for row, more in zip(rows, words, strict=True)
    ]


def test_an_invited_person_is_there_but_cannot_sign_in_yet(sqlite: Store) -> None:
    person = invited(sqlite, email=" Ann@Example.COM ", accounts=["harbour"])

    assert people_shown_to(sqlite, ADMIN) == [person]
    assert (person.email, person.is_invited, person.is_active) == ("ann@example.com", True, False)
    assert person.actor("192.0.2.9") == Actor("ann@example.com", Role.AGENT.scopes, HARBOUR, "192.0.2.9")


def test_an_address_is_one_persons_only(sqlite: Store) -> None:
    invited(sqlite, accounts=["default"])

    with pytest.raises(EmailTaken, match="another person has this address"):
        invited(sqlite, OWNER, email="ANN@example.com", accounts=["harbour"])


@pytest.mark.parametrize(
    "email", ["", "ann", "ann@", "@example.com", "ann@example", "a b@example.com", "a@b.example\n<x>"]
)
def test_what_is_no_address_is_refused(sqlite: Store, email: str) -> None:
    with pytest.raises(InvalidRequest, match="write an e-mail address"):
        invited(sqlite, email=email)


@pytest.mark.parametrize(("accounts", "error"), [([], InvalidRequest), (["nowhere", "default"], UnknownAccount)])
def test_accounts_must_be_in_the_set_up(sqlite: Store, accounts: list[str], error: type[Exception]) -> None:
    with pytest.raises(error):
        invited(sqlite, accounts=accounts)


@pytest.mark.parametrize("accounts", [None, ["default"], ["default", "harbour"], ["nowhere"]])
def test_nobody_gives_accounts_that_they_do_not_see(sqlite: Store, accounts: list[str] | None) -> None:
    person = invited(sqlite, accounts=["harbour"])

    with pytest.raises(NotAllowed, match="accounts that you do not see"):
        invited(sqlite, OWNER, email="spy@example.com", accounts=accounts)
    with pytest.raises(NotAllowed, match="accounts that you do not see"):
        change(sqlite, person, OWNER, accounts=(None if accounts is None else frozenset(accounts),))


@pytest.mark.parametrize("role", Role)
def test_nobody_gives_a_role_that_may_do_more_than_they(sqlite: Store, role: Role) -> None:
    key = Actor("key people", frozenset({Scope.READ, Scope.LEADS, Scope.PEOPLE}))
    person = invited(sqlite, role=Role.VIEWER)

    if role in (Role.VIEWER, Role.AGENT):
        assert invited(sqlite, key, email="bob@example.com", role=role).role is role
        assert change(sqlite, person, key, role=role).role is role
    else:
        with pytest.raises(NotAllowed, match="you cannot give what you lack: setup"):
            invited(sqlite, key, email="bob@example.com", role=role)
        with pytest.raises(NotAllowed, match="you cannot give what you lack: setup"):
            change(sqlite, person, key, role=role)


def test_whoever_lacks_a_scope_cannot_become_someone_who_has_it(sqlite: Store) -> None:
    key = Actor("key people", frozenset({Scope.PEOPLE}))
    person = accepted(sqlite, role=Role.OWNER)
    disabled = change(sqlite, accepted(sqlite, email="bob@example.com"), disabled=True)

    with pytest.raises(NotAllowed):
        new_link(sqlite, person.id, key, NOON)
    with pytest.raises(NotAllowed):
        change(sqlite, disabled, key, disabled=False)
    assert change(sqlite, person, key, disabled=True).disabled_at == NOON


@pytest.mark.parametrize("accounts", [None, ["default"], ["default", "harbour"]])
def test_people_of_other_accounts_do_not_exist(sqlite: Store, accounts: list[str] | None) -> None:
    person = accepted(sqlite, accounts=accounts)
    mine = accepted(sqlite, email="bob@example.com", accounts=["harbour"])

    assert people_shown_to(sqlite, OWNER) == [mine]
    assert find_person(sqlite, person.id, OWNER) is None
    assert new_link(sqlite, person.id, OWNER, NOON) is None
    assert end_sessions(sqlite, person.id, OWNER, NOON) is None
    assert remove_person(sqlite, person.id, OWNER, NOON, has_password=True) is None
    assert change_person(sqlite, person.id, PersonChange("x"), OWNER, ACCOUNTS, NOON, has_password=True) is None
    assert find_person(sqlite, person.id, ADMIN) == person


def test_nobody_changes_what_they_are_but_their_name(sqlite: Store) -> None:
    person = accepted(sqlite, role=Role.OWNER)

    for changes in (PersonChange(role=Role.VIEWER), PersonChange(accounts=(HARBOUR,)), PersonChange(disabled=True)):
        with pytest.raises(NotAllowed, match="ask another owner"):
            change_person(sqlite, person.id, changes, person.actor(), ACCOUNTS, NOON, has_password=True)
    with pytest.raises(NotAllowed, match="ask another owner"):
        remove_person(sqlite, person.id, person.actor(), NOON, has_password=True)
    assert change(sqlite, person, person.actor(), name=" Ann B ").name == "Ann B"


@pytest.mark.parametrize(
    "changes",
    [PersonChange(role=Role.EDITOR), PersonChange(accounts=(HARBOUR,)), PersonChange(disabled=True), None],
)
def test_the_last_way_in_stays(sqlite: Store, changes: PersonChange | None) -> None:
    last = accepted(sqlite, role=Role.OWNER)
    invited(sqlite, email="new@example.com", role=Role.OWNER)  # cannot sign in yet
    accepted(sqlite, email="harbour@example.com", role=Role.OWNER, accounts=["harbour"])

    def take() -> object:
        if changes is None:
            return remove_person(sqlite, last.id, ADMIN, NOON, has_password=False)
        return change_person(sqlite, last.id, changes, ADMIN, ACCOUNTS, NOON, has_password=False)

    with pytest.raises(LastWayIn, match="the last owner of all accounts"):
        take()
    accepted(sqlite, email="other@example.com", role=Role.OWNER)
    assert take()


def test_a_generated_password_of_the_administrator_is_a_way_in(sqlite: Store) -> None:
    last = accepted(sqlite, role=Role.OWNER)
    sqlite.once("admin_password", lambda: "hash")

    assert change(sqlite, last, has_password=False, disabled=True).disabled_at == NOON


@pytest.mark.parametrize("end", ["disable", "remove", "end", "link"])
def test_sessions_end_with_what_ends_them_and_others_go_on(sqlite: Store, end: str) -> None:
    person = accepted(sqlite)
    sqlite.write(lambda tx: tx.sessions.open("digest", "mark", NOON, person.id))
    sqlite.write(lambda tx: tx.sessions.open("another", "mark", NOON))

    if end == "disable":
        change(sqlite, person, disabled=True)
    elif end == "remove":
        remove_person(sqlite, person.id, ADMIN, NOON, has_password=True)
    elif end == "end":
        end_sessions(sqlite, person.id, ADMIN, NOON)
    else:
        made = new_link(sqlite, person.id, ADMIN, NOON)
        assert made
        use_link(sqlite, made[1], lambda: "another hash", "", NOON)

    before = NOON - timedelta(days=1)
    with sqlite.read() as tx:
        assert tx.sessions.get("digest", before, before) is None
        assert tx.sessions.get("another", before, before) is not None


def test_another_role_does_not_end_sessions(sqlite: Store) -> None:
    person = accepted(sqlite)
    sqlite.write(lambda tx: tx.sessions.open("digest", "mark", NOON, person.id))

    change(sqlite, person, role=Role.VIEWER)

    with sqlite.read() as tx:
        assert len(tx.sessions.of(person.id, NOON - timedelta(days=1), NOON - timedelta(days=1))) == 1


@pytest.mark.parametrize(("is_invited", "time"), [(True, INVITATION_TIME), (False, RESET_TIME)])
def test_a_link_is_good_once_and_not_for_long(sqlite: Store, is_invited: bool, time: timedelta) -> None:
    person = invited(sqlite) if is_invited else accepted(sqlite)
    made = new_link(sqlite, person.id, ADMIN, NOON)
    assert made
    _, token = made

    assert person_of_link(sqlite, token, NOON + time - timedelta(seconds=1)) == person
    assert person_of_link(sqlite, token, NOON + time) is None
    assert use_link(sqlite, token, lambda: "new hash", "", NOON) == dataclasses.replace(person, is_invited=False)
    assert use_link(sqlite, token, lambda: "newer hash", "", NOON) is None
    with sqlite.read() as tx:
        credentials = tx.people.credentials_of(person.id)
    assert credentials
    assert credentials.password_hash == "new hash"


def test_another_link_replaces_the_first(sqlite: Store) -> None:
    person, first = invite(sqlite, ask(), ADMIN, ACCOUNTS, NOON)
    made = new_link(sqlite, person.id, ADMIN, NOON)

    assert made
    assert person_of_link(sqlite, first, NOON) is None
    assert person_of_link(sqlite, made[1], NOON) == person


def test_a_disabled_persons_link_is_no_good(sqlite: Store) -> None:
    person, token = invite(sqlite, ask(), ADMIN, ACCOUNTS, NOON)
    change(sqlite, person, disabled=True)

    assert person_of_link(sqlite, token, NOON) is None
    assert use_link(sqlite, token, lambda: "hash", "", NOON) is None
    with pytest.raises(PersonDisabled, match="enable them first"):
        new_link(sqlite, person.id, ADMIN, NOON)


def test_only_the_digest_of_a_link_is_stored(sqlite: Store) -> None:
    _, token = invite(sqlite, ask(), ADMIN, ACCOUNTS, NOON)

    with sqlite._database.reading.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM people").all()
        acts = connection.exec_driver_sql("SELECT * FROM acts").all()
    assert link_digest(token) in str(rows)
    assert token not in str(rows) + str(acts)


def test_everything_is_on_record_with_before_and_after(sqlite: Store) -> None:
    person, token = invite(sqlite, ask(role=Role.VIEWER, accounts=["harbour"]), OWNER, ACCOUNTS, NOON)
    use_link(sqlite, token, lambda: "hash", "192.0.2.9", NOON)
    change(sqlite, person, role=Role.AGENT)
    change(sqlite, person, role=Role.AGENT)  # the same: nothing was done
    change(sqlite, person, disabled=True)
    remove_person(sqlite, person.id, ADMIN, NOON, has_password=True)

    whole = {"email": person.email, "name": "Ann Lee", "role": "viewer", "accounts": ["harbour"], "disabled": False}
    assert recorded(sqlite) == [
        ("owner@example.com", "invite", {}, whole),
        ("ann@example.com", "accept", {}, {"email": "ann@example.com"}),
        ("admin", "change", {"role": "viewer"}, {"role": "agent"}),
        ("admin", "disable", {"disabled": False}, {"disabled": True}),
        ("admin", "delete", {**whole, "role": "agent", "disabled": True}, {}),
    ]
