"""What follows a failed delivery: another try, a pause of the account or of one kind of call, or an operator."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service import clock
from service.delivery.attempts import OUTCOMES, CallFailed
from service.delivery.context import AccountContext
from service.delivery.messages import no_new_contacts, parked_by, problem_of
from service.delivery.retry import CALL_PAUSE, CIRCUIT, GiveUp, account_pause_s, next_step
from service.lead import Delivery, Doubt, Outcome, Step
from service.nexudus.errors import Intercepted, NexudusError, Refused, Rejected, Throttled
from service.store import UNAVAILABLE, FailureStreak, Transaction

log = structlog.get_logger()


class CallPaused(Exception):
    """The next call is of a kind that is paused. call: the kind of call; problem: why the lead waits."""

    def __init__(self, call: str, problem: str) -> None:
        super().__init__(problem)
        self.call = call
        self.problem = problem


def handle_failure(delivery: Delivery, context: AccountContext, failed: CallFailed) -> None:
    """Record what follows a failed call of a step."""
    error = failed.error
    if isinstance(error, Refused) and error.kind == "role" and failed.step is Step.CREATE_COWORKER:
        pause_call(delivery, context, failed.step.value, no_new_contacts(error))
        return
    handle_error(delivery, context, error, step=failed.step, began_at=failed.began_at, hung=failed.hung)


def handle_error(
    delivery: Delivery,
    context: AccountContext,
    error: NexudusError,
    *,
    step: Step | None = None,
    began_at: datetime | None = None,
    hung: bool = False,
) -> None:
    """Record what follows an error. step: None for a look-up, when nothing was sent for this lead."""
    failure = _Failure(error, began_at or clock.now(), is_own=step is not None and _may_be_own(error))
    if isinstance(error, (Throttled, Refused)):
        _pause_account(delivery, context, error, step)
    elif delivery.probes_until is not None and not isinstance(error, Rejected):
        # A probe is a call ahead of its time, so it uses up no place in the schedule.
        _try_again(delivery, context, failure, _due_after_probe(delivery.probes_until, delivery, context, failure))
    else:
        _retry(delivery, context, failure, hung=hung)


@dataclass(frozen=True, slots=True)
class _Failure:
    """A call that failed. is_own: the cause may lie in this lead alone."""

    error: NexudusError
    began_at: datetime
    is_own: bool


def _may_be_own(error: NexudusError) -> bool:
    """Return whether one request alone may be blocked: a firewall objects to its content."""
    return isinstance(error, Intercepted) and not error.is_general


def _due_after_probe(due: datetime, delivery: Delivery, context: AccountContext, failure: _Failure) -> datetime:
    """Return when a failed probe is due again. A lead that may itself be the cause gives way to others."""
    if not failure.is_own or not context.schedule_s:
        return due
    wait_s = context.schedule_s[min(delivery.tries, len(context.schedule_s) - 1)]
    return max(due, clock.now() + timedelta(seconds=wait_s))


def _retry(delivery: Delivery, context: AccountContext, failure: _Failure, *, hung: bool) -> None:
    error = failure.error
    outcome, now = OUTCOMES[type(error)], clock.now()
    # Nexudus may save the record of a hung call much later, so the first search must not come too early.
    patience_s = context.timeout_s if hung and outcome is Outcome.UNKNOWN else None
    decision = next_step(outcome, delivery.tries, context.schedule_s, context.jitter(), now, patience_s)
    if isinstance(decision, GiveUp):
        park(delivery, context, parked_by(error, delivery.tries), account_works=isinstance(error, Rejected))
    else:
        _try_again(delivery, context, failure, decision.due, decision.tries)


def _try_again(
    delivery: Delivery, context: AccountContext, failure: _Failure, due: datetime, tries: int | None = None
) -> None:
    """Postpone the delivery, and pause the account if the failure shows an outage.

    tries: places of the schedule used up by now; None: as many as before.
    """
    account, now, jitter = delivery.lead.account, clock.now(), context.jitter()

    def record(tx: Transaction) -> float:
        tx.queue.postpone(delivery, due, delivery.tries if tries is None else tries, problem_of(failure.error))
        failing = tx.accounts.record_failure(account, failure.began_at, is_own=failure.is_own)
        is_probe = delivery.probes_until is not None  # a failed probe shows that the outage goes on
        if not is_probe and not _is_outage(tx, account, failing, now, is_own=failure.is_own):
            return 0.0
        wait_s = account_pause_s(Outcome.UNAVAILABLE, tx.accounts.pause_streak(account), jitter)
        tx.accounts.pause(account, now + timedelta(seconds=wait_s), UNAVAILABLE)
        return wait_s

    wait_s = context.store.write(record)
    if wait_s:
        _log_account_pause(delivery, UNAVAILABLE, wait_s)


def _is_outage(tx: Transaction, account: str, failing: FailureStreak, now: datetime, *, is_own: bool) -> bool:
    """Return whether nothing gets through, rather than one lead or a burst of calls failing."""
    if (now - failing.since).total_seconds() < CIRCUIT.after_s:
        return False
    return failing.number >= CIRCUIT.failures or (
        is_own and tx.queue.count_intercepted(account, failing.since) >= CIRCUIT.leads
    )


def _pause_account(delivery: Delivery, context: AccountContext, error: Throttled | Refused, step: Step | None) -> None:
    """Pause the account for a Retry-After, or longer each time. The lead's schedule is unchanged."""
    account, jitter = delivery.lead.account, context.jitter()
    outcome = OUTCOMES[type(error)]
    reason = outcome.value if isinstance(error, Throttled) else refusal(error, step)
    retry_after_s = error.retry_after_s if isinstance(error, Throttled) else None

    def record(tx: Transaction) -> float:
        wait_s = account_pause_s(outcome, tx.accounts.pause_streak(account), jitter, retry_after_s)
        until = clock.now() + timedelta(seconds=wait_s)
        tx.accounts.pause(account, until, reason)
        tx.queue.postpone(delivery, until, delivery.tries, problem_of(error, step))
        return wait_s

    _log_account_pause(delivery, reason, context.store.write(record))


