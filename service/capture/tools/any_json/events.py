"""Events that tools announce and that are no enquiry: somebody looked, left, was deleted, or tries the webhook out.

Only what is known is left out: whoever stands in an event that nobody knows may be a lead.
"""

import re
from collections.abc import Iterable

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.shapes import Json, text_at
from service.capture.parsing.texts import texts_of

_NAMES = frozenset(
    ("event", "eventtype", "eventname", "topic", "trigger", "triggerevent", "triggertype", "webhookevent")
)
_OR_AN_ANSWER = frozenset(("type", "action"))
"""What the member is called, folded, that names the event; the others may be questions of a form as well."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LONGEST_NAME = 100  # characters; more is prose
_FEWEST_DIGITS = 6  # of a phone number

_OVER = frozenset(
    (
        *("deleted", "delete", "destroyed", "removed", "trashed", "archived", "unpublish", "unpublished", "merged"),
        *("unsubscribe", "unsubscribed", "optout", "bounced", "bounce", "complained", "canceled", "cancelled"),
    )
)
"""What became of somebody or something that is known already."""

_SEEN = frozenset(
    (
        *("viewed", "views", "visited", "impression", "opened", "loaded", "displayed"),
        *("shown", "rendered", "clicked", "typing", "started", "began"),
    )
)
"""What comes before anything is said."""

_TO_SEE = frozenset(("view", "visit", "open", "click", "start", "begin", "triggered"))
_PARTS_OF_PAGES = frozenset(
    (
        *(
            "form",
            "forms",
            "page",
            "landing",
            "popup",
            "survey",
            "quiz",
            "widget",
            "screen",
            "modal",
            "banner",
            "video",
        ),
        *(
            "link",
            "button",
            "cta",
            "email",
            "mail",
            "field",
            "question",
            "step",
            "ad",
            "first",
            "on",
            "user",
            "visitor",
        ),
    )
)
"""A `form_view` or a `start_survey` is seen; an `open-day`, a `site-visit` and a `start-up` are what people write."""

_TALKS = frozenset(("chat", "conversation", "call", "session", "booking", "thread", "ticket", "meeting"))
"""Things whose beginning is the enquiry: a chat that starts is one, a form that is started is none."""

_UNSAID = frozenset(("abandoned", "expired", "ended", "end", "closed", "resolved", "partial", "progress"))
"""What may yet tell of somebody who is not known otherwise."""

_TRIALS = frozenset(("ping", "test", "testing", "verification", "verify", "handshake", "confirmation"))
_OF_TRIALS = frozenset(
    (*_TRIALS, "webhook", "hook", "event", "endpoint", "url", "subscription", "notification", "sample", "trigger")
)
"""Words of names such as `trigger-test`, `url_verification`, `SubscriptionConfirmation`; a test drive is none."""

_PING_KEYS = frozenset(
    ("test", "ping", "zen", "hookid", "webhookid", "formbricks", "timestamp", "time", "createdat", "id", "hook", "ok")
)
_PINGS = frozenset(("test", "ping", "zen", "hookid", "webhookid", "formbricks"))


def is_no_lead(member: Json) -> bool:
    """Tell a known event that is no enquiry, whoever stands in it."""
    return any(_is_of_no_lead(words, member) for words in _events(member, _NAMES | _OR_AN_ANSWER))


def is_trial(member: Json) -> bool:
    """Tell a call that tries the webhook out by the name of its event."""
    return any(_is_trial(words) for words in _events(member, _NAMES))


def is_silent(member: Json) -> bool:
    """Tell a known event, or a trial without a name, in which nobody need stand: it is no enquiry where nobody does."""
    if text_at(member, "SubscribeURL") or ("challenge" in member and text_at(member, "type")):
        return True
    keys = {fold(key) for key in member}
    if keys <= _PING_KEYS and not _PINGS.isdisjoint(keys):
        return True
    events = _events(member, _NAMES | _OR_AN_ANSWER)
    return any(_is_trial(words) or not (_UNSAID | _TO_SEE).isdisjoint(words) for words in events)


def shows_somebody(answers: Iterable[NamedAnswer]) -> bool:
    """Whether anything among the answers looks like an e-mail address or a phone number."""
    return any(_is_reachable(text, answered.name) for answered in answers for text in texts_of(answered.answer))


def _is_reachable(text: str, name: str) -> bool:
    if "@" in text or (text.startswith("+") and text[1:2].isdigit()):
        return True
    meaning = meaning_of(name)
    return meaning is not None and meaning.target == "phone" and sum(map(str.isdigit, text)) >= _FEWEST_DIGITS


def _events(member: Json, names: frozenset[str]) -> Iterable[list[str]]:
    """The words of every event that is named: of `FORM_VIEWED`, `form.viewed` and `formViewed` form and viewed."""
    for key, value in member.items():
        if isinstance(value, str) and len(value) <= _LONGEST_NAME and " " not in value and fold(key) in names:
            yield [word.lower() for word in _WORDS.findall(value)]


def _is_of_no_lead(words: list[str], member: Json) -> bool:
    if len(words) == 1:
        return _is_said_alone(words[0], member)
    is_seen = not _SEEN.isdisjoint(words) and _TALKS.isdisjoint(words)
    is_seen = is_seen or (not _TO_SEE.isdisjoint(words) and (_TO_SEE | _PARTS_OF_PAGES).issuperset(words))
    return is_seen or not _OVER.isdisjoint(words)


def _is_said_alone(word: str, member: Json) -> bool:
    """One word may be an answer as well: it counts with what only such events have."""
    if word == "delete":  # of a row in Supabase and its like
        return "old_record" in member
    return word in ("unsubscribe", "upemail", "cleaned", "campaign") and "fired_at" in member  # of Mailchimp


def _is_trial(words: list[str]) -> bool:
    return _OF_TRIALS.issuperset(words) and not _TRIALS.isdisjoint(words)
