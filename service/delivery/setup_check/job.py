"""All checks of one account, from signing in to how full its locations are; at start and daily while the service runs.

Each account is checked in a thread of its own. Errors, a location that fills up and unsuitable custom fields become
alerts, which end when a later check finds them gone.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from service import clock
from service.background import Intervals, sleeper, start_periodic_job
from service.delivery.behaviour import Behaviour, read_behaviour
from service.delivery.setup_check.access import check_access, check_roles
from service.delivery.setup_check.cached_reader import CachedReader, PartUnreadable
from service.delivery.setup_check.conversions import check_conversions
from service.delivery.setup_check.destination import (
    CANDIDATES,
    CHECKS,
    LOCATIONS,
    STAGES,
    check_contact,
    check_country,
    check_stage,
    check_time_zone,
    find_stage,
)
from service.delivery.setup_check.location_limit import check_capacity
from service.delivery.setup_check.problem import (
    FormVariant,
    SetupProblem,
    account_of_cause,
    check_of_cause,
    form_variants,
    merged,
)
from service.delivery.setup_check.required_fields import check_additions, check_custom_fields
from service.forms import Form
from service.nexudus.boards import Stage
from service.nexudus.client import Nexudus
from service.nexudus.directory import User
from service.store import Store, Tenant, Transaction


def examine(
    nexudus: Nexudus,
    forms: Iterable[Form],
    account: str = "default",
    *,
    sleep: Callable[[float], None] = clock.sleep,
    tempo_s: float = 0,
    now: datetime | None = None,
    behaviour: Behaviour | None = None,
) -> list[SetupProblem]:
    """Return every problem of one account's set-up, errors first. Reads only; the number of calls is bounded.

    forms: all forms of the forms file; forms of other accounts are skipped.
    behaviour: the known behaviour of this Nexudus.
    tempo_s: pause before each call, so that deliveries go first.
    Raises: what `sleep` and the client's hooks raise, except OutOfPace.
    """
    ours = list(form_variants(forms, account))
    required = () if all(variant.is_complete for variant in ours) else (STAGES, CANDIDATES, LOCATIONS)
    reader = CachedReader(nexudus, account, sleep, tempo_s, required, behaviour=behaviour)
    access = check_access(reader)
    problems = [*access.problems, *(setup_problem for variant in ours for setup_problem in check_additions(variant))]
    if access.is_open:
        problems += _readable(check_roles(reader, access.me))
        problems += _check_forms(reader, ours, access.me, now or clock.now())
    return merged([*problems, *reader.unreadable])


def _check_forms(
    reader: CachedReader, ours: Iterable[FormVariant], me: User | None, now: datetime
) -> Iterator[SetupProblem]:
    places: set[int] = set()
    for variant in ours:
        stage, problems = _stage_of(reader, variant)
        yield from problems
        yield from _check_form(reader, variant, stage, me)
        if stage and stage.business_id:
            places.add(stage.business_id)
    for business_id in sorted(places):
        yield from _readable(check_capacity(reader, business_id, now))


def _stage_of(reader: CachedReader, variant: FormVariant) -> tuple[Stage | None, list[SetupProblem]]:
    try:
        return find_stage(reader, variant)
    except PartUnreadable:
        return None, []


def _check_form(
    reader: CachedReader, variant: FormVariant, stage: Stage | None, me: User | None
) -> Iterator[SetupProblem]:
    if stage:
        yield from check_stage(variant, stage)
    yield from _readable(check_contact(reader, variant, stage, me))
    yield from _readable(check_country(reader, variant))
    yield from _readable(check_time_zone(reader, variant))
    for check in (*CHECKS, check_custom_fields):
        yield from _readable(check(reader, variant, stage))
    yield from _readable(check_conversions(reader, variant))


def _readable(problems: Iterator[SetupProblem]) -> Iterator[SetupProblem]:
    """Yield problems until a part of the account is unreadable, which the reader has reported."""
    try:
        yield from problems
    except PartUnreadable:
        return


# -- while the service runs


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SetupCheckTimes:
    """When to check, in seconds. tempo_s: pause before each call, so that deliveries go first."""

    first_s: float = 5.0
    every_s: float = 86_400.0
    problem_s: float = 3600.0  # while there is a problem, so that its end is noticed soon
    unsafe_s: float = 900.0  # while a stage is unsafe: leads wait for it
    tempo_s: float = 0.5


class SetupCheckJob:
    """Checks the set-up of one account periodically."""

    def __init__(
        self,
        nexudus: Nexudus,
        store: Store,
        forms: Iterable[Form],
        account: str,
        stop: threading.Event,
        times: SetupCheckTimes | None = None,
    ) -> None:
        """nexudus: a client that keeps the account's pace."""
        self._nexudus, self._store, self._forms, self._account = nexudus, store, list(forms), account
        self._stop, self._times = stop, times or SetupCheckTimes()
        self._logged: set[str] = set()

    def start(self) -> threading.Thread:
        """Check in a thread until stopped."""
        times = self._times
        intervals = Intervals(times.every_s, first_s=times.first_s, retry_s=times.problem_s)
        return start_periodic_job(f"setup-check-{self._account}", self.step, intervals, self._stop)

    def step(self, _now: datetime) -> float:
        """Check once; return the seconds until the next check. Raises: ShuttingDown, StoreUnavailable."""
        problems = self.check()
        causes = [cause for problem in problems for cause in problem.causes]
        if any(cause.startswith("stage:") for cause in causes):
            return self._times.unsafe_s
        is_wrong = any(problem.level == "error" for problem in problems)
        is_wrong = is_wrong or any(cause.startswith("setup:") for cause in causes)
        return self._times.problem_s if is_wrong else self._times.every_s

    def check(self) -> list[SetupProblem]:
        """Check everything once, report alerts, and return all problems. Raises: ShuttingDown, StoreUnavailable."""
        problems = examine(
            self._nexudus,
            self._forms,
            self._account,
            sleep=sleeper(self._stop),
            tempo_s=self._times.tempo_s,
            behaviour=read_behaviour(self._store, Tenant(self._account, self._nexudus.base_url)),
        )
        self._store.write(lambda tx: save_problems(tx, self._account, problems))
        for problem in problems:
            self._log_once(problem)
        return problems

    def _log_once(self, problem: SetupProblem) -> None:
        if problem.sentence in self._logged:
            return
        self._logged.add(problem.sentence)
        write = log.error if problem.level == "error" else log.warning
        write("setup_finding", account=self._account, **{k: v for k, v in problem.as_row().items() if k != "level"})


