"""Paying one debt: find or create the Coworker, then create the Opportunity, each step saved.

Nexudus has no idempotency key, so whatever may have been saved is looked for before it is repeated.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import structlog

from service import clock
from service.delivery import translate
from service.delivery.acquaintance import describe, recognise
from service.delivery.attempts import CallFailed, attempt
from service.delivery.cap import is_full
from service.delivery.context import AccountContext
from service.delivery.failure_handling import (
    Held,
    check_pause,
    follow,
    follow_error,
    hand_over,
    hold,
    park,
    postpone,
    record_success,
    wait_for_hold,
    wait_for_pace,
)
from service.delivery.looking import searching
from service.delivery.messages import full, no_credentials
from service.delivery.pacing import OutOfPace
from service.delivery.reading_back import read_back, unlearn_custom_field
from service.delivery.stage_safety import UnsafeStage
from service.delivery.targets import Unroutable
from service.forms import Form
from service.lead import CoworkerId, Delivery, OpportunityId, Step, marker_of
from service.nexudus import coworkers, opportunities
from service.nexudus.coworkers import Coworker
from service.nexudus.errors import NexudusError, Unavailable
from service.nexudus.marks import objects_to_custom_fields, with_custom_field
from service.nexudus.rows import Row
from service.store import NO_CREDENTIALS, Transaction

log = structlog.get_logger()

LOOKS = 2
"""Searches before a create of unknown outcome is repeated: one may come too early to see the record."""


class CallsRest(Exception):
    """A kind of call rests from now on: a location is full, or nobody can sign in. what: the name of the hold."""

    def __init__(self, what: str, problem: str) -> None:
        super().__init__(problem)
        self.what = what


class LookAgain(Exception):
    """Not found yet: search once more, a little later, before repeating the create."""


def deliver(delivery: Delivery, context: AccountContext) -> None:
    """Pay one debt, or note when to try again, or park it for a person.

    Raises: LeaseLost when another worker has it; StoreUnavailable when nothing can be noted.
    """
    try:
        form = _form(delivery, context)
        if form.account == delivery.lead.account:
            _pay(delivery, context, form)
        else:
            _leave(delivery, context, form.account)
    except Unroutable as error:
        park(delivery, context, str(error))
    except OutOfPace as error:
        wait_for_pace(delivery, context, error.wait_s)
    except LookAgain:
        postpone(delivery, context, context.behaviours.current.look_spacing_s)
    except UnsafeStage as unsafe:
        hold(delivery, context, f"stage:{unsafe.stage_id}", unsafe.sentence)
    except CallsRest as problem:
        hold(delivery, context, problem.what, str(problem))
    except Held as held:
        wait_for_hold(delivery, context, held)
    except CallFailed as failed:
        follow(delivery, context, failed)
    except NexudusError as error:  # from a look-up of the target: nothing was sent for this lead
        follow_error(delivery, context, error)


def requeue(delivery: Delivery, context: AccountContext) -> None:
    """Note a try that ended in a mistake of this program: the lead waits its turn, and is parked in the end.

    Raises: LeaseLost, StoreUnavailable.
    """
    follow_error(delivery, context, Unavailable("this program stumbled over the lead; its log tells where"))


def _check_login(delivery: Delivery, context: AccountContext) -> None:
    """Pass where credentials are set.

    Raises: CallsRest.
    """
    if not context.nexudus.has_login:
        raise CallsRest(NO_CREDENTIALS, no_credentials(delivery.lead.account))


def _form(delivery: Delivery, context: AccountContext) -> Form:
    submission = delivery.lead.submission
    if submission.form not in context.forms:
        raise Unroutable(f"the forms file has no form {submission.form!r} any more: put it back, then retry")
    if not submission.contact.email:
        raise Unroutable("there is no usable e-mail address: Nexudus needs one for the contact")
    return context.forms[submission.form].for_answers(submission)


def _pay(delivery: Delivery, context: AccountContext, form: Form) -> None:
    """Make the opportunity in the account that the lead waits for. Raises: what its steps raise."""
    _check_login(delivery, context)
    target = context.targets.find(context.nexudus, form)
    context.stage_safety.check(context.nexudus, target.stage_id)
    coworker_id = delivery.coworker_id or _coworker(delivery, context, form, target)
    _log_delivered(delivery, _opportunity(delivery, context, form, target, coworker_id))


def _leave(delivery: Delivery, context: AccountContext, account: str) -> None:
    """The lead waits for this account, but its form and answers name another one now: make nothing here any more.

    What an earlier try may have made here is looked for first, and pays the debt.
    Raises: CallFailed, LookAgain.
    """
    if _doubted(delivery, Step.CREATE_OPPORTUNITY) and delivery.coworker_id:
        _check_login(delivery, context)
        made = _find_made(delivery, context, delivery.coworker_id)
        if made is not None:
            _log_delivered(delivery, made)
            return
        _look_twice(delivery, context, Step.CREATE_OPPORTUNITY)
    hand_over(delivery, context, account)


def _log_delivered(delivery: Delivery, opportunity_id: OpportunityId) -> None:
    log.info("delivered", lead=delivery.lead.id, opportunity=opportunity_id, tries=delivery.tries)


# -- the two halves


def _coworker(delivery: Delivery, context: AccountContext, form: Form, target: translate.Target) -> CoworkerId:
    """The contact's id: found by e-mail, or made."""
    email = delivery.lead.submission.contact.email

    def find() -> Coworker | None:
        began = clock.monotonic()
        coworker = coworkers.find(context.nexudus, email, target.business_id)
        took_s = clock.monotonic() - began
        return None if coworker is None else context.plans.complete(coworker, context.nexudus, context.pacer, took_s)

    def create() -> CoworkerId:
        return CoworkerId(
            coworkers.create(context.nexudus, coworkers.compose(translate.coworker(delivery.lead, form, target)))
        )

    def save(tx: Transaction, coworker: Coworker | None) -> None:
        if coworker is not None:
            tx.queue.save_coworker(delivery, CoworkerId(coworker.id))

    def remark(coworker: Coworker | None) -> str:
        return "" if coworker is None else describe(coworker, delivery.lead)

    def save_made(tx: Transaction, made: CoworkerId) -> None:
        tx.queue.save_coworker(delivery, made)
        if delivery.blocked_by == Step.CREATE_COWORKER.value:
            tx.queue.resume_call(delivery.lead.account, delivery.blocked_by)

    known = attempt(delivery, context, Step.FIND_COWORKER, find, save, describe=remark)
    if known is not None:
        return CoworkerId(known.id)
    _look_twice(delivery, context, Step.CREATE_COWORKER)
    check_pause(delivery, context, Step.CREATE_COWORKER.value)
    return attempt(delivery, context, Step.CREATE_COWORKER, create, save_made)


