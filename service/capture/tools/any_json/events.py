"""Events that are no enquiry: a view, an unsubscription, a deletion, a test of the webhook.

Only known events are dropped: a person in an unknown event may be a lead.
"""

import re
from collections.abc import Iterable

from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.json_values import Json, text_at
from service.capture.parsing.texts import texts_of

_NAMES = frozenset(
    ("event", "eventtype", "eventname", "topic", "trigger", "triggerevent", "triggertype", "webhookevent")
)
_AMBIGUOUS_NAMES = frozenset(("type", "action"))
"""Folded names of members that name the event; the second set may be questions of a form as well."""

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_MAX_NAME_LENGTH = 100  # longer texts are prose
_MIN_PHONE_DIGITS = 6

_ENDED = frozenset(
    (
        *("deleted", "delete", "destroyed", "removed", "trashed", "archived", "unpublish", "unpublished", "merged"),
        *("unsubscribe", "unsubscribed", "optout", "bounced", "bounce", "complained", "canceled", "cancelled"),
    )
)
"""Words of events that end something known already."""

_VIEWED = frozenset(
    (
        *("viewed", "views", "visited", "impression", "opened", "loaded", "displayed"),
        *("shown", "rendered", "clicked", "typing", "started", "began"),
    )
)
"""Words of events that come before any answer."""

_VIEW = frozenset(("view", "visit", "open", "click", "start", "begin", "triggered"))
_PAGE_PARTS = frozenset(
    (
        *("form", "forms", "page", "landing", "popup", "survey", "quiz", "widget", "screen", "modal"),
        *("banner", "video", "link", "button", "cta", "email", "mail", "field", "question", "step", "ad"),
        *("first", "on", "user", "visitor"),
    )
)
"""With these, `form_view` and `start_survey` are events; `open-day`, `site-visit` and `start-up` are answers."""

_CONVERSATIONS = frozenset(("chat", "conversation", "call", "session", "booking", "thread", "ticket", "meeting"))
"""Things that are an enquiry when they begin: a started chat is one, a started form is not."""

_UNFINISHED = frozenset(("abandoned", "expired", "ended", "end", "closed", "resolved", "partial", "progress"))
"""Words of events that count only with a person in them."""

_TESTS = frozenset(("ping", "test", "testing", "verification", "verify", "handshake", "confirmation"))
_TEST_WORDS = frozenset(
    (*_TESTS, "webhook", "hook", "event", "endpoint", "url", "subscription", "notification", "sample", "trigger")
)
"""Words of names such as `trigger-test`, `url_verification`, `SubscriptionConfirmation`; not of a test drive."""

_PING_KEYS = frozenset(
    ("test", "ping", "zen", "hookid", "webhookid", "formbricks", "timestamp", "time", "createdat", "id", "hook", "ok")
)
_PINGS = frozenset(("test", "ping", "zen", "hookid", "webhookid", "formbricks"))


def is_no_lead(member: Json) -> bool:
    """Return whether the call is a known event that is no enquiry, even with a person in it."""
    return any(_announces_no_lead(words, member) for words in _events(member, _NAMES | _AMBIGUOUS_NAMES))


def is_webhook_test(member: Json) -> bool:
    """Return whether the event's name is of a test of the webhook."""
    return any(_is_test(words) for words in _events(member, _NAMES))


def is_personless_event(member: Json) -> bool:
    """Return whether the call is a known event, or an unnamed test, that is an enquiry only with a person in it."""
    if text_at(member, "SubscribeURL") or ("challenge" in member and text_at(member, "type")):
        return True
    keys = {fold(key) for key in member}
    if keys <= _PING_KEYS and not _PINGS.isdisjoint(keys):
        return True
    events = _events(member, _NAMES | _AMBIGUOUS_NAMES)
    return any(_is_test(words) or not (_UNFINISHED | _VIEW).isdisjoint(words) for words in events)


def shows_person(answers: Iterable[NamedAnswer]) -> bool:
    """Return whether any answer looks like an e-mail address or a phone number."""
    return any(_is_reachable(text, answered.name) for answered in answers for text in texts_of(answered.answer))


def _is_reachable(text: str, name: str) -> bool:
    if "@" in text or (text.startswith("+") and text[1:2].isdigit()):
        return True
    meaning = meaning_of(name)
    return meaning is not None and meaning.target == "phone" and sum(map(str.isdigit, text)) >= _MIN_PHONE_DIGITS


def _events(member: Json, names: frozenset[str]) -> Iterable[list[str]]:
    """The words of each named event: `form` and `viewed` of `FORM_VIEWED`, `form.viewed` and `formViewed`."""
    for key, value in member.items():
        if isinstance(value, str) and len(value) <= _MAX_NAME_LENGTH and " " not in value and fold(key) in names:
            yield [word.lower() for word in _WORDS.findall(value)]


def _announces_no_lead(words: list[str], member: Json) -> bool:
    if len(words) == 1:
        return _is_single_word_event(words[0], member)
    is_seen = not _VIEWED.isdisjoint(words) and _CONVERSATIONS.isdisjoint(words)
    is_seen = is_seen or (not _VIEW.isdisjoint(words) and (_VIEW | _PAGE_PARTS).issuperset(words))
    return is_seen or not _ENDED.isdisjoint(words)


def _is_single_word_event(word: str, member: Json) -> bool:
    """A single word may be an answer as well: it counts with a member that only such events have."""
    if word == "delete":  # of a row in Supabase and its like
        return "old_record" in member
    return word in ("unsubscribe", "upemail", "cleaned", "campaign") and "fired_at" in member  # of Mailchimp


def _is_test(words: list[str]) -> bool:
    return _TEST_WORDS.issuperset(words) and not _TESTS.isdisjoint(words)
