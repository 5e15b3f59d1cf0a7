"""Who may use the dashboard: the password, sessions as random tokens, and texts signed for the browser."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.security import check_password_hash, generate_password_hash

from service.admin import AdminDeps
from service.store import Store

MAX_IDLE = timedelta(hours=12)
"""An unused session ends after this time."""

MAX_AGE = timedelta(days=14)
"""Every session ends after this time."""

BROWSER_AGE = timedelta(days=30)
"""Time for which a browser is known after its last sign-in."""

PASSWORD_FLAG = "admin_password"  # noqa: S105 (the name of a value)
"""Name of the stored hash of a generated password."""

PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105
"""Without characters that look alike when copied by hand."""


def make_password(store: Store) -> str:
    """Generate the operator's password and store its hash; "" if one was generated before.

    Raises: StoreUnavailable.
    """
    password = "-".join("".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(5)) for _ in range(4))
    hashed = generate_password_hash(password)
    return password if store.once(PASSWORD_FLAG, lambda: hashed) == hashed else ""


@dataclass(frozen=True, slots=True)
class Session:
    """An open session. token: in the browser's cookie; form_token: in the forms of its pages."""

    token: str
    form_token: str


class Authenticator:
    """Checks the password, keeps the sessions and signs texts; alike in any number of web processes."""

    def __init__(self, deps: AdminDeps) -> None:
        self._store = deps.store
        self._password = deps.password
        self._configured_key = deps.secret_key

    @cached_property
    def _key(self) -> bytes:
        return (self._configured_key or self._store.secret_key()).encode()

    def _hmac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()

    # -- the password

    def has_password(self) -> bool:
        """Whether anyone can sign in at all."""
        return bool(self._password or self._generated())

    def _generated(self) -> str:
        with self._store.read() as tx:
            return tx.flags.get(PASSWORD_FLAG) or ""

    def is_right(self, name: str, password: str) -> bool:
        """Whether name and password are right; either mistake takes equally long."""
        if self._password:
            matches = hmac.compare_digest(password.encode(), self._password.encode())
        else:
            hashed = self._generated()
            matches = bool(hashed) and check_password_hash(hashed, password)
        return hmac.compare_digest(name.strip().lower().encode(), b"admin") and matches

    def _password_mark(self) -> str:
        """A value that changes with the password, so that a new one ends all sessions."""
        return self._hmac("password", self._password or self._generated())

    # -- sessions

    def open(self, now: datetime) -> Session:
        """Open a session and delete the ended ones."""
        token, mark = secrets.token_urlsafe(32), self._password_mark()
        self._store.write(lambda tx: tx.sessions.tidy(mark, now - MAX_AGE, now - MAX_IDLE))
        self._store.write(lambda tx: tx.sessions.open(_digest(token), mark, now))
        return self._session(token)

    def find(self, token: str, now: datetime, *, is_use: bool = True) -> Session | None:
        """The open session of a browser's token. is_use: whether a person did something, so that it goes on."""
        if not token:
            return None
        digest, mark = _digest(token), self._password_mark()
        with self._store.read() as tx:
            if not tx.sessions.is_open(digest, mark, now - MAX_AGE, now - MAX_IDLE):
                return None
            is_stale = is_use and tx.sessions.is_stale(digest, now)
        if is_stale:
            self._store.write(lambda tx: tx.sessions.use(digest, now))
        return self._session(token)

    def close(self, session: Session) -> None:
        """End a session, for every copy of its cookie."""
        self._store.write(lambda tx: tx.sessions.close(_digest(session.token)))

    def _session(self, token: str) -> Session:
        return Session(token, self._hmac("form", token))

    # -- known browsers

    @cached_property
    def _browsers(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, "browser", signer_kwargs={"digest_method": hashlib.sha256})

    def mark_browser(self, now: datetime, known: str = "") -> str:
        """A mark for a browser that has just signed in, signed. known: its mark until now."""
        return str(
            self._browsers.dumps([known or secrets.token_urlsafe(9), int(now.timestamp()), self._password_mark()])
        )

    def known_browser(self, signed: str, now: datetime) -> str:
        """The mark of a browser that signed in with this password not long ago, "" for any other."""
        if not signed:
            return ""
        try:
            mark, at, password_mark = self._browsers.loads(signed)
        except BadSignature:
            return ""
        is_recent = now.timestamp() - at < BROWSER_AGE.total_seconds()
        return str(mark) if is_recent and hmac.compare_digest(password_mark, self._password_mark()) else ""

    # -- signed texts

    @cached_property
    def _serializer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self._key, "notice", signer_kwargs={"digest_method": hashlib.sha256})

    def sign(self, text: str) -> str:
        """A text that the browser carries to the next page and cannot change; safe in a cookie."""
        return str(self._serializer.dumps(text))

    def unsign(self, signed: str) -> str:
        """The signed text, "" if it was not signed here."""
        try:
            return str(self._serializer.loads(signed))
        except BadSignature:
            return ""


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
