"""The second step of a sign-in: an app's codes after the password, or a recovery code instead."""

import base64
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from service.actors import Actor, Person
from service.nexudus.tokens import code_at
from service.operations.people import record_act
from service.store import Act, Store, Transaction, UnreadableSecret

ISSUER = "Lead Capture"
"""The name under which an app shows the codes."""

STEP_S = 30

TOLERATED_STEPS = (0, -1, 1)
"""Accepted differences between the app's clock and ours, in time steps."""

RECOVERY_CODES = 10

CODE_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""32 characters, none of which looks like another."""


def begin_second_step(store: Store, person: Person, now: datetime) -> str:
    """Return the seed for a new app, which is active once its first code is entered; "" if an app is active already.

    Raises: StoreUnavailable.
    """
    seed = base64.b32encode(secrets.token_bytes(20)).decode()

    def begin(tx: Transaction) -> str:
        tx.second_steps.begin(person.id, seed, now)
        return "" if tx.second_steps.is_on(person.id) else seed

    return store.write(begin)


def pending_seed(store: Store, person: Person) -> str:
    """Return the seed of the app whose first code is still to be entered; "" without one.

    Raises: StoreUnavailable.
    """
    try:
        with store.read() as tx:
            step = tx.second_steps.get(person.id)
    except UnreadableSecret:
        return ""
    return "" if step is None or step.confirmed_at is not None else step.seed


def address_of(seed: str, person: Person) -> str:
    """Return the address in an app's QR code. Source: github.com/google/google-authenticator, "Key Uri Format"."""
    label = quote(f"{ISSUER}:{person.email}")
    return f"otpauth://totp/{label}?{urlencode({'secret': seed, 'issuer': ISSUER}, quote_via=quote)}"


def confirm_second_step(store: Store, person: Person, code: str, actor: Actor, now: datetime) -> Sequence[str]:
    """Require codes from now on, if the app's code is right; return recovery codes, () if it is wrong.

    Raises: StoreUnavailable.
    """
    seed = pending_seed(store, person)
    step = _step_of(seed, code, now)
    codes = ["-".join(_letters(4) for _ in range(4)) for _ in range(RECOVERY_CODES)]

    def confirm(tx: Transaction) -> bool:
        if tx.second_steps.is_on(person.id) or not tx.second_steps.use_step(person.id, step, now):
            return False
        tx.second_steps.set_recovery_codes(person.id, map(_plain, codes))
        record_act(tx, actor, Act.ENABLE, person, {"second_step": "off"}, {"second_step": "on"}, now)
        return True

    return codes if step and store.write(confirm) else ()


def check_second_step(store: Store, person_id: str, code: str, now: datetime) -> bool:
    """Return whether a code of the app, or a recovery code, is right; each works once.

    Raises: StoreUnavailable.
    """
    try:
        with store.read() as tx:
            step = tx.second_steps.get(person_id)
    except UnreadableSecret:
        step = None  # it may still be a recovery code
    if step is not None and step.confirmed_at is not None and (taken := _step_of(step.seed, code, now)):
        return store.write(lambda tx: tx.second_steps.use_step(person_id, taken, now))
    plain = _plain(code)
    return len(plain) == 16 and store.write(lambda tx: tx.second_steps.use_recovery_code(person_id, plain))  # noqa: PLR2004


def remove_second_step(store: Store, person: Person, actor: Actor, now: datetime) -> bool:
    """Require no code any more; False if none was required.

    Raises: StoreUnavailable.
    """

    def remove(tx: Transaction) -> bool:
        was_on = tx.second_steps.remove(person.id)
        if was_on:
            record_act(tx, actor, Act.DISABLE, person, {"second_step": "on"}, {"second_step": "off"}, now)
        return was_on

    return store.write(remove)


def _step_of(seed: str, code: str, now: datetime) -> int:
    """Return the time step of a code; 0 if no near step has it."""
    digits = re.sub(r"\s", "", code)
    if not seed or not re.fullmatch(r"[0-9]{6}", digits):
        return 0
    for offset in TOLERATED_STEPS:
        at = now + timedelta(seconds=offset * STEP_S)
        if secrets.compare_digest(code_at(seed, at), digits):
            return int(at.timestamp()) // STEP_S
    return 0


def _letters(number: int) -> str:
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(number))


def _plain(code: str) -> str:
    """Return a recovery code in its normal form, however it was typed."""
    return re.sub(r"[^a-z0-9]", "", code.lower())
