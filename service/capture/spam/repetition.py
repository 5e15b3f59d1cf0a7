"""The same text from several people: robots change the address, and not what they want to sell."""

import hashlib
import re
from datetime import datetime

from service.capture.contact import line_of
from service.capture.http.rate_limit import Counters, SubmitLimit
from service.forms import Form
from service.lead import Submission

FEWEST_CHARACTERS = 40
"""Shorter messages are alike by chance: "Please call me back"."""

MOST_READ = 2000
"""Characters of a message that are compared."""

USUAL = 3
"""People from whom a text that leads elsewhere is held, where the form says nothing."""

_DAY_S = 86400
_ONCE = SubmitLimit(1, _DAY_S)
_EVER = SubmitLimit(2**31, _DAY_S)
_LEADS_ELSEWHERE = re.compile(
    r"https?://|www\.|[^\s@]@[^\s@]+\.\w|\+\d[\d\s().-]{6,}\d|\(\d{3}\)\s?\d{3}"
    r"|[\w-]\.(?:com|net|org|info|biz|io|ru|xyz|top|shop|online|site|store|club|link)\b",
    re.IGNORECASE,
)


def most_people(form: Form) -> int:
    """From how many people on the same text is held; 0: never."""
    return USUAL if form.same_text is None else form.same_text


class DuplicateTexts:
    """Counts who said the same on one day, in memory that the web processes share.

    Like the submit limit it is no promise: it begins anew with the service and with each day (UTC).
    Nothing but digests is kept.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def count(self, submission: Submission, form: Form, now: datetime) -> int:
        """How many people sent this message to the form today, this one included; 0 where it does not matter."""
        text = line_of(submission.fields.get("message", ""))
        who = submission.contact.email.casefold() or submission.contact.phone
        if not who or not _matters(text, form):
            return 0
        said = f"said {form.name} {_digest(text)}"
        at = now.timestamp()
        if not self._counters.count(f"{said} {who}", _ONCE, at):
            self._counters.count(said, _EVER, at)
        return self._counters.seen(said, _EVER, at)


def _matters(text: str, form: Form) -> bool:
    """A page may fill the message in for everybody: by default only what a page would not write counts."""
    if form.same_text == 0 or len(text) < FEWEST_CHARACTERS:
        return False
    return form.same_text is not None or bool(_LEADS_ELSEWHERE.search(text[:MOST_READ]))


def _digest(text: str) -> str:
    letters = "".join(filter(str.isalnum, text[:MOST_READ].casefold()))
    return hashlib.blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
