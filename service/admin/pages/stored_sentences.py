"""Sentences that are stored in English when something happens to a lead, in the reader's language.

The most frequent ones only: any other is shown as it was stored. A template here is how its sentence is written
where it is stored, with a name for each changing part.
"""

import re
from functools import cache

from service.i18n import N_, _, current_language

TEMPLATES = (
    # delivery/messages.py
    N_("Given up after %(tries)s tries: %(why)s Send it again once Nexudus is available."),
    N_("Nexudus refused it (field %(field)s): %(why)s Correct the lead or the form's settings, then send it again."),
    N_("Nexudus refused it: %(why)s Correct the lead or the form's settings, then send it again."),
    N_("Nexudus is not available (%(why)s): it is retried automatically."),
    N_("Nexudus may or may not have saved it (%(why)s): it is searched for before it is sent again."),
    N_("Nexudus asks to slow down: it is retried automatically."),
    N_("Nexudus refuses the service account (%(why)s): check its credentials and roles, then send it again."),
    # delivery/missing_setup.py
    N_("the set-up no longer has the form %(form)s: put it back, then send the lead again"),
    N_("the set-up no longer has the account %(account)s: put it back, then send the lead again"),
    # capture
    N_("It arrived without a usable %(answers)s: correct it, then send it again."),
    N_("A test from the sender: it is shown here and never sent to the CRM."),
    N_("The person withdrew it at the platform."),
    N_("The form is paused, so this is not sent to the CRM: send it again, or discard it."),
    # store/undo.py
    N_("Restored after it had been discarded. Send it to Nexudus, or discard it again."),
    # capture/spam/rules.py
    N_("The hidden field %(field)s, which people do not see, was filled in: release it if it is real."),
    N_("The block list contains %(entry)s: release it if it is real, and remove the entry from `block`."),
    N_("It was filled in within %(seconds)s seconds: release it if it is real. %(remedy)s"),
    N_("It came from %(site)s, which is not in `allowed_origins`: release it if it is real, or add the site."),
    N_("The name contains a link: release it if it is real."),
    N_("The message contains %(number)s links, more than `max_links` allows: release it if it is real."),
    N_("%(number)s people sent the same text within a day: release it if it is real. %(remedy)s"),
)


def translated(stored: str) -> str:
    """The sentence in the language in force, where there is a template for it."""
    if current_language().code == "en":
        return stored
    for template, pattern in _patterns():
        if match := pattern.fullmatch(stored):
            return _(template, **match.groupdict())
    return stored


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((template, re.compile(_pattern(template), re.DOTALL)) for template in TEMPLATES)


def _pattern(template: str) -> str:
    return re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.*?)", re.escape(template))
