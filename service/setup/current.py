"""The version of the set-up in force in this process, replaced as a whole when its source has another."""

import hashlib
import mmap
import os
import signal
import struct
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Protocol

from service.forms import Setup, SetupProblems
from service.forms.file import digest_of, read_document
from service.store import Store, StoreUnavailable

# -- until every process has the same version

GRACE = timedelta(seconds=5)
"""Age of a lead up to which its form or account may still be unknown to the process that delivers it."""

FOLLOW_RETRY_S = 1.0
"""Seconds until the next try of such a lead."""


def may_follow(received_at: datetime, now: datetime) -> bool:
    """Return whether a name unknown to this process may be in a version that it is about to take up.

    Each process looks for itself, so a web process may accept leads of a new form a second before a worker knows the
    form.
    """
    return now - received_at < GRACE


# -- where versions come from


@dataclass(frozen=True, slots=True)
class SetupDocument:
    """One version of the set-up as text. version: its number in the database; None for a forms file."""

    text: bytes
    version: int | None = None


class SetupSource(Protocol):
    """Where the operator keeps the set-up."""

    def mark(self) -> Hashable:
        """Return a value that differs whenever the source may hold another version. Cheap: called twice a second.

        Raises: StoreUnavailable.
        """

    def load(self) -> SetupDocument:
        """Return the whole document. Raises: SetupProblems, StoreUnavailable."""

    def parse(self, document: SetupDocument) -> Setup:
        """Return the checked set-up of a document. Raises: SetupProblems with every problem."""

    def attach(self, store: Store) -> None:
        """Read through this process's own store from now on."""


Parse = Callable[[SetupDocument], Setup]
"""Returns the checked set-up of a document. Raises: SetupProblems with every problem."""


