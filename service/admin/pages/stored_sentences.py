"""Translates sentences that other rooms make in English.

They are stored when something happens to a lead, or say what is wrong with a set-up. The most frequent ones only: any
other is shown as it is. A template here is how its sentence is written there, with a name for each changing part.
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
    # forms/values.py
    N_("is empty: write a value, or leave the line out"),
    N_("%(value)s is unknown: did you mean %(near)s?"),
    N_("%(value)s is not an e-mail address: write one such as canary@example.com"),
    N_("the United Kingdom's code is GB: write 'GB'"),
    N_("%(value)s is not a country code of two letters: write one such as 'GB'"),
    N_("%(value)s is not a UTM value: write plain words, such as 'qr' or 'spring-fair'"),
    N_("%(value)s means none: write another word, or leave the line out"),
    N_("%(value)s is not a time from %(least)s to %(most)s: write one such as 6h"),
    N_("must be a whole number, not text"),
    N_("must be a whole number, not a number with a point"),
    N_("must be a number, not text"),
    N_("must be from %(least)s to %(most)s, not %(value)s"),
    # forms/addresses.py, forms/brand.py
    N_("%(value)s is not a web address: write one such as %(example)s"),
    N_("%(value)s is not an origin: write one such as %(example)s"),
    N_("%(value)s has a part after the host: write %(example)s"),
    N_("%(value)s needs no star: write %(example)s, which includes its subdomains"),
    N_("%(value)s is not a domain: write one such as 'example.com'"),
    N_("is not an Apprise address: write one such as mailto://user:password@example.com"),
    N_("%(value)s is not the address of an image: write one such as %(example)s"),
    N_("%(value)s is not secure, and browsers would not show it: write https://"),
    N_("%(value)s is not a colour: write one such as '#0a6350'"),
    # forms/blocks.py, forms/crm.py, forms/questions.py
    N_("%(value)s would quarantine nearly every lead: write a longer word"),
    N_("%(value)s is not a network: write one such as 192.0.2.0/24, or a single address"),
    N_("%(value)s is not a LeadSource of Nexudus: write 1, 2, 4 to 26, 98 or 99"),
    N_("needs 1 to %(most)s choices, not %(number)s"),
    # forms/working_hours.py
    N_('%(value)s is not a day of the week, which is one of %(days)s: write it such as "%(example)s"'),
    N_("%(value)s is not a day: write 2026-12-25, 12-25 for every year, 2026-12-24/2027-01-01, or Fr"),
    N_("%(value)s is not a time zone: write one such as 'Europe/London'"),
    # forms/checks.py
    N_("needs %(missing)s: without it forged calls cannot be recognised"),
    N_("does nothing without %(missing)s: write that too"),
    N_("is not later than answer_within: both count from the arrival of the lead"),
    N_("%(value)s is an answer of the form, so every lead would be quarantined: use another name"),
    # admin/pages/form_editing/widgets.py
    N_("%(line)s is not a row: write a name, then =, then the value"),
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