def _log_account_pause(delivery: Delivery, reason: str, wait_s: float) -> None:
    account, lead_id = delivery.lead.account, delivery.lead.id
    log.warning("account_paused", account=account, lead=lead_id, reason=reason, wait_s=round(wait_s, 1))


def refusal(error: Refused, step: Step | None) -> str:
    """Return the reason of a pause: "refused: login", "refused: denied", "refused: role create_opportunity" ..."""
    role = f" {step.value if step else 'lookup'}" if error.kind == "role" else ""
    return f"{Outcome.REFUSED.value}: {error.kind}{role}"


def pause_call(delivery: Delivery, context: AccountContext, call: str, problem: str) -> None:
    """Pause one kind of call, longer each time; the lead waits for it, others go on."""
    account, jitter = delivery.lead.account, context.jitter()

    def record(tx: Transaction) -> float:
        pause, now = tx.accounts.call_pause(account, call), clock.now()
        if pause is not None and pause.until > now and delivery.blocked_by != call:  # another lead has just begun it
            tx.queue.block(delivery, call, problem)
            return 0.0
        wait_s = CALL_PAUSE.wait_s(pause.streak if pause else 0, jitter)
        tx.accounts.pause_call(account, call, now, now + timedelta(seconds=wait_s), problem)
        tx.queue.block(delivery, call, problem)
        return wait_s

    wait_s = context.store.write(record)
    log.warning("calls_held", account=account, lead=delivery.lead.id, what=call, wait_s=round(wait_s, 1))


def check_pause(delivery: Delivery, context: AccountContext, call: str) -> None:
    """Return if this kind of call is not paused, or if this delivery is the probe of the pause.

    Raises: CallPaused.
    """
    with context.store.read() as tx:
        pause = tx.accounts.call_pause(delivery.lead.account, call)
    if pause is not None and delivery.blocked_by != call:
        raise CallPaused(call, pause.reason)


def wait_for_pause(delivery: Delivery, context: AccountContext, paused: CallPaused) -> None:
    """Block the delivery until the pause of its next call ends."""
    context.store.write(lambda tx: tx.queue.block(delivery, paused.call, paused.problem))
    log.info("held", lead=delivery.lead.id, what=paused.call)


def wait_for_pace(delivery: Delivery, context: AccountContext, wait_s: float) -> None:
    """Postpone the delivery for `wait_s`, as our rate limit is used up; nothing of the account is claimed before."""
    until = clock.now() + timedelta(seconds=wait_s)

    def record(tx: Transaction) -> None:
        tx.accounts.pause(delivery.lead.account, until, "pace", is_fault=False)
        tx.queue.postpone(delivery, until, delivery.tries)

    context.store.write(record)
    log.info("pace_used_up", account=delivery.lead.account, lead=delivery.lead.id, wait_s=round(wait_s, 1))


def look_again(delivery: Delivery, context: AccountContext, searched: Doubt | None, wait_s: float) -> None:
    """Postpone the delivery for `wait_s` until the next search; it uses up no place in the schedule.

    searched: the lead's own doubt, with the search that found nothing. It is counted in the same commit: if the worker
    ends here, the next one must not count a second search at once.
    """
    due = clock.now() + timedelta(seconds=wait_s)

    def record(tx: Transaction) -> None:
        if searched is not None:
            tx.queue.mark_unknown(delivery, searched)
        tx.queue.postpone(delivery, due, delivery.tries)

    context.store.write(record)


def hand_over(delivery: Delivery, context: AccountContext, account: str) -> None:
    """Queue the lead for the account that its form and answers name now."""
    now = clock.now()
    context.store.write(lambda tx: tx.queue.hand_over(delivery, account, now))
    log.warning("handed_over", lead=delivery.lead.id, account=delivery.lead.account, to=account)


def park(delivery: Delivery, context: AccountContext, problem: str, *, account_works: bool = False) -> None:
    """Park the lead for an operator. account_works: the CRM let us in and judged the data, so others need not wait."""

    def record(tx: Transaction) -> None:
        tx.queue.park(delivery, problem)
        if account_works:
            record_success(tx, delivery)

    context.store.write(record)
    log.warning("parked", lead=delivery.lead.id, tries=delivery.tries)


def record_success(tx: Transaction, delivery: Delivery) -> None:
    """Record that the account works: its pause ends, and after an outage no lead waits out its schedule."""
    account, now = delivery.lead.account, clock.now()
    failing_since = tx.accounts.failing_since(account) or now
    if tx.accounts.record_success(account, now):
        tx.queue.reschedule_now(account, now, failing_since)
