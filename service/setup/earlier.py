"""Versions of the set-up by number: a waiting lead goes by the one that it was taken under."""

import threading
from collections import OrderedDict
from collections.abc import Mapping

import structlog

from service.forms import Form, SetupProblems
from service.forms.file import Lookup, parse_setup
from service.setup.reading import with_secrets
from service.setup.versions import DOCUMENT_NAME, FIRST_DOCUMENT
from service.store import UNPUBLISHED, Store

log = structlog.get_logger()

MAX_KEPT = 8
"""Versions that a process keeps: leads wait under few."""


class EarlierSetups:
    """The forms of each version, read when a lead needs them; threads share it."""

    def __init__(self, store: Store, lookup: Lookup) -> None:
        """lookup: reads a variable of the environment, for "env:NAME" values."""
        self._store, self._lookup = store, with_secrets(lookup, store)
        self._guard = threading.Lock()
        self._kept: OrderedDict[int, Mapping[str, Form] | None] = OrderedDict()

    def forms(self, version: int) -> Mapping[str, Form] | None:
        """Return the forms of a version; None where it is not kept any more, or needs a variable that is gone.

        Raises: StoreUnavailable.
        """
        with self._guard:
            if version in self._kept:
                self._kept.move_to_end(version)
                return self._kept[version]
        forms = self._read(version)
        with self._guard:
            self._kept[version] = forms
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return forms

    def _read(self, version: int) -> Mapping[str, Form] | None:
        with self._store.read() as tx:
            stored = tx.setups.get(version)
        if stored is None and version != UNPUBLISHED:
            log.warning("setup_version_unusable", version=version, why="it is not kept any more")
            return None
        text = stored.toml if stored else FIRST_DOCUMENT
        try:
            return parse_setup(text.encode(), DOCUMENT_NAME, self._lookup, version).forms
        except SetupProblems as error:
            log.warning("setup_version_unusable", version=version, why="; ".join(error.problems))
            return None
