"""Delivering one lead: find or create the Coworker, then create the Opportunity; each step is saved.

Nexudus has no idempotency key, so a record that may have been saved is searched for before its create is repeated.
"""

from collections.abc import Callable
from functools import cache

import structlog

from service import clock
from service.delivery import translate
from service.delivery.attempts import CallFailed, attempt
from service.delivery.context import AccountContext
from service.delivery.elsewhere import account_with_opportunity
from service.delivery.failure_handling import (
    CallPaused,
    check_pause,
    hand_over,
    handle_error,
    handle_failure,
    look_again,
    park,
    pause_call,
    record_success,
    wait_for_pace,
    wait_for_pause,
)
from service.delivery.messages import location_full, no_credentials
from service.delivery.missing_setup import (
    ACCOUNT,
    FORM,
    missing_form,
    resume_what_is_back,
    wait_for_setup,
)
from service.delivery.owners import with_owner
from service.delivery.pacing import OutOfPace
from service.delivery.person_history import describe, person_history
from service.delivery.setup_check.location_limit import is_full
from service.delivery.targets import Unroutable, UnsafeStage
from service.delivery.verification import (
    LookAgain,
    allow_repeat,
    await_contact,
    is_unknown,
    lost_lead_search,
    may_be_delivered,
    may_be_lost,
    opportunity_search,
    read_back,
    unlearn_custom_field,
)
from service.forms import Form
from service.lead import CoworkerId, Delivery, OpportunityId, Step, marker_of
from service.nexudus import coworkers, opportunities
from service.nexudus.coworkers import Coworker
from service.nexudus.errors import NexudusError, Unavailable
from service.nexudus.markers import objects_to_custom_fields, with_custom_field
from service.nexudus.values import Row
from service.store import NO_CREDENTIALS, Transaction

log = structlog.get_logger()


NOWHERE = translate.Target(0, 0, 0, 0)
"""Target of a search for a contact with unknown location, because the form has another account now."""


class PauseCall(Exception):
    """A kind of call must be paused: a location is full, or no credentials are set. call: the kind of call."""

    def __init__(self, call: str, problem: str) -> None:
        super().__init__(problem)
        self.call = call


def deliver(delivery: Delivery, context: AccountContext) -> None:
    """Deliver one lead, or record when to try again, or park it for an operator.

    Raises: LeaseLost if another worker has it; StoreUnavailable when nothing can be recorded.
    """
    name = delivery.lead.submission.form
    if name not in context.forms_of(delivery.lead):
        wait_for_setup(delivery, context.store, FORM + name, missing_form(name), context.jitter())
        return
    if delivery.blocked_by.startswith((FORM, ACCOUNT)):  # the probe: what it waited for is back
        context.store.write(lambda tx: resume_what_is_back(tx, delivery.lead.account, context.forms))
    _deliver_of_form(delivery, context)


def _deliver_of_form(delivery: Delivery, context: AccountContext) -> None:
    try:
        form = _form(delivery, context)
        if form.account == delivery.lead.account:
            _deliver_here(delivery, context, form)
        else:
            _deliver_elsewhere(delivery, context, form.account)
    except Unroutable as error:
        park(delivery, context, str(error))
    except OutOfPace as error:
        wait_for_pace(delivery, context, error.wait_s)
    except LookAgain as again:
        look_again(delivery, context, again.searched, again.wait_s)
    except UnsafeStage as unsafe:
        pause_call(delivery, context, f"stage:{unsafe.stage_id}", unsafe.sentence(context.version is not None))
    except PauseCall as problem:
        pause_call(delivery, context, problem.call, str(problem))
    except CallPaused as paused:
        wait_for_pause(delivery, context, paused)
    except CallFailed as failed:
        handle_failure(delivery, context, failed)
    except NexudusError as error:  # from a look-up of the target: nothing was sent for this lead
        handle_error(delivery, context, error)


def requeue(delivery: Delivery, context: AccountContext) -> None:
    """Record a try that ended in a bug of this service: the lead waits its turn, and is parked in the end.

    Raises: LeaseLost, StoreUnavailable.
    """
    handle_error(delivery, context, Unavailable("an internal error of this service; the worker's log shows it"))


def _form(delivery: Delivery, context: AccountContext) -> Form:
    submission = delivery.lead.submission
    if not submission.contact.email:
        raise Unroutable("there is no usable e-mail address: Nexudus needs one for the contact")
    return context.forms_of(delivery.lead)[submission.form].for_answers(submission)


