"""What follows when a Delivery does not come through: another try, a rest for the account or for one kind of call,
or a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from service import clock
from service.delivery.attempts import OUTCOMES, CallFailed
from service.delivery.context import AccountContext
from service.delivery.messages import no_new_contacts, parked_by, problem_of
from service.delivery.retry import CIRCUIT, GiveUp, hold_s, next_step, rest_s
from service.lead import Delivery, Outcome, Step
from service.nexudus.errors import Intercepted, NexudusError, Refused, Rejected, Throttled
from service.store import UNAVAILABLE, FailureStreak, Transaction

log = structlog.get_logger()


class Held(Exception):
    """The next call is one of those that rest. what: the name of the hold; problem: why the lead waits."""

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(problem)
        self.what = what
        self.problem = problem


def follow(delivery: Delivery, context: AccountContext, failed: CallFailed) -> None:
    """Note what follows a failed call of a step."""
    error = failed.error
    if isinstance(error, Refused) and error.kind == "role" and failed.step is Step.CREATE_COWORKER:
        hold(delivery, context, failed.step.value, no_new_contacts(error))
        return
    follow_error(delivery, context, error, step=failed.step, began_at=failed.began_at, hung=failed.hung)


def follow_error(
    delivery: Delivery,
    context: AccountContext,
    error: NexudusError,
    *,
    step: Step | None = None,
    began_at: datetime | None = None,
    hung: bool = False,
) -> None:
    """Note what follows a failure. step: None for a look-up, when nothing was sent for this lead."""
    failure = _Failure(error, began_at or clock.now(), is_own=step is not None and _may_be_own(error))
    if isinstance(error, (Throttled, Refused)):
        _rest(delivery, context, error, step)
    elif delivery.probes_until is not None and not isinstance(error, Rejected):
        # It was called ahead of its time: that costs it no place in the schedule.
        _try_again(delivery, context, failure, _due_after_probe(delivery.probes_until, delivery, context, failure))
    else:
        _retry(delivery, context, failure, hung=hung)


@dataclass(frozen=True, slots=True)
class _Failure:
    """A call that did not end well. is_own: it may be this lead's fault alone."""

    error: NexudusError
    began_at: datetime
    is_own: bool


def _may_be_own(error: NexudusError) -> bool:
    """Whether it may be one request alone that does not pass: a firewall objects to what stands in it."""
    return isinstance(error, Intercepted) and not error.is_general


def _due_after_probe(due: datetime, delivery: Delivery, context: AccountContext, failure: _Failure) -> datetime:
    """When a lead is due whose probe failed. One that may itself be the reason makes way for others."""
    if not failure.is_own or not context.schedule_s:
        return due
    wait_s = context.schedule_s[min(delivery.tries, len(context.schedule_s) - 1)]
    return max(due, clock.now() + timedelta(seconds=wait_s))


def _retry(delivery: Delivery, context: AccountContext, failure: _Failure, *, hung: bool) -> None:
    error = failure.error
    outcome, now = OUTCOMES[type(error)], clock.now()
    # What a hung call asked for may be saved much later: the first look must not come too early.
    patience_s = context.timeout_s if hung and outcome is Outcome.UNKNOWN else None
    follows = next_step(outcome, delivery.tries, context.schedule_s, context.jitter(), now, patience_s)
    if isinstance(follows, GiveUp):
        park(delivery, context, parked_by(error, delivery.tries), account_works=isinstance(error, Rejected))
    else:
        _try_again(delivery, context, failure, follows.due, follows.tries)


def _try_again(
    delivery: Delivery, context: AccountContext, failure: _Failure, due: datetime, tries: int | None = None
) -> None:
    """Give it back, and let the whole account rest where nothing has come through for a while.

    tries: places of the schedule that are spent by now; None: no more than before.
    """
    account, now, jitter = delivery.lead.account, clock.now(), context.jitter()

    def note(tx: Transaction) -> float:
        tx.queue.postpone(delivery, due, delivery.tries if tries is None else tries, problem_of(failure.error))
        failing = tx.accounts.record_failure(account, failure.began_at, is_own=failure.is_own)
        is_probe = delivery.probes_until is not None  # its failure shows that the outage goes on
        if not is_probe and not _is_outage(tx, account, failing, now, is_own=failure.is_own):
            return 0.0
        wait_s = rest_s(Outcome.UNAVAILABLE, tx.accounts.pause_streak(account), jitter)
        tx.accounts.pause(account, now + timedelta(seconds=wait_s), UNAVAILABLE)
        return wait_s

    wait_s = context.store.write(note)
    if wait_s:
        log.warning(
            "account_rests", account=account, lead=delivery.lead.id, reason=UNAVAILABLE, wait_s=round(wait_s, 1)
        )


def _is_outage(tx: Transaction, account: str, failing: FailureStreak, now: datetime, *, is_own: bool) -> bool:
    """Whether nothing comes through, rather than one lead or a burst of calls."""
    if (now - failing.since).total_seconds() < CIRCUIT.after_s:
        return False
    return failing.number >= CIRCUIT.failures or (
        is_own and tx.queue.count_intercepted(account, failing.since) >= CIRCUIT.leads
    )


