"""The version of the set-up that is in force in this process, replaced as a whole when its source has another."""

import hashlib
import mmap
import os
import signal
import struct
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Protocol

from service.forms import Setup, SetupProblems
from service.forms.file import digest_of, read_document

# -- before every process has the same version

GRACE = timedelta(seconds=5)
"""Age of a lead below which its form or account may still be new to a process that delivers it."""

FOLLOW_RETRY_S = 1.0
"""Seconds until such a lead is tried again."""


def may_follow(received_at: datetime, now: datetime) -> bool:
    """Return whether what a lead names and this process does not know may be in a version that it takes up next.

    Each process looks for itself, so that a web process may take leads of a new form a second before a worker knows it.
    """
    return now - received_at < GRACE


# -- where versions come from


class SetupSource(Protocol):
    """Where the operator keeps the set-up."""

    def mark(self) -> Hashable:
        """Return a value that differs whenever the source may hold another version. Cheap: two calls a second."""

    def load(self) -> bytes:
        """Return the whole document. Raises: SetupProblems."""

    def parse(self, document: bytes) -> Setup:
        """Return the checked set-up of a document. Raises: SetupProblems with every problem."""


class FormsFile:
    """The set-up in a forms file."""

    def __init__(self, path: Path, parse: Callable[[bytes], Setup]) -> None:
        self._path = path
        self.parse = parse

    def mark(self) -> Hashable:
        """Return what any way of saving a file changes; None where there is none."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def load(self) -> bytes:
        """Return the file's bytes. A file that is missing now is a mishap, not a set-up without forms.

        Raises: SetupProblems.
        """
        document = read_document(self._path)
        if document is None:
            raise SetupProblems((f"{self._path.name}: is gone: put it back",))
        return document


# -- what the web processes share


class SetupRelay:
    """Memory that processes share from before their fork: requests to read again, and the last good document.

    A web process that is replaced while the forms file is faulty goes on with what its siblings use.
    """

    _HEAD = struct.Struct("<QQ32s")  # requests, length and SHA-256 of the document
    _MAX_BYTES = 1 << 20

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self._HEAD.size + self._MAX_BYTES)

    @property
    def requests(self) -> int:
        """How often someone asked for the set-up to be read again."""
        number: int = self._HEAD.unpack_from(self._memory)[0]
        return number

    def request(self) -> None:
        """Ask every process to read the set-up again; safe in a signal handler."""
        struct.pack_into("<Q", self._memory, 0, self.requests + 1)

    def keep(self, document: bytes) -> None:
        """Hand a good document to later processes; one of more than 1 MiB is not handed on."""
        if len(document) <= self._MAX_BYTES:
            self._memory[self._HEAD.size : self._HEAD.size + len(document)] = document
            digest = hashlib.sha256(document).digest()
            struct.pack_into("<Q32s", self._memory, 8, len(document), digest)

    def document(self) -> bytes | None:
        """Return the last good document; None if there is none, or two processes are writing at this moment."""
        _, length, digest = self._HEAD.unpack_from(self._memory)
        document = self._memory[self._HEAD.size : self._HEAD.size + length]
        return document if length and hashlib.sha256(document).digest() == digest else None


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
        """setup: as it was read from the source. relay: where processes share it, made before they fork."""
        self._source = source
        self._relay = relay or SetupRelay()
        self.state = SetupState(setup, now)
        """What is in force, and what is wrong with what is not; replaced as a whole."""
        mark = source.mark(), self._relay.requests
        self._seen: tuple[Hashable, int] | None = None
        self._judged: tuple[Hashable, int] | None = mark if self._is_in_force(mark[0]) else None

    def _is_in_force(self, mark: Hashable) -> bool:
        """Whether the source still holds what was read from it, which may be nothing at all."""
        try:
            return digest_of(self._source.load()) == self.get().digest
        except SetupProblems:
            return mark is None and not self.get().digest

    def get(self) -> Setup:
        """Return the whole set-up that is in force now."""
        return self.state.setup

    def request(self) -> None:
        """Ask for the source to be read again, by all processes that share the memory; safe in a signal handler."""
        self._relay.request()

    def look(self, now: datetime) -> Look:
        """Take up what the source holds, if it has changed since it was judged and not since the last look.

        Raises: nothing that a document can cause.
        """
        mark = self._source.mark(), self._relay.requests
        if mark == self._judged or (self._judged and mark[0] is None and self._judged[0] is None):
            self._judged = self._seen = mark
            return Look.SAME
        if mark != self._seen:
            self._seen = mark
            return Look.UNSETTLED
        problems: tuple[str, ...] = ()
        setup, document = self.get(), b""
        try:
            document = self._source.load()
            setup = self._source.parse(document)
        except SetupProblems as error:
            problems = error.problems
        if self._source.mark() != mark[0]:  # written while it was read
            return Look.UNSETTLED
        self._judged = mark
        return self._judge(setup, document, problems, now)

    def _judge(self, setup: Setup, document: bytes, problems: tuple[str, ...], now: datetime) -> Look:
        before = self.state
        if problems:
            self.state = SetupState(before.setup, before.since, problems)
            return Look.REFUSED
        self._relay.keep(document)
        if setup == before.setup and setup.digest == before.setup.digest:
            self.state = SetupState(before.setup, before.since)
            return Look.KEPT
        self.state = SetupState(setup, now)
        return Look.TAKEN

    def catch_up(self, now: datetime) -> None:
        """After a fork: use what the siblings took up since the parent read the source, whatever it holds now."""
        document = self._relay.document()
        if document is None:
            return
        try:
            setup = self._source.parse(document)
        except SetupProblems:
            return
        if setup.digest != self.get().digest:
            self.state = SetupState(setup, now)


# -- SIGHUP: a request to read the set-up again, or the news that the terminal was closed


def on_hangup(reload: Callable[[], None], stop: Callable[[], None]) -> None:
    """Handle SIGHUP in the main thread: reload; but stop where it says that the terminal was closed."""
    had_terminal = _has_terminal()

    def handle(*_: object) -> None:
        if had_terminal and not _has_terminal():
            stop()
        else:
            reload()

    signal.signal(signal.SIGHUP, handle)


def _has_terminal() -> bool:
    """Whether this process has a terminal that it could be stopped from."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
