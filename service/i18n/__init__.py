"""The dashboard's language: messages by gettext, numbers and dates as the language writes them.

    from service.i18n import N_, _, ngettext        # in Python; templates have `_` and `ngettext` without an import

    _("Send again")                                 # translated now, into the language in force
    _("Delivered %(ago)s", ago=ago)                 # values by name; a literal percent sign is written %%
    ngettext("%(num)s lead", "%(num)s leads", n)    # num is written as the language writes numbers
    TITLES = MessageTable({"today": N_("Today")})   # a table: marked here, translated where it is read

After a change of messages: `make messages`, then fill in the empty `msgstr` in `catalogs/*.po`, then `make messages`.
"""

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
from service.i18n.messages import N_, MessageTable, _, n_, ngettext

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
