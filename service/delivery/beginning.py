"""What a start sets right: nothing waits any longer for what the settings before it had wrong."""

from datetime import timedelta

import structlog

from service import clock
from service.delivery.desk import Desk
from service.delivery.problems import no_credentials
from service.delivery.retry import HOLD
from service.lead import Outcome
from service.store import NO_CREDENTIALS, Transaction

log = structlog.get_logger()

REFUSED = Outcome.REFUSED.value
"""How the reasons of pauses after a refusal begin."""


def begin_anew(account: str, desk: Desk) -> None:
    """Vet stages again, and try an account that was refused: one call tells whether it was put right.

    A refused user name and password are forgotten only where others are set now, so that the user is not locked.
    Where none are set, the account's leads wait until a start with some.
    """
    is_corrected = desk.nexudus.is_corrected()
    lacks_login = not desk.nexudus.has_login and _is_needed(account, desk)

    def note(tx: Transaction) -> None:
        if desk.nexudus.has_login:
            tx.holds.lift(account, NO_CREDENTIALS)
        elif lacks_login:
            now = clock.now()
            until = now + timedelta(seconds=HOLD.longest_s)
            tx.holds.prolong(account, NO_CREDENTIALS, now, until, no_credentials(account))
        tx.holds.lift_all(account, "stage:")  # the forms file may name other stages now
        if is_corrected:
            tx.accounts.forget_tokens(account)
        if tx.accounts.resume(account, REFUSED):
            now = clock.now()
            tx.outbox.hasten(account, now, now, untried=True)

    desk.store.write(note)
    if lacks_login:
        log.warning("no_credentials", account=account, problem=no_credentials(account))


def _is_needed(account: str, desk: Desk) -> bool:
    """Whether any form, or a route of one, delivers to the account."""
    routed = (route.form for form in desk.forms.values() for route in form.routes)
    return any(form.account == account for form in (*desk.forms.values(), *routed))
