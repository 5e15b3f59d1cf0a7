"""Sessions: a random token in the browser, its digest in the store; and what proves that a form is ours."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from werkzeug.security import check_password_hash

from service.admin.pages.window import MADE_PASSWORD, Window
from service.store import Store

IDLE = timedelta(hours=12)
"""So long a session that nobody uses stays open."""

LONGEST = timedelta(days=14)
"""So long one stays open at most."""


@dataclass(frozen=True, slots=True)
class Session:
    """One open session. token: what the browser holds; form_token: what its forms carry."""

    token: str
    form_token: str


class Doorkeeper:
    """Opens and closes sessions, for any number of web processes."""

    def __init__(self, window: Window) -> None:
        self._window = window

    @property
    def _store(self) -> Store:
        return self._window.store

    @cached_property
    def _key(self) -> bytes:
        own = self._window.secret_key
        return (own or self._store.once("secret_key", lambda: secrets.token_hex(32))).encode()

    def _sign(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()

    # -- the password

    def has_password(self) -> bool:
        """Whether anybody can sign in at all."""
        return bool(self._window.password or self._made())

    def _made(self) -> str:
        with self._store.read() as tx:
            return tx.flags.get(MADE_PASSWORD) or ""

    def is_right(self, name: str, password: str) -> bool:
        """Whether these open the door; takes equally long for either mistake."""
        wanted = self._window.password
        if wanted:
            fits = hmac.compare_digest(password.encode(), wanted.encode())
        else:
            made = self._made()
            fits = bool(made) and check_password_hash(made, password)
        return hmac.compare_digest(name.strip().lower().encode(), b"admin") and fits

    def _mark(self) -> str:
        """Another one for another password: sessions of a former one are over."""
        return self._sign("password", self._window.password or self._made())

    # -- sessions

    def open(self, now: datetime) -> Session:
        """Somebody signed in."""
        token, mark = secrets.token_urlsafe(32), self._mark()

        self._store.write(lambda tx: tx.sessions.tidy(mark, now - LONGEST, now - IDLE))
        self._store.write(lambda tx: tx.sessions.open(_digest(token), mark, now))
        return self._session(token)

    def find(self, token: str, now: datetime) -> Session | None:
        """The open session of a browser."""
        if not token:
            return None
        digest, mark = _digest(token), self._mark()
        with self._store.read() as tx:
            if not tx.sessions.is_open(digest, mark, now - LONGEST, now - IDLE):
                return None
            is_stale = tx.sessions.is_stale(digest, now)
        if is_stale:
            self._store.write(lambda tx: tx.sessions.use(digest, now))
        return self._session(token)

    def close(self, session: Session) -> None:
        """Somebody signed out: what the browser holds opens nothing any more."""
        self._store.write(lambda tx: tx.sessions.close(_digest(session.token)))

    def _session(self, token: str) -> Session:
        return Session(token, self._sign("form", token))

    # -- short words from one page to the next

    def seal(self, text: str) -> str:
        """A text that a browser keeps for us, so that nobody can put words into our mouth."""
        return f"{self._sign('said', text)}.{text}"

    def unseal(self, sealed: str) -> str:
        """The text, "" where it is not ours."""
        signature, _, text = sealed.partition(".")
        return text if hmac.compare_digest(signature.encode(), self._sign("said", text).encode()) else ""


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
