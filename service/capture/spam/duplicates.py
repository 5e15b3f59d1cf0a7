"""The same text from several people: robots vary the address, not what they sell."""

import hashlib
import re
from datetime import datetime

from service.capture.fields.contact import line_of
from service.capture.http.rate_limit import Counters, SubmitLimit
from service.forms import Form
from service.lead import Submission

MIN_CHARACTERS = 40
"""Shorter messages, such as "Please call me back", are alike by chance and not compared."""

MAX_COMPARED_CHARACTERS = 2000
"""Characters of a message that are compared."""

_DAY_S = 86400
_ONCE = SubmitLimit(1, _DAY_S)
_UNLIMITED = SubmitLimit(2**31, _DAY_S)
_LEADS_ELSEWHERE = re.compile(
    r"https?://|www\.|[^\s@]@[^\s@]+\.\w|\+\d[\d\s().-]{6,}\d|\(\d{3}\)\s?\d{3}"
    r"|[\w-]\.(?:com|net|org|info|biz|io|ru|xyz|top|shop|online|site|store|club|link)\b",
    re.IGNORECASE,
)


class DuplicateTexts:
    """Counts the people who sent one text on one day (UTC), in memory shared by the web processes.

    Like the submit limit it is best effort: counts start again with the service. Only digests are held.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters

    def count(self, submission: Submission, form: Form, now: datetime) -> int:
        """Return how many people sent this message to the form today, this one included; 0 where it is not counted."""
        person = submission.contact.email.casefold() or submission.contact.phone
        message = submission.fields.get("message", "")
        text = line_of(message) if person and message else ""
        if not text or not _is_counted(text, form):
            return 0
        key, at = f"said {form.name} {_digest(text)}", now.timestamp()
        if not self._counters.count(f"{key} {person}", _ONCE, at):
            self._counters.count(key, _UNLIMITED, at)
        return self._counters.seen(key, _UNLIMITED, at)


def _is_counted(text: str, form: Form) -> bool:
    """A page may prefill the message for everyone: by default only a text that a page would not write counts."""
    if form.same_text == 0 or len(text) < MIN_CHARACTERS:
        return False
    return form.same_text is not None or bool(_LEADS_ELSEWHERE.search(text[:MAX_COMPARED_CHARACTERS]))


def _digest(text: str) -> str:
    letters = "".join(filter(str.isalnum, text[:MAX_COMPARED_CHARACTERS].casefold()))
    return hashlib.blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
