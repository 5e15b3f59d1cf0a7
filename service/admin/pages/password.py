"""The password of an operator who set none: made once, shown once, kept as a hash."""

import secrets

from werkzeug.security import generate_password_hash

from service.admin.pages.window import MADE_PASSWORD
from service.store import Store

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is taken for something else when it is copied by hand."""


def make_password(store: Store) -> str:
    """A new password where none was made before, else "".

    Raises: StoreUnavailable.
    """
    made = "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(4))
    hashed = generate_password_hash(made)
    return made if store.once(MADE_PASSWORD, lambda: hashed) == hashed else ""
