"""A body as leads: one, several, wrapped, or in a form's field; and whether a call announces a lead at all.

Only known events are dropped: a person in an unknown event may be a lead.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.capture.fields.enquiries import NamedAnswer, read_packed
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.bodies import RequestBody
from service.capture.parsing.json_values import Json, tables_at, text_at
from service.capture.parsing.nesting import flatten
from service.capture.parsing.pairs import collect
from service.capture.parsing.texts import Answer, texts_of
from service.capture.tools.any_json.envelopes import open_envelope
from service.capture.tools.any_json.levels import MAX_NAMES, is_mere_name
from service.capture.tools.any_json.question_sets import questions_of

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
    """Return whether the call is a known event that is not an enquiry, even with a person in it."""
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


# -- leads of a body


_JOINED = re.compile(r"(?<=[^_])__(?=[^_])")  # Zapier's nested names
_PATH = re.compile(r"[^\W\d][\w$-]*(?:\.[\w$ -]*[\w$-])+")  # `data.email`, not a sentence with a full stop
_MAX_KEYS = 3 * MAX_NAMES  # different keys in all levels and rows of a body
_MAX_LEVELS = 8  # of JSON inside texts


@dataclass(frozen=True, slots=True)
class PostedLead:
    """One lead. answers: under their names without wrappers. details: what surrounds them.

    whole: its JSON. form_name: "" for an unknown one. event: the call's object, which may name an event.
    """

    answers: Sequence[NamedAnswer]
    whole: Json
    details: Mapping[str, Answer] = field(default_factory=dict)
    form_name: str = ""
    event: Json = field(default_factory=dict)


def leads_in(body: RequestBody, mapped: frozenset[str]) -> Iterator[PostedLead | bytes]:
    """Yield the leads of a body, and as bytes the members among them that are none.

    mapped: folded names from the forms file, which are left as they came.
    """
    if not body.is_json:
        yield from _of_object(body.answers, mapped)
        return
    value = _gathered(body.value)
    members = value if isinstance(value, list) else [value]
    if isinstance(value, list) and questions_of(members):
        members = [{"answers": members}]
    for member in members:
        if isinstance(member, Mapping):
            yield from _of_object(member, mapped)
        elif isinstance(member, list) and questions_of(member):
            yield from _of_object({"answers": member}, mapped)
        elif member not in (None, "", []):
            yield json.dumps(member).encode()


def _of_object(member: Json, mapped: frozenset[str]) -> Iterator[PostedLead]:
    if len(member) <= MAX_NAMES and all(map(_is_plain, member, member.values())):  # nearly always
        yield PostedLead([NamedAnswer(name, text_at(value)) for name, value in member.items()], member, event=member)
        return
    tidied = _tidied(member) if _is_form_sized(member) else {}
    if not tidied or not _is_form_sized(tidied):  # searching it for meaning would only keep a thread busy
        yield PostedLead([NamedAnswer(name, answer) for name, answer in collect(flatten(member)).items()], member)
        return
    opened = open_envelope(tidied, mapped)
    for lead in opened:
        whole = member if len(opened) == 1 else lead.whole
        yield PostedLead(lead.answers, whole, lead.details, lead.form_name, member)


def _is_plain(name: str, value: object) -> bool:
    """Whether a member is a plain name with one answer."""
    if isinstance(value, str):
        return not value.startswith(("{", "[")) and is_mere_name(name)
    return not isinstance(value, list | Mapping) and is_mere_name(name)


def _is_form_sized(member: Json) -> bool:
    """Whether an object has no more different names than a form can have, at any depth."""
    if len(member) > MAX_NAMES:
        return False
    names: set[str] = set()
    waiting: list[object] = [member]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            names.update(value)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
        if len(names) > _MAX_KEYS:
            return False
    return True


def _tidied(value: Json, depth: int = 0) -> Json:
    """The object with dotted names nested and JSON texts parsed."""
    tidied: dict[str, object] = {}
    for name, member in value.items():
        _put(tidied, _path_of(name), _unpacked(member, depth))
    return {name: _listed(member) for name, member in tidied.items()}


def _path_of(name: str) -> list[str]:
    if "." not in name and "__" not in name:
        return [name]
    nested = _JOINED.sub(".", name)
    is_path = nested.count(".") < _MAX_LEVELS and _PATH.fullmatch(nested)
    return nested.split(".") if is_path else [nested]


def _put(tree: dict[str, object], path: Sequence[str], value: object) -> None:
    """Put a value at its path; where something else is in the way, under its whole name."""
    branch = tree
    for step in path[:-1]:
        below = branch.setdefault(step, {})
        if not isinstance(below, dict):
            tree[".".join(path)] = value
            return
        branch = below
    if path[-1] in branch:
        tree[".".join(path)] = value
    else:
        branch[path[-1]] = value


def _listed(value: object) -> object:
    """A list for an object with the keys 0, 1, 2 …, as forms send lists."""
    if not isinstance(value, dict):
        return value
    members = {name: _listed(member) for name, member in value.items()}
    is_list = bool(members) and all(name == str(number) for number, name in enumerate(members))
    return list(members.values()) if is_list else members


def _gathered(value: object) -> object:
    """One object for a list of names with one answer each, as objects or pairs; else the value itself."""
    if not isinstance(value, list) or not 1 < len(value) <= MAX_NAMES:
        return value
    gathered: dict[str, object] = {}
    for member in value:
        name, answer = _pair(member)
        if not any(map(str.isalpha, name)) or name in gathered or isinstance(answer, list | Mapping):
            return value
        gathered[name] = answer
    return gathered


def _pair(member: object) -> tuple[str, object]:
    """The name and answer of a pair, "" as the name for anything else."""
    if isinstance(member, Mapping) and len(member) == 1:
        return next(iter(member.items()))
    if isinstance(member, list) and len(member) == len(("name", "answer")) and isinstance(member[0], str):
        return member[0], member[1]
    return "", None


def _unpacked(value: object, depth: int) -> object:
    if depth >= _MAX_LEVELS:
        return value
    if isinstance(value, str):
        held = read_packed(value)
        is_meant = isinstance(held, Mapping) or bool(tables_at(held))
        return _unpacked(held, depth + 1) if is_meant and held else value
    if isinstance(value, list):
        gathered = _gathered(value)
        if isinstance(gathered, list):
            return [_unpacked(member, depth + 1) for member in value]
        value = gathered
    return _tidied(value, depth + 1) if isinstance(value, Mapping) else value
