"""The set-up in the database: the newest version is in force, unless there is a forms file."""

from collections.abc import Hashable

from service.forms import Setup
from service.setup.current import FormsFile, Parse, SetupDocument
from service.store import UNPUBLISHED, Store, StoreUnavailable

DOCUMENT_NAME = "set-up"
"""Name of the document in problems, like the file name of a forms file."""

FIRST_DOCUMENT = "[forms.contact]\n"
"""The document in force until one is published: one form with defaults."""


def document_in(store: Store) -> SetupDocument:
    """Return the document in force. Raises: StoreUnavailable."""
    with store.read() as tx:
        newest = tx.setups.newest()
    if newest is None:
        return SetupDocument(FIRST_DOCUMENT.encode(), UNPUBLISHED)
    return SetupDocument(newest.toml.encode(), newest.version)


class StoredSetup:
    """The set-up in the database; a forms file that appears later takes its place."""

    def __init__(self, file: FormsFile, parse: Parse) -> None:
        """Until a store is attached, nothing can be read."""
        self._file, self._parse = file, parse
        self.store: Store | None = None
        self._is_file = False  # from then on a vanished file is a mishap

    def attach(self, store: Store) -> None:
        """Read through this process's own store from now on."""
        self.store = store

    def mark(self) -> Hashable:
        """Return the file's mark if there is a file, else the number of the newest version."""
        mark = self._file.mark()
        if mark is not None or self._is_file:
            return mark
        with self._opened().read() as tx:
            return tx.setups.newest_number()

    def load(self) -> SetupDocument:
        """Return the newest version, or the file. Raises: SetupProblems, StoreUnavailable."""
        if self._is_file or self._file.mark() is not None:
            return self._file.load()
        return document_in(self._opened())

    def parse(self, document: SetupDocument) -> Setup:
        """Return the checked set-up of a document of either kind. Raises: SetupProblems with every problem."""
        setup = self._parse(document)
        self._is_file = document.version is None
        return setup

    def _opened(self) -> Store:
        if self.store is None:
            raise StoreUnavailable("this process has not opened the database yet")
        return self.store
