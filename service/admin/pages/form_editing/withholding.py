"""Secrets of a form: those written out in the set-up never reach a browser, those that are typed never the set-up.

On a page a written secret is `kept:N`, the N-th of its form. What is typed is encrypted in the database, and the set-up
refers to it as `secret:NAME`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.setup.differences import SECRET_KEYS

REFERENCES = ("env:", "secret:")
KEPT = "kept:"

LISTS_OF_ADDRESSES = frozenset(("notify", "report_to", "escalate_to"))
"""Keys whose items are addresses of Apprise, most of which hold a password."""

Path = tuple[str | int, ...]
Keep = Callable[[str, str], str]
"""Encrypts a secret; from what it is for and its text to its name."""


def withheld(keys: Mapping[str, Any], original: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the keys with `kept:N` for each secret that is the N-th of `original`, by default their own."""
    secrets = list(_secrets(keys if original is None else original))

    def number(_path: Path, text: str) -> str:
        return f"{KEPT}{secrets.index(text)}" if text in secrets else text

    return _changed_keys(keys, number)


def restored(keys: Mapping[str, Any], original: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys with the secrets of `original` for each `kept:N`; one that it does not have stays."""
    secrets = list(_secrets(original))

    def put_back(_path: Path, text: str) -> str:
        match = re.fullmatch(rf"{KEPT}([0-9]{{1,4}})", text)
        return secrets[int(match[1])] if match and int(match[1]) < len(secrets) else text

    return _changed_keys(keys, put_back)


def with_references(keys: Mapping[str, Any], form: str, keep: Keep) -> dict[str, Any]:
    """Return the keys with a reference for each secret that was typed; `kept:N` stays."""

    def encrypt(path: Path, text: str) -> str:
        if text.startswith(KEPT):
            return text
        purpose = "-".join([form, *(str(step) for step in path if isinstance(step, str) and step != "webhooks")])
        return f"secret:{keep(purpose, text)}"

    return _changed_keys(keys, encrypt)


def _secrets(value: Any, path: Path = ()) -> Iterator[str]:
    """Yield the secrets that are written out, in order."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _secrets(below, (*path, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _secrets(below, (*path, number))
    elif _is_secret(path, value):
        yield value


def _changed_keys(keys: Mapping[str, Any], change: Callable[[Path, str], str]) -> dict[str, Any]:
    return {key: _changed(value, change, (key,)) for key, value in keys.items()}


def _changed(value: Any, change: Callable[[Path, str], str], path: Path) -> Any:
    if isinstance(value, Mapping):
        return {key: _changed(below, change, (*path, key)) for key, below in value.items()}
    if isinstance(value, list):
        return [_changed(below, change, (*path, number)) for number, below in enumerate(value)]
    return change(path, value) if _is_secret(path, value) else value


def _is_secret(path: Path, value: Any) -> bool:
    """Whether a text holds a secret; references do not."""
    if not isinstance(value, str) or not value.strip() or value.startswith(REFERENCES):
        return False
    names = [step for step in path if isinstance(step, str)]
    return bool(names) and (any(name in SECRET_KEYS for name in names[-2:]) or names[-1] in LISTS_OF_ADDRESSES)
