"""Whether an enquiry looks like spam, and the one reason why: a pure decision over plain values."""

from collections.abc import Callable
from dataclasses import dataclass

from service.capture.spam.blocking import find_block
from service.capture.spam.links import find_stray_link
from service.capture.spam.repetition import most_people
from service.forms import Form
from service.lead import Reason, Submission, Suspicion

_OR_RELEASE = "release it if it is real"


@dataclass(frozen=True, slots=True)
class RequestContext:
    """What is known of an arrival besides its answers; "", None and 0 where nothing is.

    ip: the visitor's. trap: the hidden field that was filled in. fill_s: seconds between the page's
    opening and the sending, both by the visitor's own clock. foreign_site: the site that may not post
    here and did. same_text: people who sent the same message within the day, this one included.
    """

    ip: str = ""
    trap: str = ""
    fill_s: float | None = None
    foreign_site: str = ""
    same_text: int = 0


_NOTHING_KNOWN = RequestContext()


def judge(submission: Submission, form: Form, seen: RequestContext = _NOTHING_KNOWN) -> Suspicion | None:
    """The first reason to hold an enquiry, None when it looks like one.

    Raises: nothing.
    """
    for reason, rule in RULES:
        sentence = rule(submission, form, seen)
        if sentence:
            return Suspicion(reason, sentence)
    return None


def _trap(_: Submission, __: Form, seen: RequestContext) -> str:
    if not seen.trap:
        return ""
    return f"The hidden field {seen.trap!r} was filled in, which people do not see: {_OR_RELEASE}."


def _blocked(submission: Submission, form: Form, seen: RequestContext) -> str:
    found = find_block(submission, form.block, seen.ip)
    if not found:
        return ""
    return f"The block list of the forms file holds {found}: {_OR_RELEASE}, and take the entry out of `block`."


def _too_fast(_: Submission, form: Form, seen: RequestContext) -> str:
    if seen.fill_s is None or seen.fill_s >= form.min_fill_s:
        return ""
    return (
        f"It was filled in within {seen.fill_s:.1f} seconds: {_OR_RELEASE}. "
        "If the page sends forms by itself, set `min_fill_seconds` to 0."
    )


def _foreign(_: Submission, __: Form, seen: RequestContext) -> str:
    if not seen.foreign_site:
        return ""
    return f"It came from {seen.foreign_site}, which is not in `allowed_origins`: {_OR_RELEASE}, or add the site."


def _links(submission: Submission, form: Form, _: RequestContext) -> str:
    found = find_stray_link(submission, form)
    return f"{found}: {_OR_RELEASE}." if found else ""


def _repeated(_: Submission, form: Form, seen: RequestContext) -> str:
    most = most_people(form)
    if not most or seen.same_text < most:
        return ""
    return (
        f"{seen.same_text} people sent the same text within a day: {_OR_RELEASE}. "
        "If your page fills the message in, set `same_text` to 0."
    )


RULES: tuple[tuple[Reason, Callable[[Submission, Form, RequestContext], str]], ...] = (
    (Reason.HONEYPOT, _trap),
    (Reason.BLOCKED, _blocked),
    (Reason.TOO_FAST, _too_fast),
    (Reason.FOREIGN_ORIGIN, _foreign),
    (Reason.LINKS, _links),
    (Reason.REPEATED, _repeated),
)
"""The surest first: the first that finds something gives the reason."""
