"""Paying one debt: find or create the Coworker, then create the Opportunity, each step saved.

Nexudus has no idempotency key, so whatever may have been saved is looked for before it is repeated.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

import structlog

from service import clock
from service.delivery import translate
from service.delivery.pacing import OutOfPace, Pacer
from service.delivery.problems import parked_by, problem_of
from service.delivery.retry import GiveUp, next_step, rest_s
from service.delivery.routing import route
from service.delivery.targets import Targets, Unroutable
from service.forms import Form
from service.lead import CoworkerId, Delivery, Doubt, OpportunityId, Outcome, Step, marker_of
from service.nexudus import coworkers, opportunities
from service.nexudus.client import Nexudus
from service.nexudus.errors import (
    NexudusError,
    OutcomeUnknown,
    Refused,
    Rejected,
    Throttled,
    Unavailable,
)
from service.store import Store, Transaction

log = structlog.get_logger()
T = TypeVar("T")

LOOKS = 2
"""Searches before a create of unknown outcome is repeated: one may come too early to see the record."""

LOOK_SPACING_S = 2.0
"""Between two such searches."""

CREATES = frozenset({Step.CREATE_COWORKER, Step.CREATE_OPPORTUNITY})

OUTCOMES: Mapping[type[NexudusError], Outcome] = {
    Throttled: Outcome.THROTTLED,
    Unavailable: Outcome.UNAVAILABLE,
    OutcomeUnknown: Outcome.UNKNOWN,
    Rejected: Outcome.REJECTED,
    Refused: Outcome.REFUSED,
}


class CallFailed(Exception):
    """One call did not end well. hung: it used up all the time it had."""

    def __init__(self, error: NexudusError, *, hung: bool = False) -> None:
        super().__init__(error.said)
        self.error = error
        self.hung = hung


class LookAgain(Exception):
    """Not found yet: search once more, a little later, before repeating the create."""


@dataclass(frozen=True, slots=True)
class Desk:
    """All that is needed to deliver to one account."""

    nexudus: Nexudus
    pacer: Pacer
    targets: Targets
    store: Store
    forms: Mapping[str, Form]
    schedule_s: Sequence[float]
    timeout_s: float
    jitter: Callable[[], float]  # a factor of 0.8-1.2


def deliver(delivery: Delivery, desk: Desk) -> None:
    """Pay one debt, or note when to try again, or park it for a person.

    Raises: LeaseLost when another worker has it; StoreUnavailable when nothing can be noted.
    """
    lead = delivery.lead
    try:
        form = _form(delivery, desk)
        target = desk.targets.find(desk.nexudus, form)
        coworker_id = delivery.coworker_id or _coworker(delivery, desk, form, target)
        opportunity_id = _opportunity(delivery, desk, form, target, coworker_id)
    except Unroutable as error:
        _park(delivery, desk, str(error))
    except OutOfPace as error:
        _wait(delivery, desk, error.wait_s)
    except LookAgain:
        _postpone(delivery, desk, LOOK_SPACING_S, delivery.tries)
    except CallFailed as failed:
        _follow(delivery, desk, failed.error, hung=failed.hung)
    except NexudusError as error:  # from a look-up of the target: nothing was sent for this lead
        _follow(delivery, desk, error)
    else:
        log.info("delivered", lead=lead.id, opportunity=opportunity_id, tries=delivery.tries)


def give_back(delivery: Delivery, desk: Desk) -> None:
    """Note a try that ended in a mistake of this program: the lead waits its turn, and is parked in the end.

    Raises: LeaseLost, StoreUnavailable.
    """
    _follow(delivery, desk, Unavailable("this program stumbled over the lead; its log tells where"))


def _form(delivery: Delivery, desk: Desk) -> Form:
    submission = delivery.lead.submission
    if submission.form not in desk.forms:
        raise Unroutable(f"the forms file has no form {submission.form!r} any more: put it back, then retry")
    if not submission.contact.email:
        raise Unroutable("there is no usable e-mail address: Nexudus needs one for the contact")
    return route(desk.forms[submission.form], submission)


# -- the two halves


def _coworker(delivery: Delivery, desk: Desk, form: Form, target: translate.Target) -> CoworkerId:
    """The contact's id: found by e-mail, or made."""
    email = delivery.lead.submission.contact.email

    def find() -> CoworkerId | None:
        found = coworkers.find(desk.nexudus, email, target.business_id)
        return None if found is None else CoworkerId(found.id)

    def create() -> CoworkerId:
        return CoworkerId(
            coworkers.create(desk.nexudus, coworkers.compose(translate.coworker(delivery.lead, form, target)))
        )

    def save(tx: Transaction, found: CoworkerId | None) -> None:
        if found is not None:
            tx.outbox.save_coworker(delivery, found)

    known = _attempt(delivery, desk, Step.FIND_COWORKER, find, save)
    if known is not None:
        return known
    _look_twice(delivery, desk, Step.CREATE_COWORKER)
    return _attempt(delivery, desk, Step.CREATE_COWORKER, create, save)


