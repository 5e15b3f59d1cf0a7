"""Authentication of the dashboard: passwords, sessions as random tokens, and texts signed for the browser."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from flask import request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.security import check_password_hash

from service.actors import Actor, Person, administrator
from service.admin import AdminDeps
from service.admin.pages import passwords
from service.admin.permissions import current_actor
from service.operations.people import fold_email, record_act
from service.store import PASSWORD_FLAG, Act, Credentials, OpenSession, Subject, SubjectKind, Transaction

MAX_IDLE = timedelta(hours=12)
"""An unused session ends after this time."""

MAX_AGE = timedelta(days=14)
"""Every session ends after this time."""

BROWSER_AGE = timedelta(days=30)
"""Time for which a browser is known after its last sign-in."""

ADMINISTRATOR = "admin"
"""The name that signs in with ADMIN_PASSWORD."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Someone who gave the right password. person: None for the administrator. mark: changes with the password."""

    person: Person | None
    mark: str


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. token: in the browser's cookie; form_token: in the forms of its pages; digest: in the database.

    person: the owner of the session; None for the administrator.
    """

    token: str
    form_token: str
    digest: str
    person: Person | None = None

    @property
    def person_id(self) -> str | None:
        return self.person.id if self.person else None

    def actor(self, origin: str) -> Actor:
        """Return the actor of a request in this session, with the current role and accounts."""
        return self.person.actor(origin) if self.person else administrator(origin)


SHOWN_OF_DIGEST = 12
"""Characters of a session's digest that name it in the record of acts."""


def record_session(tx: Transaction, session: Session, act: Act, now: datetime, **after: str) -> None:
    """Record that somebody signs in or out, in the transaction that does it."""
    actor = session.actor(request.remote_addr or "")
    subject = Subject(SubjectKind.SESSION, session.digest[:SHOWN_OF_DIGEST])
    tx.acts.record(actor, act, subject, actor.accounts, None, after, now)


