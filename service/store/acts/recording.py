"""Acts recorded within the transaction of what was done, and personal words removed from them later."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import update

from service.actors import Actor
from service.store.acts.act_search import ActSearch
from service.store.acts.acts import Act, Members, OfAccounts, Subject, SubjectKind, account_column, plain_members
from service.store.acts.chain import ActChain, pending_of, sealed
from service.store.database.act_tables import acts
from service.store.database.walls import beyond_walls

ERASED_AT_ONCE = 500


class Acts(ActChain, ActSearch):
    """The record of acts."""

    def record(
        self,
        actor: Actor,
        act: Act,
        subject: Subject,
        account: OfAccounts,
        before: Members | None,
        after: Members | None,
        now: datetime,
        *,
        personal: Collection[str] = (),
    ) -> None:
        """Record an act in the transaction that does it; it is appended to the chain when that commits.

        account: of the subject; who sees it sees the act. Of several accounts only those who see them all.
        before, after: what changed, as JSON has it; None where there was or is nothing.
        personal: names of those members that an erasure of the subject removes, such as answers and addresses.
        Secrets are hidden by their names, and ids that are no person's own stay: do not rely on it, leave them out.
        """
        plain = plain_members(before), plain_members(after)
        stays, words = zip(*(_split(members, personal) for members in plain), strict=True)
        named = {side: members for side, members in zip(("before", "after"), words, strict=True) if members}
        pending_of(self._connection).append(
            {
                "at": now,
                "who": actor.who,
                "act": act.value,
                "kind": subject.kind.value,
                "subject": subject.id,
                "account": account_column(account),
                "before": stays[0],
                "after": stays[1],
                "origin": actor.origin,
                **sealed(named),
            }
        )

    def erase_words(self, kind: SubjectKind, ids: Iterable[str]) -> None:
        """Remove the personal words from all acts on these things; that they were done stays, and verifiable."""
        wanted = list(ids)
        for entry in pending_of(self._connection):
            if entry["kind"] == kind.value and entry["subject"] in wanted:
                entry.update(words=None, salt=None)
        for start in range(0, len(wanted), ERASED_AT_ONCE):
            batch = wanted[start : start + ERASED_AT_ONCE]
            own = update(acts).where(acts.c.subject.in_(batch), acts.c.kind == kind.value, acts.c.salt.is_not(None))
            self._execute(beyond_walls(own.values(words=None, salt=None)))  # a lead may have had another account


def _split(members: dict[str, Any], personal: Collection[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what stays, and what may be erased."""
    stays = {name: value for name, value in members.items() if name not in personal}
    return stays, {name: value for name, value in members.items() if name in personal}
