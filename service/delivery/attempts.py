"""One call to the CRM: its Attempt is written before the call and settled after it, together with the result."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import structlog

from service import clock
from service.delivery.context import AccountContext
from service.delivery.pacing import OutOfPace
from service.lead import Delivery, Doubt, Outcome, Step
from service.nexudus.errors import (
    Intercepted,
    NexudusError,
    OutcomeUnknown,
    Refused,
    Rejected,
    Throttled,
    Unavailable,
)
from service.store import Transaction

log = structlog.get_logger()
T = TypeVar("T")

CREATES = frozenset({Step.CREATE_COWORKER, Step.CREATE_OPPORTUNITY})

OUTCOMES: Mapping[type[NexudusError], Outcome] = {
    Throttled: Outcome.THROTTLED,
    Unavailable: Outcome.UNAVAILABLE,
    OutcomeUnknown: Outcome.UNKNOWN,
    Intercepted: Outcome.INTERCEPTED,
    Rejected: Outcome.REJECTED,
    Refused: Outcome.REFUSED,
}


class CallFailed(Exception):
    """A call of a step failed. began_at: start of the call; hung: it used up its whole time limit."""

    def __init__(self, error: NexudusError, step: Step, began_at: datetime, *, hung: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.step = step
        self.began_at = began_at
        self.hung = hung


def attempt(
    delivery: Delivery,
    context: AccountContext,
    step: Step,
    call: Callable[[], T],
    save: Callable[[Transaction, T], None],
    compose: Callable[[], Mapping[str, Any]] | None = None,
    describe: Callable[[T], str] = lambda _: "",
) -> T:
    """Make one call at the allowed pace.

    save: writes the result, in the transaction that settles the Attempt.
    compose: returns the body of the call, if it is to be stored. describe: returns the result in words.
    Raises: CallFailed; OutOfPace; LeaseLost; StoreUnavailable.
    """
    context.pacer.prepay(is_write=step in CREATES)
    started_at = clock.now()
    body = _composed(compose)
    number = context.store.write(lambda tx: tx.queue.begin_attempt(delivery, step, started_at, body))
    began = clock.monotonic()
    try:
        result = call()
    except OutOfPace:
        context.store.write(
            lambda tx: tx.queue.end_attempt(number, Outcome.THROTTLED, _since(began), detail="our own rate limit")
        )
        raise
    except NexudusError as error:
        duration_ms = _since(began)
        _settle_failure(delivery, context, number, Doubt(step, started_at), error, duration_ms)
        raise CallFailed(error, step, started_at, hung=context.is_unanswered(duration_ms)) from error
    duration_ms = _since(began)
    outcome = Outcome.MISSING if result is None else Outcome.DONE

    def settle(tx: Transaction) -> None:
        tx.queue.end_attempt(number, outcome, duration_ms, 200, describe(result))
        save(tx, result)

    context.store.write(settle)
    _report(delivery, context, step, outcome, duration_ms)
    return result


def _composed(compose: Callable[[], Mapping[str, Any]] | None) -> Mapping[str, Any] | None:
    """Return the body to store; None if it cannot be composed, because the call itself raises that error."""
    try:
        return compose() if compose else None
    except NexudusError:
        return None


def _settle_failure(
    delivery: Delivery, context: AccountContext, number: int, doubt: Doubt, error: NexudusError, duration_ms: int
) -> None:
    outcome = OUTCOMES[type(error)]

    def settle(tx: Transaction) -> None:
        tx.queue.end_attempt(number, outcome, duration_ms, error.status, error.message)
        if may_be_saved(error) and doubt.step in CREATES:
            tx.queue.mark_unknown(delivery, doubt)

    context.store.write(settle)
    _report(delivery, context, doubt.step, outcome, duration_ms, error.status)


def may_be_saved(error: NexudusError) -> bool:
    """Return whether the CRM may have carried out the call; then its record is searched for before a repeat.

    A firewall stops a request before the CRM sees it, but a page does not show who wrote it, and a search costs little.
    """
    return isinstance(error, OutcomeUnknown) or (isinstance(error, Intercepted) and error.is_write)


def _since(began: float) -> int:
    return round((clock.monotonic() - began) * 1000)


def _report(
    delivery: Delivery,
    context: AccountContext,
    step: Step,
    outcome: Outcome,
    duration_ms: int,
    status: int | None = None,
) -> None:
    """Count a settled call, log it, and record it in the lead's trace."""
    context.counts.add_call(step, outcome)
    log.info(
        "attempt_settled",
        lead=delivery.lead.id,
        step=step.value,
        tries=delivery.tries,
        outcome=outcome.value,
        duration_ms=duration_ms,
        http_status=status,
    )
    if context.tracer is not None:
        context.tracer.record_call(step, outcome, duration_ms, status)