def _opportunity(
    delivery: Delivery, desk: Desk, form: Form, target: translate.Target, coworker_id: CoworkerId
) -> OpportunityId:
    """The opportunity's id: made, or found where an earlier try may have made it."""
    lead = delivery.lead

    def create() -> OpportunityId:
        new = translate.opportunity(lead, form, target, coworker_id)
        return OpportunityId(opportunities.create(desk.nexudus, opportunities.compose(new)))

    def finish(tx: Transaction, made: OpportunityId | None) -> None:
        if made is not None:
            tx.outbox.done(delivery)
            tx.leads.delivered(lead.id, coworker_id, made, clock.now())
            tx.accounts.worked(lead.account, clock.now())

    if _doubted(delivery, Step.CREATE_OPPORTUNITY):
        found = _attempt(delivery, desk, Step.FIND_OPPORTUNITY, _searching(delivery, desk, coworker_id), finish)
        if found is not None:
            return found
        _look_twice(delivery, desk, Step.CREATE_OPPORTUNITY)
    return _attempt(delivery, desk, Step.CREATE_OPPORTUNITY, create, finish)


def _searching(delivery: Delivery, desk: Desk, coworker_id: CoworkerId) -> Callable[[], OpportunityId | None]:
    def search() -> OpportunityId | None:
        marker, since = marker_of(delivery.lead.id), delivery.lead.received_at
        found = opportunities.find_marked(desk.nexudus, marker, coworker_id, since)
        return None if found is None else OpportunityId(found)

    return search


def _doubted(delivery: Delivery, step: Step) -> bool:
    return delivery.doubt is not None and delivery.doubt.step is step


def _look_twice(delivery: Delivery, desk: Desk, step: Step) -> None:
    """After a search that found nothing: let a create of unknown outcome be repeated only after LOOKS of them.

    Raises: LookAgain.
    """
    doubt = delivery.doubt
    if doubt is None or doubt.step is not step:
        return
    looked = replace(doubt, looks=doubt.looks + 1)
    if looked.looks < LOOKS:
        desk.store.write(lambda tx: tx.outbox.doubt(delivery, looked))
        raise LookAgain
    desk.store.write(lambda tx: tx.outbox.clear_doubt(delivery))


# -- one call


def _attempt(
    delivery: Delivery,
    desk: Desk,
    step: Step,
    call: Callable[[], T],
    save: Callable[[Transaction, T], None],
) -> T:
    """Make one call: its Attempt is written before, and settled after it together with what `save` does."""
    desk.pacer.prepay(is_write=step in CREATES)
    started_at = clock.now()
    number = desk.store.write(lambda tx: tx.outbox.begin(delivery, step, started_at))
    began = clock.monotonic()
    try:
        result = call()
    except OutOfPace:
        desk.store.write(lambda tx: tx.outbox.end(number, Outcome.THROTTLED, _since(began), detail="our own pace"))
        raise
    except NexudusError as error:
        duration_ms = _since(began)
        _settle_failure(delivery, desk, number, Doubt(step, started_at), error, duration_ms)
        raise CallFailed(error, hung=duration_ms >= desk.timeout_s * 950) from error
    duration_ms = _since(began)
    outcome = Outcome.MISSING if result is None else Outcome.DONE

    def settle(tx: Transaction) -> None:
        tx.outbox.end(number, outcome, duration_ms, 200)
        save(tx, result)

    desk.store.write(settle)
    _log_attempt(delivery, step, outcome, duration_ms)
    return result