def _rest(delivery: Delivery, context: AccountContext, error: Throttled | Refused, step: Step | None) -> None:
    """The whole account rests: as long as the CRM asked for, else longer each time. The schedule is not touched."""
    account, jitter = delivery.lead.account, context.jitter()
    outcome = OUTCOMES[type(error)]
    reason = outcome.value if isinstance(error, Throttled) else refusal(error, step)
    asked_s = error.retry_after_s if isinstance(error, Throttled) else None

    def note(tx: Transaction) -> float:
        wait_s = rest_s(outcome, tx.accounts.pause_streak(account), jitter, asked_s)
        until = clock.now() + timedelta(seconds=wait_s)
        tx.accounts.pause(account, until, reason)
        tx.queue.postpone(delivery, until, delivery.tries, problem_of(error, step))
        return wait_s

    wait_s = context.store.write(note)
    log.warning("account_rests", account=account, lead=delivery.lead.id, reason=reason, wait_s=round(wait_s, 1))


def refusal(error: Refused, step: Step | None) -> str:
    """The reason of a pause: "refused: login", "refused: denied", "refused: role create_opportunity" ..."""
    asked = f" {step.value if step else 'lookup'}" if error.kind == "role" else ""
    return f"{Outcome.REFUSED.value}: {error.kind}{asked}"


def hold(delivery: Delivery, context: AccountContext, what: str, problem: str) -> None:
    """One kind of call rests, longer each time; the lead waits for it, others go on."""
    account, jitter = delivery.lead.account, context.jitter()

    def note(tx: Transaction) -> float:
        known, now = tx.queue.call_pause(account, what), clock.now()
        if known is not None and known.until > now and delivery.blocked_by != what:  # noticed a moment ago
            tx.queue.block(delivery, what, problem)
            return 0.0
        wait_s = hold_s(known.streak if known else 0, jitter)
        tx.queue.pause_call(account, what, now, now + timedelta(seconds=wait_s), problem)
        tx.queue.block(delivery, what, problem)
        return wait_s

    wait_s = context.store.write(note)
    log.warning("calls_held", account=account, lead=delivery.lead.id, what=what, wait_s=round(wait_s, 1))


def check_pause(delivery: Delivery, context: AccountContext, what: str) -> None:
    """Before a call that may rest: pass where there is no such hold, or where this Delivery shall find out.

    Raises: Held.
    """
    with context.store.read() as tx:
        held = tx.queue.call_pause(delivery.lead.account, what)
    if held is not None and delivery.blocked_by != what:
        raise Held(what, held.reason)


def wait_for_hold(delivery: Delivery, context: AccountContext, held: Held) -> None:
    """Give it back until the hold is lifted."""
    context.store.write(lambda tx: tx.queue.block(delivery, held.what, held.problem))
    log.info("held", lead=delivery.lead.id, what=held.what)


def wait_for_pace(delivery: Delivery, context: AccountContext, wait_s: float) -> None:
    """Our own pace is used up for so long: nothing of this account is claimed before."""
    until = clock.now() + timedelta(seconds=wait_s)

    def note(tx: Transaction) -> None:
        tx.accounts.pause(delivery.lead.account, until, "pace", is_fault=False)
        tx.queue.postpone(delivery, until, delivery.tries)

    context.store.write(note)
    log.info("pace_used_up", account=delivery.lead.account, lead=delivery.lead.id, wait_s=round(wait_s, 1))


def postpone(delivery: Delivery, context: AccountContext, wait_s: float) -> None:
    """Give it back for so long, at no cost."""
    due = clock.now() + timedelta(seconds=wait_s)
    context.store.write(lambda tx: tx.queue.postpone(delivery, due, delivery.tries))


def hand_over(delivery: Delivery, context: AccountContext, account: str) -> None:
    """The lead is not this account's: let it be claimed by the one that its form and answers name."""
    now = clock.now()
    context.store.write(lambda tx: tx.queue.hand_over(delivery, account, now))
    log.warning("handed_over", lead=delivery.lead.id, account=delivery.lead.account, to=account)


def park(delivery: Delivery, context: AccountContext, problem: str, *, account_works: bool = False) -> None:
    """Only a person can help. account_works: the CRM let us in and judged the data, so others need not wait."""

    def note(tx: Transaction) -> None:
        tx.queue.park(delivery, problem)
        if account_works:
            record_success(tx, delivery)

    context.store.write(note)
    log.warning("parked", lead=delivery.lead.id, tries=delivery.tries)


def record_success(tx: Transaction, delivery: Delivery) -> None:
    """The account works: a rest that was over is ended, and after an outage nobody waits out the schedule."""
    account, now = delivery.lead.account, clock.now()
    failing_since = tx.accounts.failing_since(account) or now
    if tx.accounts.record_success(account, now):
        tx.queue.reschedule_now(account, now, failing_since)
