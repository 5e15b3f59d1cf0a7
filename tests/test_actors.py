"""Who acts: what each role may do, and which accounts exist for whom."""

from service.actors import Actor, Role, Scope, administrator, terminal


def test_each_role_may_do_all_that_the_one_below_may_and_one_thing_more() -> None:
    assert {role: set(role.scopes) for role in Role} == {
        Role.VIEWER: {Scope.READ},
        Role.AGENT: {Scope.READ, Scope.LEADS},
        Role.EDITOR: {Scope.READ, Scope.LEADS, Scope.SETUP},
        Role.OWNER: set(Scope),
    }


def test_an_account_exists_for_those_who_see_it() -> None:
    ann = Actor("ann@example.com", Role.AGENT.scopes, frozenset({"harbour"}))

    assert [ann.sees("harbour"), ann.sees("default"), administrator().sees("default")] == [True, False, True]
    assert [ann.may(Scope.LEADS), ann.may(Scope.SETUP), terminal().may(Scope.PEOPLE)] == [True, False, True]
