"""What a start sets right: nothing waits any longer for what the settings before it had wrong."""

from datetime import timedelta

import structlog

from service import clock
from service.delivery.behaviour import NOTES
from service.delivery.context import AccountContext
from service.delivery.messages import no_credentials
from service.delivery.reading_back import notes_cause
from service.delivery.retry import HOLD
from service.delivery.setup_check.routes import variants
from service.lead import Outcome
from service.store import NO_CREDENTIALS, Transaction

log = structlog.get_logger()

REFUSED = Outcome.REFUSED.value
"""How the reasons of pauses after a refusal begin."""


def on_startup(account: str, context: AccountContext) -> None:
    """Vet stages again, and try an account that was refused: one call tells whether it was put right.

    A refused user name and password are forgotten only where others are set now, so that the user is not locked.
    Where none are set, the account's leads wait until a start with some.
    """
    is_corrected = context.nexudus.is_corrected()
    lacks_login = not context.nexudus.has_login and _is_needed(account, context)

    def note(tx: Transaction) -> None:
        if context.nexudus.has_login:
            tx.queue.resume_call(account, NO_CREDENTIALS)
        elif lacks_login:
            now = clock.now()
            until = now + timedelta(seconds=HOLD.longest_s)
            tx.queue.pause_call(account, NO_CREDENTIALS, now, until, no_credentials(account))
        tx.queue.resume_calls(account, "stage:")  # the forms file may name other stages now
        if is_corrected:
            tx.accounts.forget_tokens(account)
        if tx.accounts.resume(account, REFUSED):
            now = clock.now()
            tx.queue.reschedule_now(account, now, now, untried=True)
        _end_lost_notes(tx, account, context)

    context.store.write(note)
    if lacks_login:
        log.warning("no_credentials", account=account, problem=no_credentials(account))


def _is_needed(account: str, context: AccountContext) -> bool:
    """Whether any form, or a route of one, delivers to the account."""
    return any(variants(context.forms.values(), account))


def _end_lost_notes(tx: Transaction, account: str, context: AccountContext) -> None:
    """Types that no form uses any more lose no text, and the next lead of the others shows whether they still do."""
    types = {variant.form.destination.opportunity_type_id for variant in variants(context.forms.values(), account)}
    used = {notes_cause(account, type_id) for type_id in types}
    for concern in tx.alerts.open():
        if concern.cause.startswith(f"notes:{account}:") and concern.cause not in used:
            tx.alerts.resolve(concern.cause, clock.now())
    facts = tx.crm.facts_of(context.behaviours.tenant)
    lost = [name for name, fact in facts.items() if name.startswith(NOTES) and fact.value != "kept"]
    tx.crm.forget_facts(context.behaviours.tenant, lost)
