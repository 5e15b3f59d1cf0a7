"""Second steps of the sign-in: authenticator apps, and recovery codes for a person whose app is lost."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, literal, select, update

from service.store.database.columns import UtcDateTime
from service.store.database.people_tables import recovery_codes, second_steps
from service.store.database.repository import Repository
from service.store.encryption import EncryptedTokens

SEED = "seed"
"""The only value of a second step's row."""


@dataclass(frozen=True, slots=True)
class SecondStep:
    """A person's authenticator app. seed: base32; "" if its encryption key was lost.

    confirmed_at: when a first code was entered, None before that. used_step: time step of the last code entered.
    """

    person_id: str
    seed: str = field(repr=False)
    confirmed_at: datetime | None
    used_step: int


class SecondSteps(Repository):
    """Second steps, at most one of a person."""

    def begin(self, person_id: str, seed: str, now: datetime) -> None:
        """Store a new app that is still to be confirmed, replacing any other."""
        self._execute(delete(second_steps).where(*_own(person_id), second_steps.c.confirmed_at.is_(None)))
        tokens = self._as(EncryptedTokens).encrypt({SEED: seed}, (SEED,))
        inserting = self._database.insert(second_steps).values(person_id=person_id, tokens=tokens, begun_at=now)
        self._execute(inserting.on_conflict_do_nothing())

    def get(self, person_id: str) -> SecondStep | None:
        """Return a person's app, confirmed or not.

        Raises: UnreadableSecret.
        """
        row = self._execute(select(second_steps).where(*_own(person_id))).first()
        if row is None:
            return None
        seed = self._as(EncryptedTokens).decrypt(row.tokens or {}).get(SEED, "")
        return SecondStep(person_id, str(seed), row.confirmed_at, row.used_step)

    def is_on(self, person_id: str) -> bool:
        """Return whether the person must enter a code."""
        confirmed = select(second_steps.c.person_id).where(*_own(person_id), second_steps.c.confirmed_at.is_not(None))
        return self._execute(confirmed).first() is not None

    def people(self) -> frozenset[str]:
        """Return everyone who must enter a code."""
        confirmed = select(second_steps.c.person_id).where(second_steps.c.confirmed_at.is_not(None))
        return frozenset(self._execute(confirmed).scalars())

    def use_step(self, person_id: str, step: int, now: datetime) -> bool:
        """Use up the code of a time step, the first of which confirms the app; False if that or a later was used."""
        later = update(second_steps).where(*_own(person_id), second_steps.c.used_step < step)
        confirmed = func.coalesce(second_steps.c.confirmed_at, literal(now, UtcDateTime))
        return self._execute(later.values(used_step=step, confirmed_at=confirmed)).rowcount == 1

    def remove(self, person_id: str) -> bool:
        """Delete a person's app and recovery codes; False if the person needed no code."""
        was_on = self.is_on(person_id)
        self._execute(delete(second_steps).where(*_own(person_id)))
        self._execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
        return was_on

    # -- recovery codes

    def set_recovery_codes(self, person_id: str, codes: Iterable[str]) -> None:
        """Store the recovery codes of a person, replacing earlier ones."""
        self._execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
        rows = [{"digest": _digest(person_id, code), "person_id": person_id} for code in codes]
        self._execute(recovery_codes.insert(), rows)

    def use_recovery_code(self, person_id: str, code: str) -> bool:
        """Use up a recovery code; False if it is none of the person's."""
        own = (recovery_codes.c.digest == _digest(person_id, code), recovery_codes.c.person_id == person_id)
        return self._execute(delete(recovery_codes).where(*own)).rowcount == 1

    def count_recovery_codes(self, person_id: str) -> int:
        """Return how many are left."""
        counting = select(func.count()).select_from(recovery_codes).where(recovery_codes.c.person_id == person_id)
        return int(self._execute(counting).scalar_one())


def _own(person_id: str) -> tuple[ColumnElement[bool]]:
    return (second_steps.c.person_id == person_id,)


def _digest(person_id: str, code: str) -> str:
    return hashlib.sha256(f"{person_id}:{code}".encode()).hexdigest()
