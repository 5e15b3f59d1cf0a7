"""The dashboard's language: messages by gettext, numbers and dates as the language writes them.

    from service.i18n import N_, _, ngettext        # in Python; templates have `_` and `ngettext` without an import

    _("Send again")                                 # translated now, into the language in force
    _("Delivered %(ago)s", ago=ago)                 # values by name; a literal percent sign is written %%
    ngettext("%(num)s lead", "%(num)s leads", n)    # num is written as the language writes numbers
    TITLES = MessageTable({"today": N_("Today")})   # a table: marked here, translated where it is read

After a change of messages: `make messages`, then fill in the empty `msgstr` in `catalogs/*.po`, then `make messages`.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from service.i18n.formats import (
    FULL_DAY,
    MONTH,
    SHORT_DAY,
    SHORT_MONTH,
    WEEKDAY,
    YEAR_DAY,
    date_text,
    decimal,
    money,
    percent,
    time_text,
    whole,
)
from service.i18n.languages import DEFAULT_LANGUAGE, LANGUAGES, current_language, set_language

__all__ = [
    "DEFAULT_LANGUAGE",
    "FULL_DAY",
    "LANGUAGES",
    "MONTH",
    "N_",
    "SHORT_DAY",
    "SHORT_MONTH",
    "WEEKDAY",
    "YEAR_DAY",
    "MessageTable",
    "_",
    "current_language",
    "date_text",
    "decimal",
    "money",
    "n_",
    "ngettext",
    "percent",
    "set_language",
    "time_text",
    "whole",
]

Key = TypeVar("Key")


def _(message: str, /, **values: object) -> str:
    """Return a message in the language in force, with its values filled in."""
    if not message:  # the catalog's own header
        return ""
    return current_language().catalog.gettext(message) % values


def ngettext(singular: str, plural: str, number: int, /, **values: object) -> str:
    """Return the message for this number, which is `%(num)s` in it."""
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
