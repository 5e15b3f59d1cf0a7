"""A connection: one form and one platform, with the reader of the platform's leads for the form."""

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service import clock
from service.capture.tools.sender import SenderConfig
from service.forms import Form
from service.forms.senders import table_name
from service.platforms.platform import Platform
from service.platforms.reader import Disconnected, PlatformReader, ReaderContext
from service.platforms.registry import PLATFORMS
from service.store import ConnectionKey, Identity, Store, UnreadableSecret


@dataclass(frozen=True, slots=True)
class PlatformConnection:
    """A form's connection to one platform. config: the platform's table of the form in the forms file."""

    form: Form
    platform: Platform
    config: SenderConfig
    reader: PlatformReader

    @property
    def sender(self) -> str:
        """The platform's name."""
        return self.platform.name

    @property
    def link(self) -> ConnectionKey:
        """Its key in the store."""
        return ConnectionKey(self.form.name, self.sender)


def make_connections(
    forms: Mapping[str, Form], urls: Mapping[str, str], store: Store, identity: Identity
) -> list[PlatformConnection]:
    """Return the connections of all forms with platforms that have an API.

    urls: of the platforms' APIs, by setting. identity: of this process.
    """
    return [connection for form in forms.values() for connection in _connections_of(form, urls, store, identity)]


def _connections_of(
    form: Form, urls: Mapping[str, str], store: Store, identity: Identity
) -> Iterator[PlatformConnection]:
    for name, config in form.webhooks.items():
        platform = PLATFORMS.get(name)
        if platform and platform.api_urls:
            state = StoredState(store, ConnectionKey(form.name, name), identity)
            context = ReaderContext(form.name, table_name(form.name, name), config, urls, state)
            yield PlatformConnection(form, platform, config, platform.load("api").READER(context))


@dataclass(frozen=True, slots=True)
class StoredState:
    """A connection's ConnectionState in the store."""

    store: Store
    link: ConnectionKey
    identity: Identity

    def facts(self, kind: str) -> dict[str, Any]:
        """Return the facts of a kind, by name."""
        with self.store.read() as tx:
            facts: dict[str, Any] = tx.platforms.facts(self.link).get(kind, {})
        return facts

    def learn(self, kind: str, name: str, fact: object) -> None:
        """Store a fact; a known one, or one without a name, changes nothing."""
        if name and self.facts(kind).get(name, self) != fact:
            self.store.write(lambda tx: tx.platforms.learn(self.link, kind, name, fact))

    def tokens(self) -> dict[str, Any]:
        """Return the renewed tokens, as saved; empty if there are none.

        Raises: Disconnected if no key of this process decrypts them.
        """
        try:
            with self.store.read() as tx:
                return tx.platforms.tokens(self.link) or {}
        except UnreadableSecret as error:
            problem, _, remedy = str(error).partition(": ")
            raise Disconnected(problem, f"{remedy[:1].upper()}{remedy[1:]}.") from error

    def save_tokens(self, tokens: dict[str, Any]) -> None:
        """Replace the renewed tokens."""
        self.store.write(lambda tx: tx.platforms.save_tokens(self.link, tokens))

    def try_lock(self, seconds: float) -> bool:
        """Return whether this thread now has the connection's lock; a lock of an ended process is free."""
        holder, now, is_gone = self._holder(), clock.now(), self.identity.is_gone
        return self.store.write(lambda tx: tx.platforms.try_lock(self.link, holder, now, seconds, is_gone))

    def unlock(self) -> None:
        """Release the lock."""
        holder = self._holder()
        self.store.write(lambda tx: tx.platforms.unlock(self.link, holder))

    def _holder(self) -> str:
        """Return the name of the current thread; call it outside of a write, which may run in another thread."""
        return f"{threading.get_ident()}/{self.identity.name}"