def _deliver_here(delivery: Delivery, context: AccountContext, form: Form) -> None:
    """Create the opportunity in the account for which the lead is queued, unless another account has it.

    Raises: as its steps.
    """
    _check_login(delivery, context)
    if may_be_delivered(delivery, context) and (elsewhere := account_with_opportunity(delivery, context)):
        hand_over(delivery, context, elsewhere)
        return
    target = context.targets.find(context.nexudus, form)
    context.stage_safety.check(context.nexudus, target.stage_id)
    if form.takes_turns:
        form = with_owner(delivery.lead, form, context)
    known = delivery.coworker_id or _find_coworker(delivery, context, target)
    coworker_id = known or _create_coworker(delivery, context, form, target)
    opportunity_id = _opportunity(delivery, context, form, target, coworker_id, is_new_contact=known is None)
    _report_delivered(delivery, context, opportunity_id)


def _deliver_elsewhere(delivery: Delivery, context: AccountContext, account: str) -> None:
    """Hand the lead over to the account that its form and answers name now; create nothing in this one.

    An opportunity that may have been created here, by an earlier try or before a backup was restored, is searched for
    first, and completes the delivery.
    Raises: CallFailed, LookAgain, PauseCall.
    """
    if is_unknown(delivery, Step.CREATE_OPPORTUNITY) or may_be_delivered(delivery, context):
        _check_login(delivery, context)
        coworker_id = delivery.coworker_id or _find_coworker(delivery, context, NOWHERE)
        opportunity_id = _find_opportunity(delivery, context, coworker_id) if coworker_id else None
        if opportunity_id is not None:
            _report_delivered(delivery, context, opportunity_id)
            return
        allow_repeat(delivery, context, Step.CREATE_OPPORTUNITY)
    hand_over(delivery, context, account)


def _check_login(delivery: Delivery, context: AccountContext) -> None:
    if not context.nexudus.has_login:
        raise PauseCall(NO_CREDENTIALS, no_credentials(delivery.lead.account))


def _report_delivered(delivery: Delivery, context: AccountContext, opportunity_id: OpportunityId) -> None:
    lead = delivery.lead
    context.counts.add_delivered(lead.submission.form, (clock.now() - lead.received_at).total_seconds())
    log.info("delivered", lead=delivery.lead.id, opportunity=opportunity_id, tries=delivery.tries)


# -- the coworker


def _find_coworker(delivery: Delivery, context: AccountContext, target: translate.Target) -> CoworkerId | None:
    """Return the id of the contact with the lead's e-mail address, if there is one."""
    email = delivery.lead.submission.contact.email

    def find() -> Coworker | None:
        began = clock.monotonic()
        coworker = coworkers.find(context.nexudus, email, target.business_id)
        took_s = clock.monotonic() - began
        return None if coworker is None else context.plans.complete(coworker, context.nexudus, context.pacer, took_s)

    def save(tx: Transaction, coworker: Coworker | None) -> None:
        if coworker is not None:
            tx.queue.save_coworker(delivery, CoworkerId(coworker.id))

    def detail(coworker: Coworker | None) -> str:
        return "" if coworker is None else describe(coworker, delivery.lead)

    match = attempt(delivery, context, Step.FIND_COWORKER, find, save, describe=detail)
    return None if match is None else CoworkerId(match.id)


def _create_coworker(delivery: Delivery, context: AccountContext, form: Form, target: translate.Target) -> CoworkerId:
    """Create the contact that a search did not find, and return its id."""

    def create() -> CoworkerId:
        body = coworkers.compose(translate.coworker(delivery.lead, form, target))
        return CoworkerId(coworkers.create(context.nexudus, body))

    def save_created(tx: Transaction, coworker_id: CoworkerId) -> None:
        tx.queue.save_coworker(delivery, coworker_id)
        if delivery.blocked_by == Step.CREATE_COWORKER.value:
            tx.accounts.resume_call(delivery.lead.account, delivery.blocked_by)

    allow_repeat(delivery, context, Step.CREATE_COWORKER)
    await_contact(delivery, context)
    check_pause(delivery, context, Step.CREATE_COWORKER.value)
    return attempt(delivery, context, Step.CREATE_COWORKER, create, save_created)


