"""Versions of the set-up by number: the version under which a lead was taken applies to it while it waits."""

from collections.abc import Mapping
from functools import lru_cache

import structlog

from service.forms import Form, SetupProblems
from service.forms.file import Lookup, parse_setup
from service.setup.reading import with_secrets
from service.setup.versions import DOCUMENT_NAME, FIRST_DOCUMENT
from service.store import UNPUBLISHED, Store

log = structlog.get_logger()

MAX_KEPT = 8
"""Maximum versions that a process caches: waiting leads need few."""


class EarlierSetups:
    """The forms of each version, read when a lead needs them, cached; threads may share it."""

    def __init__(self, store: Store, lookup: Lookup) -> None:
        """lookup: reads a variable of the environment, for "env:NAME" values."""
        self._store, self._lookup = store, with_secrets(lookup, store)
        self._kept = lru_cache(MAX_KEPT)(self._read)

    def forms(self, version: int) -> Mapping[str, Form] | None:
        """Return the forms of a version; None if it is no longer kept, or needs a variable that is gone.

        Raises: StoreUnavailable.
        """
        return self._kept(version)

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
