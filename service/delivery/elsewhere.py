"""Leads of a restored database that earlier answers, or an earlier forms file, had sent to another account.

The database cannot know that. Searching all accounts for each lead takes too many calls, so only the accounts that the
form and its routes name now are searched: those between which an operator moves a form's leads.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from service import clock
from service.delivery.context import AccountContext
from service.delivery.pacing import OutOfPace
from service.delivery.verification import LookAgain, opportunity_search
from service.lead import CoworkerId, Delivery
from service.nexudus import coworkers
from service.nexudus.errors import NexudusError

log = structlog.get_logger()

RETRY_S = 60.0
"""Seconds until the next search of an account that could not be searched."""

PATIENCE = timedelta(hours=1)
"""Maximum time from the start of the worker that a lead waits until every account has been searched."""


def account_with_opportunity(delivery: Delivery, context: AccountContext) -> str | None:
    """Return another account that has the opportunity of a lead that may be delivered; None if none has it.

    Raises: LookAgain if an account could not be searched.
    """
    return next((name for name in _others(delivery, context) if _has_opportunity(delivery, context, name)), None)


def _others(delivery: Delivery, context: AccountContext) -> Sequence[str]:
    form = context.forms_of(delivery.lead)[delivery.lead.submission.form]
    names = {form.account, *(route.form.account for route in form.routes)}
    return sorted(names - {delivery.lead.account})


def _has_opportunity(delivery: Delivery, context: AccountContext, account: str) -> bool:
    other = context.context_of(account)
    if other is None or not other.nexudus.has_login:
        return False
    try:
        contact = coworkers.find(other.nexudus, delivery.lead.submission.contact.email, None)
        return contact is not None and opportunity_search(delivery, other, CoworkerId(contact.id))() is not None
    except (NexudusError, OutOfPace) as error:
        if context.started_at is not None and clock.now() - context.started_at < PATIENCE:
            raise LookAgain(None, RETRY_S) from error
        log.warning("account_not_searched", lead=delivery.lead.id, account=account)
        return False