# -- the opportunity


def _opportunity(
    delivery: Delivery,
    context: AccountContext,
    form: Form,
    target: translate.Target,
    coworker_id: CoworkerId,
    *,
    is_new_contact: bool,
) -> OpportunityId:
    """Return the opportunity's id: created, or the one that an earlier try may have created.

    Raises: CallPaused if the location is known to be full, PauseCall if that shows now.
    """
    lead = delivery.lead
    with context.store.read() as tx:
        history = person_history(tx, lead.id).sentence

    @cache
    def compose() -> Row:
        return opportunities.compose(translate.opportunity(lead, form, target, coworker_id, history))

    if is_unknown(delivery, Step.CREATE_OPPORTUNITY):
        earlier = _find_opportunity(delivery, context, coworker_id)
        if earlier is not None:
            return earlier
        allow_repeat(delivery, context, Step.CREATE_OPPORTUNITY)
    elif not is_new_contact:
        earlier = _delivered_before(delivery, context, coworker_id, compose)
        if earlier is not None:
            log.warning("was_delivered_before", lead=lead.id, opportunity=earlier)
            return earlier
    call = f"cap:{target.business_id}"
    check_pause(delivery, context, call)
    try:
        return _create_opportunity(delivery, context, coworker_id, compose)
    except CallFailed as failed:
        if is_full(context.nexudus, context.store, lead.account, target.business_id, failed.error):
            raise PauseCall(call, location_full(failed.error, target.business_id)) from failed
        raise


def _create_opportunity(
    delivery: Delivery, context: AccountContext, coworker_id: CoworkerId, compose: Callable[[], Row]
) -> OpportunityId:
    """Create the opportunity, with the marker in its custom fields if creates are known to keep them.

    If Nexudus refuses the custom field after all, the opportunity is created without it: no lead fails for a marker.
    """

    @cache
    def compose_marked() -> Row:
        return with_custom_field(compose(), marker_of(delivery.lead.id))

    def create(body: Callable[[], Row]) -> OpportunityId:
        def call() -> OpportunityId:
            return OpportunityId(opportunities.create(context.nexudus, body()))

        created = attempt(delivery, context, Step.CREATE_OPPORTUNITY, call, _completion(delivery, coworker_id), body)
        read_back(delivery.lead, context, created, body())
        return created

    if not context.behaviours.current.mark_places.custom_field:
        return create(compose)
    try:
        return create(compose_marked)
    except CallFailed as failed:
        if not objects_to_custom_fields(failed.error):
            raise
    created = create(compose)
    unlearn_custom_field(context)
    return created


def _delivered_before(
    delivery: Delivery, context: AccountContext, coworker_id: CoworkerId, compose: Callable[[], Row]
) -> OpportunityId | None:
    """Return an opportunity delivered after the backup from which the database may have been restored."""
    if may_be_delivered(delivery, context):
        search = opportunity_search(delivery, context, coworker_id, compose)
    elif may_be_lost(delivery, context):
        search = lost_lead_search(delivery, context, coworker_id, compose)
    else:
        return None
    return attempt(delivery, context, Step.FIND_OPPORTUNITY, search, _completion(delivery, coworker_id))


def _find_opportunity(delivery: Delivery, context: AccountContext, coworker_id: CoworkerId) -> OpportunityId | None:
    """Return the opportunity that an earlier try created, which completes the delivery; None if none is found."""
    search, complete = opportunity_search(delivery, context, coworker_id), _completion(delivery, coworker_id)
    return attempt(delivery, context, Step.FIND_OPPORTUNITY, search, complete)


def _completion(delivery: Delivery, coworker_id: CoworkerId) -> Callable[[Transaction, OpportunityId | None], None]:
    """Return a job that records that the opportunity exists."""

    def complete(tx: Transaction, opportunity_id: OpportunityId | None) -> None:
        if opportunity_id is not None:
            tx.queue.complete(delivery)
            changes = tx.leads.mark_delivered(delivery.lead.id, coworker_id, opportunity_id, clock.now())
            if changes > len(delivery.lead.corrections):
                tx.leads.mark_unsent(delivery.lead)
            record_success(tx, delivery)
            if delivery.blocked_by.startswith(("stage:", "cap:", NO_CREDENTIALS)):
                tx.accounts.resume_call(delivery.lead.account, delivery.blocked_by)

    return complete
