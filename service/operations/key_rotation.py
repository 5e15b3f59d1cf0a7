"""Re-encryption of the tokens in the database, one row per transaction, while every process goes on working."""

from dataclasses import dataclass, field
from datetime import datetime

from service.actors import Actor
from service.store import Act, RotationResult, SecretName, SecretOwner, SeedOwner, Store, Subject, SubjectKind


@dataclass(slots=True)
class KeyRotation:
    """Number of rows re-encrypted, and of rows already current; the owners of tokens that no key decrypts."""

    rotated: int = 0
    current: int = 0
    unreadable: list[str] = field(default_factory=list)


def rotate_keys(store: Store, actor: Actor, now: datetime, *, forget_unreadable: bool = False) -> KeyRotation:
    """Encrypt all tokens under the newest key.

    forget_unreadable: delete tokens that no key decrypts; they are listed all the same.
    Raises: StoreUnavailable; rows re-encrypted by then stay so.
    """
    rotation = KeyRotation()
    with store.read() as tx:
        owners = tx.encryption.owners()
    for owner in owners:
        result = store.write(lambda tx, owner=owner: tx.encryption.rotate(owner))  # type: ignore[misc]
        rotation.rotated += result is RotationResult.ROTATED
        rotation.current += result is RotationResult.CURRENT
        if result is RotationResult.UNREADABLE:
            rotation.unreadable.append(_title(owner))
            if forget_unreadable:
                store.write(lambda tx, owner=owner: tx.encryption.forget_unreadable(owner))  # type: ignore[misc]
    after = {"rotated": rotation.rotated, "unreadable": rotation.unreadable, "forgotten": forget_unreadable}
    subject = Subject(SubjectKind.DATABASE)
    store.write(lambda tx: tx.acts.record(actor, Act.ROTATE, subject, None, None, after, now))
    return rotation


def encrypt_plain_tokens(store: Store) -> int:
    """Encrypt the tokens that an earlier version stored in the clear; returns the number of rows.

    Raises: StoreUnavailable.
    """
    with store.read() as tx:
        owners = tx.encryption.owners(only_plain=True)
    results = [store.write(lambda tx, owner=owner: tx.encryption.rotate(owner)) for owner in owners]  # type: ignore[misc]
    return results.count(RotationResult.ROTATED)


def _title(owner: SecretOwner) -> str:
    if isinstance(owner, str):
        return f"Nexudus account {owner}"
    if isinstance(owner, SeedOwner):
        return f"second step of the person {owner.person_id}"
    if isinstance(owner, SecretName):
        return f"secret {owner.name}"
    form, sender, place = owner
    return f"{sender} of the form {form}" + (f" ({place})" if place else "")
