"""What a start sets right: nothing waits any longer for what the settings before it had wrong."""

from service import clock
from service.delivery.behaviour import NOTES
from service.delivery.desk import Desk
from service.delivery.preflight.variants import variants
from service.delivery.reading_back import notes_cause
from service.lead import Outcome
from service.store import Transaction

REFUSED = Outcome.REFUSED.value
"""How the reasons of pauses after a refusal begin."""


def begin_anew(account: str, desk: Desk) -> None:
    """Vet stages again, and try an account that was refused: one call tells whether it was put right.

    A refused user name and password are forgotten only where others are set now, so that the user is not locked.
    """
    is_corrected = desk.nexudus.is_corrected()

    def note(tx: Transaction) -> None:
        tx.holds.lift_all(account, "stage:")  # the forms file may name other stages now
        if is_corrected:
            tx.accounts.forget_tokens(account)
        if tx.accounts.resume(account, REFUSED):
            tx.outbox.hasten(account, clock.now(), untried=True)
        _end_lost_notes(tx, account, desk)

    desk.store.write(note)


def _end_lost_notes(tx: Transaction, account: str, desk: Desk) -> None:
    """Types that no form uses any more lose no text, and the next lead of the others shows whether they still do."""
    types = {variant.form.destination.opportunity_type_id for variant in variants(desk.forms.values(), account)}
    used = {notes_cause(account, type_id) for type_id in types}
    for concern in tx.concerns.open():
        if concern.cause.startswith(f"notes:{account}:") and concern.cause not in used:
            tx.concerns.over(concern.cause, clock.now())
    facts = tx.facts.of(desk.behaviours.tenant)
    lost = [name for name, fact in facts.items() if name.startswith(NOTES) and fact.value != "kept"]
    tx.facts.forget(desk.behaviours.tenant, lost)