def _settle_failure(
    delivery: Delivery, desk: Desk, number: int, doubt: Doubt, error: NexudusError, duration_ms: int
) -> None:
    outcome = OUTCOMES[type(error)]

    def settle(tx: Transaction) -> None:
        tx.outbox.end(number, outcome, duration_ms, error.status, error.said)
        if outcome is Outcome.UNKNOWN and doubt.step in CREATES:
            tx.outbox.doubt(delivery, doubt)

    desk.store.write(settle)
    _log_attempt(delivery, doubt.step, outcome, duration_ms, error.status)


def _since(began: float) -> int:
    return round((clock.monotonic() - began) * 1000)


def _log_attempt(delivery: Delivery, step: Step, outcome: Outcome, duration_ms: int, status: int | None = None) -> None:
    log.info(
        "attempt_settled",
        lead=delivery.lead.id,
        step=step.value,
        tries=delivery.tries,
        outcome=outcome.value,
        duration_ms=duration_ms,
        http_status=status,
    )


# -- what follows


def _follow(delivery: Delivery, desk: Desk, error: NexudusError, *, hung: bool = False) -> None:
    """Note what follows a failed call: another try, a pause for the whole account, or a person."""
    outcome, now = OUTCOMES[type(error)], clock.now()
    if isinstance(error, (Throttled, Refused)):
        _rest(delivery, desk, error, outcome)
        return
    # What a hung call asked for may be saved much later: the first look must not come too early.
    patience_s = desk.timeout_s if hung and outcome is Outcome.UNKNOWN else None
    follows = next_step(outcome, delivery.tries, desk.schedule_s, desk.jitter(), now, patience_s)
    if isinstance(follows, GiveUp):
        _park(delivery, desk, parked_by(error, delivery.tries), account_works=isinstance(error, Rejected))
    else:
        desk.store.write(lambda tx: tx.outbox.postpone(delivery, follows.due, follows.tries, problem_of(error)))


def _rest(delivery: Delivery, desk: Desk, error: Throttled | Refused, outcome: Outcome) -> None:
    """The whole account rests: as long as the CRM asked for, else longer each time. The schedule is not touched."""
    account = delivery.lead.account
    asked_s = error.retry_after_s if isinstance(error, Throttled) else None
    with desk.store.read() as tx:
        rests = tx.accounts.pauses_in_a_row(account)
    wait_s = rest_s(outcome, rests, desk.jitter(), asked_s)
    until = clock.now() + timedelta(seconds=wait_s)

    def note(tx: Transaction) -> None:
        tx.accounts.pause(account, until, outcome.value)
        tx.outbox.postpone(delivery, until, delivery.tries, problem_of(error))

    desk.store.write(note)
    log.warning("account_rests", account=account, lead=delivery.lead.id, reason=outcome.value, wait_s=round(wait_s, 1))


def _wait(delivery: Delivery, desk: Desk, wait_s: float) -> None:
    """Our own pace is used up for so long: nothing of this account is claimed before."""
    until = clock.now() + timedelta(seconds=wait_s)

    def note(tx: Transaction) -> None:
        tx.accounts.pause(delivery.lead.account, until, "pace", is_fault=False)
        tx.outbox.postpone(delivery, until, delivery.tries)

    desk.store.write(note)
    log.info("pace_used_up", account=delivery.lead.account, lead=delivery.lead.id, wait_s=round(wait_s, 1))


def _postpone(delivery: Delivery, desk: Desk, wait_s: float, tries: int) -> None:
    due = clock.now() + timedelta(seconds=wait_s)
    desk.store.write(lambda tx: tx.outbox.postpone(delivery, due, tries))


def _park(delivery: Delivery, desk: Desk, problem: str, *, account_works: bool = False) -> None:
    """Only a person can help. account_works: the CRM let us in and judged the data, so others need not wait."""

    def note(tx: Transaction) -> None:
        tx.outbox.park(delivery, problem)
        if account_works:
            tx.accounts.worked(delivery.lead.account, clock.now())

    desk.store.write(note)
    log.warning("parked", lead=delivery.lead.id, tries=delivery.tries)