class FormsFile:
    """The set-up in a forms file."""

    def __init__(self, path: Path, parse: Parse) -> None:
        self._path = path
        self.parse = parse
        self.store: Store | None = None

    def attach(self, store: Store) -> None:
        """Read secrets through this process's own store from now on."""
        self.store = store

    def mark(self) -> Hashable:
        """Return a value that every way of saving the file changes; None without a file."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def load(self) -> SetupDocument:
        """Return the file's bytes. A file that is missing now is a mishap, not a set-up without forms.

        Raises: SetupProblems.
        """
        document = read_document(self._path)
        if document is None:
            raise SetupProblems((f"{self._path.name}: is gone: put it back",))
        return SetupDocument(document)


# -- shared by the web processes


class SetupRelay:
    """Memory that processes share from before their fork: requests to read again, and the last good document.

    A web process that is replaced while the forms file is faulty starts with the document that its siblings use.
    """

    _HEAD = struct.Struct("<QQq32s")  # requests; length, version (-1: none) and SHA-256 of the document
    _MAX_BYTES = 1 << 20

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self._HEAD.size + self._MAX_BYTES)

    @property
    def requests(self) -> int:
        """Number of requests so far to read the set-up again."""
        number: int = self._HEAD.unpack_from(self._memory)[0]
        return number

    def request(self) -> None:
        """Ask every process to read the set-up again; safe in a signal handler."""
        struct.pack_into("<Q", self._memory, 0, self.requests + 1)

    def keep(self, document: SetupDocument) -> None:
        """Keep a good document for later processes, unless it is larger than 1 MiB."""
        text, version = document.text, -1 if document.version is None else document.version
        if len(text) <= self._MAX_BYTES:
            self._memory[self._HEAD.size : self._HEAD.size + len(text)] = text
            struct.pack_into("<Qq32s", self._memory, 8, len(text), version, _seal(version, text))

    def document(self) -> SetupDocument | None:
        """Return the last good document; None if there is none, or two processes are writing at this moment."""
        _, length, version, seal = self._HEAD.unpack_from(self._memory)
        text = self._memory[self._HEAD.size : self._HEAD.size + length]
        if not length or _seal(version, text) != seal:
            return None
        return SetupDocument(text, None if version < 0 else version)


def _seal(version: int, text: bytes) -> bytes:
    return hashlib.sha256(b"%d " % version + text).digest()


# -- the version in force


class Look(Enum):
    """Result of a look at the source."""

    SAME = "the source has not changed"
    UNSETTLED = "it changed a moment ago, and may still be being written"
    TAKEN = "a new version is in force"
    KEPT = "it was read again, and is the version in force"
    REFUSED = "it is faulty, and the version in force stays"


@dataclass(frozen=True, slots=True)
class SetupState:
    """The version in force. since: when this process took it up. problems: of a later one that was refused."""

    setup: Setup
    since: datetime
    problems: tuple[str, ...] = ()


class CurrentSetup:
    """The set-up in force. Each piece of work takes it once, at its beginning, and uses it to the end."""

    def __init__(self, source: SetupSource, setup: Setup, now: datetime, relay: SetupRelay | None = None) -> None:
        """setup: as read from the source. relay: shared memory, made before processes fork."""
        self._source = source
        self._relay = relay or SetupRelay()
        self.state = SetupState(setup, now)
        """The version in force, and the problems of a refused one; replaced as a whole."""
        self._seen: tuple[Hashable, int] | None = None
        self._judged: tuple[Hashable, int] | None = self._mark_in_force()

    def _mark_in_force(self) -> tuple[Hashable, int] | None:
        """Return the source's mark if the set-up in force was read from its present content, even if there is none."""
        setup = self.get()
        if not setup.is_read:
            return None
        mark = None
        try:
            mark = self._source.mark()
            document = self._source.load()
            is_in_force = (digest_of(document.text), document.version) == (setup.digest, setup.version)
        except SetupProblems:
            is_in_force = mark is None and not setup.digest
        except StoreUnavailable:
            return None
        return (mark, self._relay.requests) if is_in_force else None

    def get(self) -> Setup:
        """Return the whole set-up that is in force now."""
        return self.state.setup

    def attach(self, store: Store, now: datetime) -> None:
        """After a fork: read through this process's own store, and read what could not be read before the fork.

        Raises: SetupProblems.
        """
        self._source.attach(store)
        if not self.get().is_read:
            with suppress(StoreUnavailable):
                self.state = SetupState(self._source.parse(self._source.load()), now)
        self._judged = self._mark_in_force()

    def request(self) -> None:
        """Ask for the source to be read again, by all processes that share the memory; safe in a signal handler."""
        self._relay.request()

    def look(self, now: datetime) -> Look:
        """Take up the source's document, if it has changed since it was judged and not since the last look.

        A database that does not answer counts as unchanged.
        Raises: nothing that a document can cause.
        """
        try:
            return self._look(now)
        except StoreUnavailable:
            return Look.SAME

    def _look(self, now: datetime) -> Look:
        mark = self._source.mark(), self._relay.requests
        if mark == self._judged or (self._judged and mark[0] is None and self._judged[0] is None):
            self._judged = self._seen = mark
            return Look.SAME
        if mark != self._seen:
            self._seen = mark
            return Look.UNSETTLED
        problems: tuple[str, ...] = ()
        setup, document = self.get(), SetupDocument(b"")
        try:
            document = self._source.load()
            setup = self._source.parse(document)
        except SetupProblems as error:
            problems = error.problems
        if self._source.mark() != mark[0]:  # written while it was being read
            return Look.UNSETTLED
        self._judged = mark
        return self._judge(setup, document, problems, now)

    def _judge(self, setup: Setup, document: SetupDocument, problems: tuple[str, ...], now: datetime) -> Look:
        before = self.state
        if problems:
            self.state = SetupState(before.setup, before.since, problems)
            return Look.REFUSED
        self._relay.keep(document)
        if setup == before.setup and _number(setup) == _number(before.setup):
            self.state = SetupState(before.setup, before.since)
            return Look.KEPT
        self.state = SetupState(setup, now)
        return Look.TAKEN

    def catch_up(self, now: datetime) -> None:
        """After a fork: use what siblings took up since the parent read the source, or the newest in the database.

        A forms file is left to the looks, as it may just be being written.
        """
        for read in (self._relay.document, self._newest):
            try:
                document = read()
                setup = self.get() if document is None else self._source.parse(document)
            except (SetupProblems, StoreUnavailable):
                continue
            if _number(setup) != _number(self.get()):
                self.state = SetupState(setup, now)
        self._judged = self._mark_in_force()

    def _newest(self) -> SetupDocument | None:
        """Return the newest version in the database; None if it is in force, or a file is."""
        if self.get().version is None or self._mark_in_force() is not None:
            return None
        document = self._source.load()
        return None if document.version is None else document


def _number(setup: Setup) -> tuple[str, int | None, bool]:
    """Return the number that distinguishes two versions with the same content."""
    return setup.digest, setup.version, setup.is_read


# -- SIGHUP: a request to read the set-up again, or the news that the terminal was closed


def on_hangup(reload: Callable[[], None], stop: Callable[[], None]) -> None:
    """Handle SIGHUP in the main thread: reload, or stop if it means that the terminal was closed."""
    had_terminal = _has_terminal()

    def handle(*_: object) -> None:
        if had_terminal and not _has_terminal():
            stop()
        else:
            reload()

    signal.signal(signal.SIGHUP, handle)


def _has_terminal() -> bool:
    """Return whether this process has a terminal that could end it."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
