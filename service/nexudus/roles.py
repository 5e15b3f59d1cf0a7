"""Which roles the login holds, where the CRM shows it: `{Entity}-{List|Read|Create|Edit|Delete}`.

Documented are the names, and that a user's UserRoles bundle them; not how a bundle is written. So names
are read wherever they stand in it, and ids are looked up in the catalogue.
"""

import re
from collections.abc import Iterator
from typing import Any

from service.nexudus.boards import User
from service.nexudus.client import Nexudus

USER_ROLES_PATH, CATALOGUE_PATH = "/api/security/userroles", "/api/security/roles"

BUNDLES_MAX = 5
"""UserRoles that are looked into; a service account has one or two."""

_NAME = re.compile(r"[A-Z]\w+-(?:List|Read|Create|Edit|Delete)")


def roles_of(nexudus: Nexudus, user: User) -> frozenset[str] | None:
    """The names of all roles of a user; None where they do not show. An unrestricted admin needs none, and has none.

    Raises: as Nexudus.one.
    """
    if len(user.role_ids) > BUNDLES_MAX:
        return None
    bundles = [nexudus.one(f"{USER_ROLES_PATH}/{role_id}") for role_id in user.role_ids]
    names = {name for bundle in bundles for name in _names(bundle)}
    ids = {number for bundle in bundles if bundle for number in bundle.get("Roles") or () if isinstance(number, int)}
    if ids and not names:
        catalogue = nexudus.records(CATALOGUE_PATH, size=1000)
        names = {name for row in catalogue if row["Id"] in ids for name in _names(row)}
    return frozenset(names) or None


def _names(value: Any) -> Iterator[str]:
    """Every name of a role, however deep."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, str) and _NAME.fullmatch(value):
        yield value
