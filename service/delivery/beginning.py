"""What a start sets right: nothing waits any longer for what the settings before it had wrong."""

from service import clock
from service.delivery.desk import Desk
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

    desk.store.write(note)