def _opportunity(
    delivery: Delivery, context: AccountContext, form: Form, target: translate.Target, coworker_id: CoworkerId
) -> OpportunityId:
    """The opportunity's id: made, or found where an earlier try may have made it."""
    lead = delivery.lead
    with context.store.read() as tx:
        known = recognise(tx, lead.id).sentence

    @cache
    def compose() -> Row:
        return opportunities.compose(translate.opportunity(lead, form, target, coworker_id, known))

    if _doubted(delivery, Step.CREATE_OPPORTUNITY):
        earlier = _find_made(delivery, context, coworker_id)
        if earlier is not None:
            return earlier
        _look_twice(delivery, context, Step.CREATE_OPPORTUNITY)
    return _unless_full(delivery, context, target, lambda: _make(delivery, context, coworker_id, compose))


def _make(
    delivery: Delivery, context: AccountContext, coworker_id: CoworkerId, compose: Callable[[], Row]
) -> OpportunityId:
    """Make the opportunity, with the mark among its custom fields where creates are known to keep them.

    The mark must cost no lead: where it is refused after all, the opportunity is made without.
    """

    @cache
    def marked() -> Row:
        return with_custom_field(compose(), marker_of(delivery.lead.id))

    def create(body: Callable[[], Row]) -> OpportunityId:
        def call() -> OpportunityId:
            return OpportunityId(opportunities.create(context.nexudus, body()))

        made = attempt(delivery, context, Step.CREATE_OPPORTUNITY, call, _finishing(delivery, coworker_id), body)
        read_back(delivery.lead, context, made, body())
        return made

    if not context.behaviours.current.mark_places.custom_field:
        return create(compose)
    try:
        return create(marked)
    except CallFailed as failed:
        if not objects_to_custom_fields(failed.error):
            raise
    made = create(compose)
    unlearn_custom_field(context)
    return made


def _find_made(delivery: Delivery, context: AccountContext, coworker_id: CoworkerId) -> OpportunityId | None:
    """The opportunity that an earlier try made, which then pays the debt; None where no search shows one."""
    search, finish = searching(delivery, context, coworker_id), _finishing(delivery, coworker_id)
    return attempt(delivery, context, Step.FIND_OPPORTUNITY, search, finish)


def _finishing(delivery: Delivery, coworker_id: CoworkerId) -> Callable[[Transaction, OpportunityId | None], None]:
    """What is written of an opportunity that is there."""

    def finish(tx: Transaction, made: OpportunityId | None) -> None:
        if made is not None:
            tx.queue.complete(delivery)
            tx.leads.mark_delivered(delivery.lead.id, coworker_id, made, clock.now())
            tx.leads.mark_unsent(delivery.lead)
            record_success(tx, delivery)
            if delivery.blocked_by.startswith(("stage:", "cap:", NO_CREDENTIALS)):
                tx.queue.resume_call(delivery.lead.account, delivery.blocked_by)

    return finish


def _unless_full(
    delivery: Delivery, context: AccountContext, target: translate.Target, make: Callable[[], OpportunityId]
) -> OpportunityId:
    """Make the opportunity where its location has room for it.

    Raises: Held where it is known to be full, CallsRest where this shows now.
    """
    what = f"cap:{target.business_id}"
    check_pause(delivery, context, what)
    try:
        return make()
    except CallFailed as failed:
        if is_full(context, delivery.lead.account, target.business_id, failed.error):
            raise CallsRest(what, full(failed.error, target.business_id)) from failed
        raise


def _doubted(delivery: Delivery, step: Step) -> bool:
    return delivery.doubt is not None and delivery.doubt.step is step


def _look_twice(delivery: Delivery, context: AccountContext, step: Step) -> None:
    """After a search that found nothing: let a create of unknown outcome be repeated only after LOOKS of them.

    Raises: LookAgain.
    """
    doubt = delivery.doubt
    if doubt is None or doubt.step is not step:
        return
    looked = replace(doubt, verify_count=doubt.verify_count + 1)
    if looked.verify_count < LOOKS:
        context.store.write(lambda tx: tx.queue.mark_unknown(delivery, looked))
        raise LookAgain
    context.store.write(lambda tx: tx.queue.clear_unknown(delivery))
