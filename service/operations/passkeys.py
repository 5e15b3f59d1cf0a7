"""Passkeys: made by a person's device, checked at the sign-in (WebAuthn); each replaces password and second step."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service.actors import Actor, Person
from service.operations.people import record_act
from service.store import Act, Passkey, Store, Transaction

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

MAX_PASSKEYS = 20
"""Maximum passkeys of one person."""

MAX_PASSKEY_NAME = 60

MAX_CREDENTIAL_CHARS = 20_000
"""Maximum characters of a device's response."""


class InvalidPasskey(Exception):
    """A device's response is not accepted; the sentence says why, for the log."""


@dataclass(frozen=True, slots=True)
class Website:
    """The website that passkeys belong to. origin: as browsers write it, such as https://leads.example.com."""

    origin: str

    @property
    def host(self) -> str:
        """The host that passkeys are bound to: another address of the dashboard has other passkeys."""
        return urlsplit(self.origin).hostname or ""


def website_of(public_url: str) -> Website:
    """Return the website at PUBLIC_URL."""
    parts = urlsplit(public_url)
    return Website(f"{parts.scheme}://{parts.netloc}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a device is to sign. options: for the browser, as JSON; expected: the challenge among them, in base64url."""

    options: str
    expected: str


def challenge_for_new(store: Store, person: Person, website: Website) -> Challenge:
    """Return the challenge from which a person's device makes a new passkey.

    Raises: StoreUnavailable.
    """
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    with store.read() as tx:
        known = tx.passkeys.of(person.id)
    options = generate_registration_options(
        rp_id=website.host,
        rp_name="Lead Capture",
        user_name=person.email,
        user_id=person.id.encode(),
        user_display_name=person.name or person.email,
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    return Challenge(options_to_json(options), _encode(options.challenge))


def _descriptors(known: Sequence[Passkey]) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn import base64url_to_bytes
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.id)) for passkey in known]


def challenge_for_sign_in(website: Website) -> Challenge:
    """Return the challenge that a device signs with whichever passkey its owner chooses."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=website.host, user_verification=UserVerificationRequirement.REQUIRED
    )
    return Challenge(options_to_json(options), _encode(options.challenge))


def add_passkey(
    store: Store,
    person: Person,
    credential: str,
    expected: str,
    name: str,
    website: Website,
    actor: Actor,
    now: datetime,
) -> Passkey:
    """Store a passkey that a person's device has made. expected: the challenge's.

    Raises: InvalidPasskey, StoreUnavailable.
    """
    from webauthn import base64url_to_bytes, verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        verified = verify_registration_response(
            credential=credential[:MAX_CREDENTIAL_CHARS],
            expected_challenge=base64url_to_bytes(expected),
            expected_rp_id=website.host,
            expected_origin=website.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise InvalidPasskey(type(error).__name__) from error
    passkey = Passkey(
        id=_encode(verified.credential_id),
        person_id=person.id,
        public_key=_encode(verified.credential_public_key),
        sign_count=verified.sign_count,
        name=" ".join(name.split())[:MAX_PASSKEY_NAME] or "Passkey",
        added_at=now,
    )

    def add(tx: Transaction) -> bool:
        if len(tx.passkeys.of(person.id)) >= MAX_PASSKEYS or not tx.passkeys.add(passkey):
            return False
        record_act(tx, actor, Act.CREATE, person, None, {"passkey": passkey.name}, now)
        return True

    if not store.write(add):
        raise InvalidPasskey("already known, or too many")
    return passkey


def find_by_passkey(store: Store, credential: str, expected: str, website: Website, now: datetime) -> str:
    """Return the id of the person whose device has signed. expected: the challenge's.

    Raises: InvalidPasskey, StoreUnavailable.
    """
    from webauthn import base64url_to_bytes, verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    passkey = _passkey_of(store, credential)
    try:
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(expected),
            expected_rp_id=website.host,
            expected_origin=website.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise InvalidPasskey(type(error).__name__) from error
    count = verified.new_sign_count
    if not store.write(lambda tx: tx.passkeys.use(passkey.id, passkey.sign_count, count, now)):
        raise InvalidPasskey("used twice at the same time")
    return passkey.person_id


def _passkey_of(store: Store, credential: str) -> Passkey:
    """Return the passkey of a response. Raises: InvalidPasskey if no passkey has its id, StoreUnavailable."""
    try:
        passkey_id = json.loads(credential[:MAX_CREDENTIAL_CHARS])["id"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidPasskey("unreadable") from error
    with store.read() as tx:
        passkey = tx.passkeys.get(passkey_id) if isinstance(passkey_id, str) and passkey_id.isascii() else None
    if passkey is None:
        raise InvalidPasskey("unknown")
    return passkey


def remove_passkey(store: Store, person: Person, passkey_id: str, actor: Actor, now: datetime) -> bool:
    """Delete a passkey of a person; False if there is none.

    Raises: StoreUnavailable.
    """

    def remove(tx: Transaction) -> bool:
        passkey = tx.passkeys.get(passkey_id)
        if passkey is None or not tx.passkeys.remove(passkey_id, person.id):
            return False
        record_act(tx, actor, Act.DELETE, person, {"passkey": passkey.name}, None, now)
        return True

    return store.write(remove)


def remove_passkeys(store: Store, person: Person, actor: Actor, now: datetime) -> None:
    """Delete every passkey of a person, whose devices may be lost.

    Raises: StoreUnavailable.
    """

    def remove(tx: Transaction) -> None:
        if number := tx.passkeys.remove_all(person.id):
            record_act(tx, actor, Act.DELETE, person, {"passkeys": number}, {"passkeys": 0}, now)

    store.write(remove)


def _encode(content: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(content)
