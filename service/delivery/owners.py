"""Owners in turn: whose turn a lead is among the people of `responsible`, and their users in Nexudus.

The turn is assigned in one transaction that locks the people's places, before anything is created, and belongs to the
lead from then on: a delivery that is repeated, or taken over by another worker, reads it there.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import structlog

from service import clock
from service.forms import Form
from service.lead import Lead
from service.nexudus import directory
from service.nexudus.client import Nexudus
from service.nexudus.errors import Refused
from service.store import OwnerTurn

if TYPE_CHECKING:
    from service.delivery.context import AccountContext

log = structlog.get_logger()

CACHE_S = 600.0
"""Seconds for which a person's user is cached: a new colleague in Nexudus is noticed within ten minutes."""

NOBODY = "none of the people of `responsible` is an active admin user of Nexudus"
HIDDEN = "Nexudus does not show its users to the service account: give it the role User-List"


@dataclass(slots=True)
class UserDirectory:
    """The users of one account by e-mail address, cached; threads may share it."""

    _guard: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[str, tuple[int | None, float]] = field(default_factory=dict)  # until: by clock.monotonic

    def find(self, nexudus: Nexudus, emails: Sequence[str]) -> Mapping[str, int]:
        """Return the user ids of the active admins among these addresses.

        Raises: NexudusError; Refused if the CRM shows no users.
        """
        now = clock.monotonic()
        for email in emails:
            with self._guard:
                _, until = self._known.get(email, (None, 0.0))
            if until <= now:
                user = directory.user_of_email(nexudus, email)
                user_id = user.id if user and user.active and user.admin else None
                with self._guard:
                    self._known[email] = user_id, clock.monotonic() + CACHE_S
        with self._guard:
            return {email: known for email in emails if (known := self._known[email][0]) is not None}


def with_owner(lead: Lead, form: Form, context: "AccountContext") -> Form:
    """Return a form whose people take turns, with the lead's owner: the person whose turn it is.

    Raises: NexudusError from the look-ups, but not for a lack of the role; StoreUnavailable.
    """
    with context.store.read() as tx:
        turn = tx.answers.turns_of([lead.id]).get(lead.id)
    if turn is None or turn.user_id is None:
        turn = _give(lead, form, context, turn)
    return replace(form, destination=replace(form.destination, responsible_id=turn.user_id))


def _give(lead: Lead, form: Form, context: "AccountContext", known: OwnerTurn | None) -> OwnerTurn:
    """Assign the lead its turn; if it has one, only fill in a user that was unknown."""
    people, now = form.destination.responsible, clock.now()
    wanted = people if known is None else [known.email]
    why_none = NOBODY
    try:
        ids = context.users.find(context.nexudus, [email for email in wanted if email])
    except Refused as error:
        if error.kind != "role":
            raise
        ids, why_none = {}, HIDDEN
    if known is not None:
        if (user_id := ids.get(known.email)) is None:
            return known
        context.store.write(lambda tx: tx.answers.set_user(lead.id, user_id, known.reason.partition(";")[0]))
        return replace(known, user_id=user_id)
    absent = _absent(form, now, context.zone)

    def choose(order: Sequence[str]) -> tuple[str, int | None, str]:
        return choose_owner(order, ids, absent, why_none)

    turn = context.store.write(lambda tx: tx.answers.give_turn(lead.id, lead.account, people, choose, now))
    log.info("turn_given", lead=lead.id, user=turn.user_id, number=len(people))
    return turn


def _absent(form: Form, now: datetime, zone: tzinfo) -> frozenset[str]:
    """Return the people who have a day off."""
    day = now.astimezone(form.answer.hours.in_zone(zone).zone).date()
    return frozenset(email for email, days in form.destination.days_off.items() if day in days)


def choose_owner(
    order: Sequence[str], ids: Mapping[str, int], absent: frozenset[str], why_none: str
) -> tuple[str, int | None, str]:
    """Choose whose turn it is: the first person who can be an owner and is not absent.

    order: people, the longest without a turn first. ids: users in the CRM. why_none: why there is none of them.
    """
    if not ids:
        if why_none == NOBODY:
            return "", None, f"no owner: {NOBODY}"
        chosen = next((email for email in order if email not in absent), order[0])
        return chosen, None, f"it was their turn; no owner was set: {why_none}"
    able = [email for email in order if email in ids]
    present = [email for email in able if email not in absent]
    chosen = (present or able)[0]
    skipped = order[: order.index(chosen)]
    reasons = [
        *(f"{email} is not an active admin user of Nexudus" for email in skipped if email not in ids),
        *(f"{email} is off" for email in skipped if email in ids),
        *(["everyone is off"] if not present else []),
    ]
    return chosen, ids[chosen], "; ".join(["it was their turn", *reasons])
