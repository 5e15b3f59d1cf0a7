"""Who is let in to an account, and what they may do there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.delivery.setup_check.cached_reader import INTERCEPTED_REMEDY, CachedReader
from service.delivery.setup_check.problem import SetupProblem, of_account
from service.delivery.stage_safety import SIGN_INS
from service.nexudus import boards, counts, coworkers, opportunities
from service.nexudus.boards import User
from service.nexudus.client import Nexudus
from service.nexudus.errors import Intercepted, NexudusError, Refused, Throttled, Unavailable
from service.nexudus.roles import roles_of

NOBODY = "nobody@example.invalid"
"""An address that nobody has: a search for it brings no person along."""

CREATES = ("Coworker-Create", "CrmOpportunity-Create")
"""What only making a record would try."""


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the account lets us in. me: who signed in, None where it does not tell."""

    is_open: bool
    me: User | None
    findings: tuple[SetupProblem, ...]


def search_nobody(nexudus: Nexudus) -> object:
    """The search that every delivery begins with, for nobody."""
    return nexudus.page(coworkers.PATH, {"Coworker_Email": NOBODY}, size=1)


TRIED: Mapping[str, Callable[[Nexudus], Any]] = {
    "Coworker-List": search_nobody,
    "Coworker-Read": lambda nexudus: nexudus.one(f"{coworkers.PATH}/{counts.NOWHERE}"),
    "CrmOpportunity-List": counts.count_all,
    "CrmOpportunity-Read": lambda nexudus: nexudus.one(f"{opportunities.PATH}/{counts.NOWHERE}"),
}
"""Role -> a call that needs it and changes nothing."""


def check_access(seen: CachedReader) -> Access:
    """Sign in, as every delivery would, and find out who we are."""
    try:
        me = seen.patiently(boards.me)
    except NexudusError as error:
        return _turned_away(seen, error)
    return Access(is_open=True, me=me, findings=tuple(_check_user(me, seen.account)))


def _turned_away(seen: CachedReader, error: NexudusError) -> Access:
    """Not knowing who we are is no harm where other calls pass."""
    account = seen.account
    if isinstance(error, Refused) and error.kind in SIGN_INS:
        return Access(is_open=False, me=None, findings=(_refused(error, account),))
    if isinstance(error, Throttled) or (isinstance(error, Unavailable) and error.status is None):
        return Access(is_open=False, me=None, findings=(_unanswered(error, account),))
    try:
        seen.patiently(search_nobody)
    except Refused as again:
        remedy = (
            "see that the service user is active and has API access, or renew its token; of an application, see that "
            "NEXUDUS_APP_TOKEN is the `t` of its installation"
        )
        closed = of_account("error", "access", account, f"Nexudus refuses every call ({again.said})", remedy)
        return Access(is_open=False, me=None, findings=(closed,))
    except NexudusError as again:
        return Access(is_open=False, me=None, findings=(_unanswered(again, account),))
    problem = f"could not check the service user ({error.said})"
    remedy = "ask Nexudus support why; " if isinstance(error, Intercepted) else "nothing to do: "
    unknown = of_account("warning", "access", account, problem, f"{remedy}other calls pass")
    return Access(is_open=True, me=None, findings=(unknown,))


def _refused(error: Refused, account: str) -> SetupProblem:
    """A refused sign-in; one without a status was refused earlier, and is not tried again."""
    if error.kind == "two_factor":
        remedy = "check NEXUDUS_TOTP_SECRET (or totp_secret of the account) and the clock of this machine"
    else:
        remedy = "correct user name and password and start again; to try the same again, retry a lead"
    when = (
        "was refused before, and is not tried again so that the user is not locked"
        if error.status is None
        else ("is refused")
    )
    return of_account("error", "credentials", account, f"the sign-in {when} ({error.said})", remedy)


def _unanswered(error: NexudusError, account: str) -> SetupProblem:
    if isinstance(error, Throttled):
        problem, remedy = f"Nexudus could not be asked ({error.said})", "try again in a while"
    elif isinstance(error, Intercepted):
        problem, remedy = f"{error.said}, and every other call", INTERCEPTED_REMEDY
    else:
        problem, remedy = f"Nexudus does not answer ({error.said})", "check NEXUDUS_BASE_URL and the network"
    # No cause of its own: a delivery that meets this is noticed where it happens.
    return SetupProblem("error", "access", f"account {account}", problem, remedy, skipped=True)


def _check_user(me: User, account: str) -> Iterator[SetupProblem]:
    remedy = "change that in Nexudus, at the service user"
    if me.api_access is False:
        yield of_account("error", "access", account, "the service user has no API access", remedy)
    if not me.active:
        yield of_account("error", "access", account, "the service user is not active", remedy)


def check_roles(seen: CachedReader, me: User | None) -> Iterator[SetupProblem]:
    """Every call that a delivery makes is tried, but for the two that would make records.

    Raises: Unseen.
    """
    passed: set[str] = set()
    for role, call in TRIED.items():
        try:
            seen.patiently(call)
        except Refused as error:
            problem = f"the service user lacks the role {role} ({error.said})"
            yield of_account("error", "roles", seen.account, problem, "add it in Nexudus")
        except Intercepted as error:
            problem = f"could not check {role} ({error.said})"
            yield SetupProblem("warning", "roles", f"account {seen.account}", problem, INTERCEPTED_REMEDY, skipped=True)
        except NexudusError as error:
            yield _untried(seen.account, role, error.said)
        else:
            passed.add(role)
    held = _held(seen, me)
    if held is None or not passed <= held:  # an unrestricted admin may do what no role of theirs says
        yield _untried(seen.account, " and ".join(CREATES), "only making a record would tell", skipped=False)
        return
    for role in CREATES:
        if role not in held:
            problem = f"the service user lacks the role {role}"
            yield of_account("error", "roles", seen.account, problem, "add it in Nexudus")


def _held(seen: CachedReader, me: User | None) -> frozenset[str] | None:
    """The roles that the CRM shows; the service user needs no right to look at them."""
    if me is None:
        return None
    try:
        return seen.patiently(lambda nexudus: roles_of(nexudus, me))
    except NexudusError:
        return None


def _untried(account: str, role: str, why: str, *, skipped: bool = True) -> SetupProblem:
    remedy = "see in Nexudus that the service user has it"
    return SetupProblem(
        "warning", "roles", f"account {account}", f"could not check {role} ({why})", remedy, skipped=skipped
    )