class Authenticator:
    """Checks passwords, keeps sessions and signs texts; works the same in any number of web processes."""

    def __init__(self, deps: AdminDeps) -> None:
        self._store = deps.store
        self._password = deps.password
        self._configured_key = deps.secret_key
        self.has_provider = deps.provider is not None

    @cached_property
    def _key(self) -> bytes:
        return (self._configured_key or self._store.secret_key()).encode()

    def _hmac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()

    # -- passwords

    def has_password(self) -> bool:
        """Whether the administrator can sign in."""
        return bool(self._password or self._generated())

    def has_people(self) -> bool:
        """Whether any person can."""
        with self._store.read() as tx:
            return tx.people.has_passwords()

    def _generated(self) -> str:
        with self._store.read() as tx:
            return tx.flags.get(PASSWORD_FLAG) or ""

    def check(self, user: str, password: str, now: datetime) -> SignedIn | None:
        """Return who may sign in; None where user or password is wrong, after the same time for any e-mail address."""
        name = fold_email(user)
        if name == ADMINISTRATOR:
            return SignedIn(None, self._password_mark()) if self._is_administrators(password) else None
        with self._store.read() as tx:
            credentials = tx.people.credentials(name)
        is_right = passwords.matches(credentials.password_hash if credentials else "", password)
        if credentials is None or not is_right or not credentials.person.is_active:
            return None
        if passwords.is_outdated(credentials.password_hash):
            renewed = passwords.hash_password(password)
            credentials = Credentials(credentials.person, renewed)
            self._store.write(lambda tx: tx.people.set_password(credentials.person.id, renewed))
        self._store.write(lambda tx: tx.people.note_sign_in(credentials.person.id, now))
        return SignedIn(credentials.person, self.mark_of(credentials))

    def is_password_of(self, session: Session, password: str) -> bool:
        """Whether this is the password of the person whose session it is."""
        if session.person is None:
            return self._is_administrators(password)
        with self._store.read() as tx:
            credentials = tx.people.credentials_of(session.person.id)
        return passwords.matches(credentials.password_hash if credentials else "", password)

    def _is_administrators(self, password: str) -> bool:
        if self._password:
            return hmac.compare_digest(password.encode(), self._password.encode())
        hashed = self._generated()
        return bool(hashed) and check_password_hash(hashed, password)

    def _password_mark(self) -> str:
        """A value that changes with the administrator's password, so that a new one ends all of its sessions."""
        return self._hmac("password", self._password or self._generated())

    def mark_of(self, credentials: Credentials) -> str:
        """A value that changes with a person's password."""
        return self._hmac("person", f"{credentials.person.id}:{credentials.password_hash}")

    # -- sessions

    def open(self, now: datetime, way: str, signed_in: SignedIn | None = None, browser: str = "") -> Session:
        """Open a session, record it as an act, and delete ended ones.

        way: how the person signed in. signed_in: None for the administrator. browser: as it is shown.
        """
        signed_in = signed_in or SignedIn(None, self._password_mark())
        session = self._session(secrets.token_urlsafe(32), signed_in.person)

        def enter(tx: Transaction) -> None:
            tx.sessions.tidy(self._password_mark(), now - MAX_AGE, now - MAX_IDLE)
            tx.sessions.open(session.digest, signed_in.mark, now, session.person_id, browser)
            record_session(tx, session, Act.SIGN_IN, now, way=way)

        self._store.write(enter)
        return session

    def find(self, token: str, now: datetime, *, is_use: bool = True) -> Session | None:
        """The open session of a browser's token. is_use: whether a person did something, which extends it."""
        if not token:
            return None
        digest = _digest(token)
        with self._store.read() as tx:
            opened = tx.sessions.get(digest, now - MAX_AGE, now - MAX_IDLE)
            if opened is None:
                return None
            credentials = tx.people.credentials_of(opened.person_id) if opened.person_id else None
        mark = self._mark_now(opened.person_id, credentials)
        if not (mark and hmac.compare_digest(mark, opened.mark)):
            return None
        if is_use and opened.is_stale(now):
            self._store.write(lambda tx: tx.sessions.use(digest, now))
        return self._session(token, credentials.person if credentials else None)

    def _mark_now(self, person_id: str | None, credentials: Credentials | None) -> str:
        """The mark that a session must have at this moment; "" where it can have none."""
        if person_id is None:
            return self._password_mark()
        return self.mark_of(credentials) if credentials and credentials.person.disabled_at is None else ""

    def sessions_of(self, session: Session, now: datetime) -> Sequence[OpenSession]:
        """The open sessions of the same person, the last used first."""
        with self._store.read() as tx:
            return tx.sessions.of(session.person_id, now - MAX_AGE, now - MAX_IDLE)

    def change_password(self, session: Session, password_hash: str, now: datetime) -> None:
        """Give the person of a session a new password; all other sessions end, this one stays open."""
        person = session.person
        assert person is not None  # noqa: S101 (the administrator's password is in the settings)
        mark = self.mark_of(Credentials(person, password_hash))

        def change(tx: Transaction) -> None:
            tx.people.set_password(person.id, password_hash)
            tx.sessions.close_all(person.id, but=session.digest)
            tx.sessions.renew(session.digest, mark)
            record_act(tx, current_actor(), Act.CHANGE, person, None, {"signs in with": "another password"}, now)

        self._store.write(change)

    def close(self, session: Session, now: datetime) -> None:
        """End a session, on record, for every copy of its cookie."""

        def leave(tx: Transaction) -> None:
            tx.sessions.close(session.digest, session.person_id)
            record_session(tx, session, Act.SIGN_OUT, now)

        self._store.write(leave)

    def _session(self, token: str, person: Person | None = None) -> Session:
        return Session(token, self._hmac("form", token), _digest(token), person)

    # -- known browsers

    @cached_property
    def _browsers(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, "browser", signer_kwargs={"digest_method": hashlib.sha256})

    def mark_browser(self, now: datetime, signed_in: SignedIn, known: str = "") -> str:
        """Return a signed mark for a browser that has just signed in. known: its mark until now."""
        person_id = signed_in.person.id if signed_in.person else ""
        mark = known or secrets.token_urlsafe(9)
        return str(self._browsers.dumps([mark, int(now.timestamp()), signed_in.mark, person_id]))

    def known_browser(self, signed: str, now: datetime) -> str:
        """The mark of a browser that recently signed in with a password that is still valid; "" for any other."""
        if not signed:
            return ""
        try:
            mark, at, password_mark, *of = self._browsers.loads(signed)
        except BadSignature:
            return ""
        person_id = of[0] if of else ""  # the previous version had only the administrator
        with self._store.read() as tx:
            credentials = tx.people.credentials_of(person_id) if person_id else None
        is_same = hmac.compare_digest(password_mark, self._mark_now(person_id or None, credentials))
        return str(mark) if is_same and now.timestamp() - at < BROWSER_AGE.total_seconds() else ""

    # -- signed texts

    @cached_property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, "notice", signer_kwargs={"digest_method": hashlib.sha256})

    def sign(self, text: str) -> str:
        """Sign a text that the browser carries to the next page and cannot change; the result is safe in a cookie."""
        return str(self._serializer.dumps(text))

    def unsign(self, signed: str) -> str:
        """The signed text, "" if it was not signed here."""
        try:
            return str(self._serializer.loads(signed))
        except BadSignature:
            return ""


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
