"""What an actor may give to a person or a key: no scope and no account that the actor lacks.

GrantRefused
  NotAllowed        the actor would give more than it has    ask someone who has it
  InvalidRequest    a member of the request is wrong         correct it
    UnknownAccount  the set-up has no such account           choose another
  GrantConflict     people or keys as they stand forbid it   as the sentence says
"""

from collections.abc import Collection

from service.actors import Actor, Scope


class GrantRefused(Exception):
    """The person or key stays as it is; the sentence says why."""


class NotAllowed(GrantRefused):
    """The actor would give more than it has, or change its own rights; the sentence says which."""


class InvalidRequest(GrantRefused):
    """A person or a key cannot be stored. member: of the request; the sentence says what is wrong with it."""

    def __init__(self, member: str, sentence: str) -> None:
        super().__init__(sentence)
        self.member = member


class UnknownAccount(InvalidRequest):
    """The set-up has no such account."""


class GrantConflict(GrantRefused):
    """The present people or keys forbid it: a name is taken, or nobody could sign in afterwards."""


def check_scopes(given: frozenset[Scope], actor: Actor) -> None:
    """Raise NotAllowed if the actor lacks a scope that it would give."""
    if lacking := [scope.value for scope in Scope if scope in given and not actor.may(scope)]:
        raise NotAllowed(f"you cannot give what you lack: {', '.join(lacking)}")


def check_accounts(
    wanted: frozenset[str] | None,
    actor: Actor,
    accounts: Collection[str],
    present: frozenset[str] | None = None,
) -> None:
    """Check accounts to be given; those that the actor lacks first, so that the refusal reveals no foreign accounts.

    accounts: those of the set-up. present: those that the person has already.
    Raises: NotAllowed, InvalidRequest, UnknownAccount.
    """
    if not actor.sees_all(wanted):
        raise NotAllowed("you cannot give accounts that you do not see")
    if wanted is None:
        return
    if not wanted:
        raise InvalidRequest("accounts", 'choose at least one, or "all"')
    if unknown := sorted(wanted - set(accounts) - (present or frozenset())):
        raise UnknownAccount("accounts", f"there is no account {', '.join(unknown)}")


def accounts_json(accounts: Collection[str] | None) -> str | list[str]:
    """Return the accounts of a person, a key or an act as the API and the terminal show them."""
    return "all" if accounts is None else sorted(accounts)
