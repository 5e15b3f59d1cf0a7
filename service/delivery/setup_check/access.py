"""Whether the service user can sign in to an account, and which roles it lacks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.delivery.setup_check.cached_reader import INTERCEPTED_REMEDY, CachedReader
from service.delivery.setup_check.problem import SetupProblem, account_problem
from service.delivery.targets import SIGN_INS
from service.nexudus import coworkers, directory, opportunities
from service.nexudus.client import Nexudus
from service.nexudus.directory import User, roles_of
from service.nexudus.errors import Intercepted, NexudusError, Refused, Throttled, Unavailable

UNKNOWN_EMAIL = "nobody@example.invalid"
"""An address that no contact has: a search for it returns nothing personal."""

CREATES = ("Coworker-Create", "CrmOpportunity-Create")
"""Roles that only the creation of a record could test."""


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the account can be used. me: the service user, None if the CRM does not show it."""

    is_open: bool
    me: User | None
    problems: tuple[SetupProblem, ...]


def _search_unknown(nexudus: Nexudus) -> object:
    """Make the search that begins every delivery, for an address that no contact has."""
    return nexudus.page(coworkers.PATH, {"Coworker_Email": UNKNOWN_EMAIL}, size=1)


TRIED: Mapping[str, Callable[[Nexudus], Any]] = {
    "Coworker-List": _search_unknown,
    "Coworker-Read": lambda nexudus: nexudus.one(f"{coworkers.PATH}/{opportunities.UNUSED_ID}"),
    "CrmOpportunity-List": opportunities.count_all,
    "CrmOpportunity-Read": lambda nexudus: nexudus.one(f"{opportunities.PATH}/{opportunities.UNUSED_ID}"),
}
"""Role -> a call that needs it and changes nothing."""


def check_access(reader: CachedReader) -> Access:
    """Sign in as every delivery does, and read the service user."""
    try:
        me = reader.call(directory.me)
    except NexudusError as error:
        return _without_user(reader, error)
    return Access(is_open=True, me=me, problems=tuple(_check_user(me, reader.account)))


def _without_user(reader: CachedReader, error: NexudusError) -> Access:
    """Return whether the account is usable all the same: even without the user's record, other calls may pass."""
    account = reader.account
    if isinstance(error, Refused) and error.kind in SIGN_INS:
        return Access(is_open=False, me=None, problems=(_refused(error, account),))
    if isinstance(error, Throttled) or (isinstance(error, Unavailable) and error.status is None):
        return Access(is_open=False, me=None, problems=(_unanswered(error, account),))
    try:
        reader.call(_search_unknown)
    except Refused as again:
        remedy = (
            "check that the service user is active and has API access, or renew its token; for an application, check "
            "that NEXUDUS_APP_TOKEN is the `t` of its installation"
        )
        closed = account_problem("error", "access", account, f"Nexudus refuses every call ({again.message})", remedy)
        return Access(is_open=False, me=None, problems=(closed,))
    except NexudusError as again:
        return Access(is_open=False, me=None, problems=(_unanswered(again, account),))
    problem = f"could not check the service user ({error.message})"
    remedy = "ask Nexudus support why; " if isinstance(error, Intercepted) else "nothing to do: "
    unknown = account_problem("warning", "access", account, problem, f"{remedy}other calls succeed")
    return Access(is_open=True, me=None, problems=(unknown,))


def _refused(error: Refused, account: str) -> SetupProblem:
    """Return the problem of a refused sign-in; one without a status was refused earlier and not tried again."""
    if error.kind == "tokens":
        problem, _, remedy = error.message.partition(": ")
        return account_problem("error", "credentials", account, problem, remedy)
    if error.kind == "two_factor":
        remedy = "check NEXUDUS_TOTP_SECRET (or totp_secret of the account) and the clock of this machine"
    else:
        remedy = "correct user name and password and start again; to try the same again, retry a lead"
    when = (
        "was refused before, and is not tried again so that the user is not locked"
        if error.status is None
        else ("is refused")
    )
    return account_problem("error", "credentials", account, f"the sign-in {when} ({error.message})", remedy)


def _unanswered(error: NexudusError, account: str) -> SetupProblem:
    if isinstance(error, Throttled):
        problem, remedy = f"Nexudus asks to wait ({error.message})", "try again in a while"
    elif isinstance(error, Intercepted):
        problem, remedy = f"{error.message}, and every other call", INTERCEPTED_REMEDY
    else:
        problem, remedy = f"Nexudus does not answer ({error.message})", "check NEXUDUS_BASE_URL and the network"
    # No cause: deliveries that meet this report it themselves.
    return SetupProblem("error", "access", f"account {account}", problem, remedy, skipped=True)


def _check_user(me: User, account: str) -> Iterator[SetupProblem]:
    remedy = "change that in Nexudus, at the service user"
    if me.api_access is False:
        yield account_problem("error", "access", account, "the service user has no API access", remedy)
    if not me.active:
        yield account_problem("error", "access", account, "the service user is not active", remedy)


def check_roles(reader: CachedReader, me: User | None) -> Iterator[SetupProblem]:
    """Try every call that a delivery makes, except the two that create records.

    Raises: PartUnreadable.
    """
    passed: set[str] = set()
    for role, call in TRIED.items():
        try:
            reader.call(call)
        except Refused as error:
            problem = f"the service user lacks the role {role} ({error.message})"
            yield account_problem("error", "roles", reader.account, problem, "add it in Nexudus")
        except Intercepted as error:
            problem = f"could not check {role} ({error.message})"
            yield SetupProblem(
                "warning", "roles", f"account {reader.account}", problem, INTERCEPTED_REMEDY, skipped=True
            )
        except NexudusError as error:
            yield _untried(reader.account, role, error.message)
        else:
            passed.add(role)
    held = _held(reader, me)
    if held is None or not passed <= held:  # an unrestricted admin may do more than their roles say
        yield _untried(reader.account, " and ".join(CREATES), "only creating a record would show it", skipped=False)
        return
    for role in CREATES:
        if role not in held:
            problem = f"the service user lacks the role {role}"
            yield account_problem("error", "roles", reader.account, problem, "add it in Nexudus")


def _held(reader: CachedReader, me: User | None) -> frozenset[str] | None:
    """Return the roles that the CRM shows; None if it shows none, as the service user need not see them."""
    if me is None:
        return None
    try:
        return reader.call(lambda nexudus: roles_of(nexudus, me))
    except NexudusError:
        return None


def _untried(account: str, role: str, why: str, *, skipped: bool = True) -> SetupProblem:
    remedy = "check in Nexudus that the service user has it"
    return SetupProblem(
        "warning", "roles", f"account {account}", f"could not check {role} ({why})", remedy, skipped=skipped
    )