def save_problems(tx: Transaction, account: str, problems: Sequence[SetupProblem]) -> None:
    """Report the problems as alerts, and resolve the alerts whose checks found no problem."""
    now = clock.now()
    sentences: dict[str, list[str]] = {}
    for problem in problems:
        for cause in problem.causes:
            sentences.setdefault(cause, []).append(problem.sentence)
    for cause, of_cause in sentences.items():
        tx.alerts.report(cause, ". ".join(of_cause), now)
    skipped = {problem.check for problem in problems if problem.skipped}
    is_shut = any(problem.check in ("access", "credentials") and problem.level == "error" for problem in problems)
    if is_shut or "access" in skipped:
        return  # almost nothing was checked
    tx.flags.swap(checked_flag(account), tx.flags.get(checked_flag(account)), now.isoformat())
    for alert in tx.alerts.open():
        check = check_of_cause(alert.cause, account)
        if check and check not in skipped and alert.cause not in sentences:
            tx.alerts.resolve(alert.cause, now)
            if check == "stage" and alert.cause.startswith("stage:"):  # the leads that waited for it are due
                tx.accounts.resume_call(account, f"stage:{alert.cause.rpartition(':')[2]}")


def checked_flag(account: str) -> str:
    """Return the flag with the time of the last check of an account's whole set-up."""
    return f"checked:{account}"


def resolve_for_removed(tx: Transaction, accounts: Collection[str]) -> None:
    """Resolve the alerts of accounts that the forms file no longer has: no later check would."""
    now = clock.now()
    for alert in tx.alerts.open():
        account = account_of_cause(alert.cause)
        if account and account not in accounts:
            tx.alerts.resolve(alert.cause, now)
