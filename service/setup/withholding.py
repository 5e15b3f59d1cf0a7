"""Secrets in the clear in the set-up: recognising them, and views of the set-up without them.

On a page such a secret is `kept:N`, the N-th of its form. A typed secret is encrypted in the database, and the set-up
refers to it as `secret:NAME`. People who may read the set-up but not change it get a document without any.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from service.forms.problems import PlacedProblem, write_place
from service.forms.values import ENV_PREFIX, SECRET_PREFIX
from service.setup.editing import read_tables, write_tables

SECRET_KEYS = frozenset(
    (
        *("password", "totp_secret", "token", "app_secret", "app_token", "secret", "key", "client_secret"),
        *("access_token", "refresh_token", "verify_token", "page_tokens"),
    )
)
"""Keys of accounts, captchas and senders whose values are secrets."""

LISTS_OF_ADDRESSES = frozenset(("notify", "report_to", "escalate_to"))
"""Keys whose items are addresses of Apprise, most of which contain a password."""

REFERENCES = (ENV_PREFIX, SECRET_PREFIX)
"""Prefixes of values that name a secret instead of holding it."""

KEPT = "kept:"

WITHHELD = f"{SECRET_PREFIX}withheld"
"""Replaces a secret in a document for readers. No secret has this name, so it cannot be published by mistake."""

UNREADABLE = "# The document cannot be read as TOML, so it is not shown without the scope setup.\n"

Path = tuple[str | int, ...]
Keep = Callable[[str, str], str]
"""Encrypts a secret, given its purpose and text; returns its name."""


def withheld(keys: Mapping[str, Any], original: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the keys with `kept:N` in place of each secret that is the N-th of `original`, by default their own."""
    secrets = _secrets(keys if original is None else original)

    def number(_path: Path, text: str) -> str:
        return f"{KEPT}{secrets.index(text)}" if text in secrets else text

    return _changed_keys(keys, number)


def restored(keys: Mapping[str, Any], original: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys with the secrets of `original` in place of each `kept:N`; an unknown number stays."""
    secrets = _secrets(original)

    def put_back(_path: Path, text: str) -> str:
        match = re.fullmatch(rf"{KEPT}([0-9]{{1,4}})", text)
        return secrets[int(match[1])] if match and int(match[1]) < len(secrets) else text

    return _changed_keys(keys, put_back)


def with_references(keys: Mapping[str, Any], form: str, keep: Keep) -> dict[str, Any]:
    """Return the keys with a reference in place of each typed secret; `kept:N` stays."""

    def encrypt(path: Path, text: str) -> str:
        if text.startswith(KEPT):
            return text
        purpose = "-".join([form, *(str(step) for step in path if isinstance(step, str) and step != "webhooks")])
        return f"{SECRET_PREFIX}{keep(purpose, text)}"

    return _changed_keys(keys, encrypt)


def document_without_secrets(document: str) -> str:
    """Return the document with `secret:withheld` in place of each secret in the clear.

    Comments are left out, as they may contain anything.
    """
    try:
        tables = read_tables(document)
    except ValueError:
        return UNREADABLE
    return write_tables(_changed_keys(tables, lambda _path, _text: WITHHELD))


def _secrets(value: Mapping[str, Any]) -> list[str]:
    """Return the secrets in the clear, in order."""
    return [text for path, text in _texts(value) if is_secret(path, text)]


def _changed_keys(keys: Mapping[str, Any], change: Callable[[Path, str], str]) -> dict[str, Any]:
    return {key: _changed(value, change, (key,)) for key, value in keys.items()}


def _changed(value: Any, change: Callable[[Path, str], str], path: Path) -> Any:
    if isinstance(value, Mapping):
        return {key: _changed(below, change, (*path, key)) for key, below in value.items()}
    if isinstance(value, list):
        return [_changed(below, change, (*path, number)) for number, below in enumerate(value)]
    return change(path, value) if is_secret(path, value) else value


def is_secret(path: Sequence[str | int], value: Any) -> bool:
    """Return whether the value at a place of the set-up is a secret in the clear."""
    is_written_out = isinstance(value, str) and bool(value.strip()) and not value.startswith(REFERENCES)
    return is_written_out and _is_for_secrets(path)


def _is_for_secrets(path: Sequence[str | int]) -> bool:
    names = [step for step in path if isinstance(step, str)]
    return bool(names) and (any(name in SECRET_KEYS for name in names[-2:]) or names[-1] in LISTS_OF_ADDRESSES)


# -- references


def revealing_references(tables: Mapping[str, Any], settings: Collection[str]) -> Iterator[PlacedProblem]:
    """Yield each reference that would reveal a secret where it can be read, or sent.

    settings: names of the service's own secrets. A title, for example, is on a public page.
    """
    for path, text in _texts(tables):
        if text.startswith(SECRET_PREFIX) and not _is_for_secrets(path):
            yield PlacedProblem(write_place(path), "secrets can only be used where one is needed, such as in `token`")
        variable = text.removeprefix(ENV_PREFIX).strip() if text.startswith(ENV_PREFIX) else ""
        if variable in settings and not LISTS_OF_ADDRESSES.intersection(path):
            yield PlacedProblem(write_place(path), f"{variable} is a secret of the service: set another variable")


def added_variables(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the places of variables of the environment that `after` refers to but `before` did not."""
    known = {text for _path, text in _texts(before)}
    return [write_place(path) for path, text in _texts(after) if text.startswith(ENV_PREFIX) and text not in known]


def _texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _texts(below, (*path, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _texts(below, (*path, number))
    elif isinstance(value, str):
        yield path, value
