"""Messages in the language in force."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from service.i18n.formats import whole
from service.i18n.languages import current_language

Key = TypeVar("Key")


def _(message: str, /, **values: object) -> str:
    """A message in the language in force, with its values put in."""
    if not message:  # the catalog's own header
        return ""
    return current_language().catalog.gettext(message) % values


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """The message for this number, which is `%(num)s` in it."""
    return current_language().catalog.ngettext(singular, plural, number) % {"num": whole(number), **values}


def N_(message: str) -> str:  # noqa: N802 (gettext's customary name)
    """Mark a message for the catalogs; it is translated where it is used."""
    return message


def n_(singular: str, plural: str) -> tuple[str, str]:
    """Mark both forms of a message with a number."""
    return singular, plural


class MessageTable(Mapping[Key, str]):
    """A table of marked messages, each translated when it is read."""

    def __init__(self, messages: Mapping[Key, str]) -> None:
        self._messages = messages

    def __getitem__(self, key: Key) -> str:
        return _(self._messages[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._messages)

    def __len__(self) -> int:
        return len(self._messages)
