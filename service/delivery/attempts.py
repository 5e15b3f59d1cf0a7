"""One call to the CRM: its Attempt is written before it is made, and settled after it together with what it brought."""

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
    """One call did not end well. step: which; began_at: when; hung: it used up all the time it had."""

    def __init__(self, error: NexudusError, step: Step, began_at: datetime, *, hung: bool = False) -> None:
        super().__init__(error.said)
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
    """Make one call at the pace that is allowed.

    save: what to write, in the transaction that settles the Attempt, of what the call brought.
    compose: the body that the call sends, where it is to be kept. describe: what people are to read of the result.
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
            lambda tx: tx.queue.end_attempt(number, Outcome.THROTTLED, _since(began), detail="our own pace")
        )
        raise
    except NexudusError as error:
        duration_ms = _since(began)
        _settle_failure(delivery, context, number, Doubt(step, started_at), error, duration_ms)
        raise CallFailed(error, step, started_at, hung=duration_ms >= context.timeout_s * 950) from error
    duration_ms = _since(began)
    outcome = Outcome.MISSING if result is None else Outcome.DONE

    def settle(tx: Transaction) -> None:
        tx.queue.end_attempt(number, outcome, duration_ms, 200, describe(result))
        save(tx, result)

    context.store.write(settle)
    _log(delivery, step, outcome, duration_ms)
    return result


def _composed(compose: Callable[[], Mapping[str, Any]] | None) -> Mapping[str, Any] | None:
    """The body to be kept; none where it cannot be made, which the call itself will tell."""
    try:
        return compose() if compose else None
    except NexudusError:
        return None


def _settle_failure(
    delivery: Delivery, context: AccountContext, number: int, doubt: Doubt, error: NexudusError, duration_ms: int
) -> None:
    outcome = OUTCOMES[type(error)]

    def settle(tx: Transaction) -> None:
        tx.queue.end_attempt(number, outcome, duration_ms, error.status, error.said)
        if may_be_saved(error) and doubt.step in CREATES:
            tx.queue.mark_unknown(delivery, doubt)

    context.store.write(settle)
    _log(delivery, doubt.step, outcome, duration_ms, error.status)


def may_be_saved(error: NexudusError) -> bool:
    """Whether the CRM may have carried the call out: then its record is looked for before the call is repeated.

    A firewall stops a request before the CRM sees it, but nobody knows who wrote a page, and a look costs little.
    """
    return isinstance(error, OutcomeUnknown) or (isinstance(error, Intercepted) and error.is_write)


def _since(began: float) -> int:
    return round((clock.monotonic() - began) * 1000)


def _log(delivery: Delivery, step: Step, outcome: Outcome, duration_ms: int, status: int | None = None) -> None:
    log.info(
        "attempt_settled",
        lead=delivery.lead.id,
        step=step.value,
        tries=delivery.tries,
        outcome=outcome.value,
        duration_ms=duration_ms,
        http_status=status,
    )
