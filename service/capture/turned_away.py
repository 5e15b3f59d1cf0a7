"""What is refused is noted for whoever sets a sender up: they look at the dashboard, not at the sender's log."""

from collections.abc import Container

import structlog

from service import clock
from service.capture.senders import SENDERS
from service.store import Refusal, Store, StoreUnavailable

NOT_OFTENER_S = 60.0
"""Than this one address is noted by one process: strangers must not keep the database busy."""

log = structlog.get_logger()


class TurnedAway:
    """Notes the last refused call of each address."""

    def __init__(self, store: Store, forms: Container[str]) -> None:
        """forms: only of these, so that nobody can make up addresses."""
        self._store = store
        self._forms = forms
        self._noted: dict[tuple[str, str], float] = {}

    def note(self, form: str, sender: str, why: str) -> None:
        """Keep it, unless the same address was noted just now or the database is away: nobody waits for this."""
        if form not in self._forms or sender not in SENDERS:
            return
        at = clock.monotonic()
        if at - self._noted.get((form, sender), float("-inf")) < NOT_OFTENER_S:
            return
        self._noted[form, sender] = at
        refusal = Refusal(form, sender, clock.now(), why)
        try:
            self._store.write(lambda tx: tx.refusals.note(refusal))
        except StoreUnavailable as error:
            log.warning("refusal_not_noted", form=form, sender=sender, error=str(error))
