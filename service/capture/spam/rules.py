"""Decides whether an enquiry looks like spam, with one reason. The rules are pure; duplicate texts are counted here,
too.

Robots vary the address they give, not what they sell: the same text from several people is suspicious.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network

from service.capture.fields.contact import line_of
from service.capture.fields.evidence import is_own_site
from service.forms import Block, Form
from service.lead import Reason, Submission, Suspicion
from service.rate_limit import Counters, WindowLimit

USUAL_SAME_TEXT = 3
"""Number of people after which a text with a link or an address is quarantined, if the form sets no `same_text`."""

MIN_COMPARED_CHARACTERS = 40
"""Minimum characters of a message to compare: shorter ones, such as "Please call me back", are alike by chance."""

MAX_COMPARED_CHARACTERS = 2000
"""Maximum characters of a message that are compared."""

_DAY_S = 86400
_ONCE = WindowLimit(1, _DAY_S)
_UNLIMITED = WindowLimit(2**31, _DAY_S)
_LEADS_ELSEWHERE = re.compile(
    r"https?://|www\.|[^\s@]@[^\s@]+\.\w|\+\d[\d\s().-]{6,}\d|\(\d{3}\)\s?\d{3}"
    r"|[\w-]\.(?:com|net|org|info|biz|io|ru|xyz|top|shop|online|site|store|club|link)\b",
    re.IGNORECASE,
)
_OR_RELEASE = "release it if it is real"
_LINK = re.compile(r"(?:\bhttps?://|(?<![\w./@-])www\.)([^\s/<>\"'\]\[()?#,;|]+)", re.IGNORECASE)
_MARKUP = re.compile(
    r"\[(?:url|link)=|\[(?:url|link)\]\s{0,20}(?:http|www)|<a\s[^<>]{0,200}?href\s{0,20}=", re.IGNORECASE
)
_PERSON_NAMES = ("full_name", "first_name", "last_name")
_NOT_SEARCHED_FOR_WORDS = frozenset(("email", "phone"))


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The facts about an enquiry besides its answers; "", None or 0 where unknown.

    ip: the visitor's address. trap: name of the hidden field that was filled in. fill_s: seconds from opening the
    page to sending it, by the visitor's clock. foreign_site: the site that posted without being allowed to.
    same_text: number of people who sent the same message today, this one included.
    """

    ip: str = ""
    trap: str = ""
    fill_s: float | None = None
    foreign_site: str = ""
    same_text: int = 0


_NO_CONTEXT = RequestContext()


def judge(submission: Submission, form: Form, context: RequestContext = _NO_CONTEXT) -> Suspicion | None:
    """Return the first reason to quarantine an enquiry, None when it looks genuine.

    Raises: nothing.
    """
    for reason, rule in RULES:
        sentence = rule(submission, form, context)
        if sentence:
            return Suspicion(reason, sentence)
    return None


def same_text_limit(form: Form) -> int:
    """Return the number of people from which the same text is quarantined; 0: never."""
    return USUAL_SAME_TEXT if form.same_text is None else form.same_text


def _filled_trap(_: Submission, __: Form, context: RequestContext) -> str:
    if not context.trap:
        return ""
    return f"The hidden field {context.trap!r}, which people do not see, was filled in: {_OR_RELEASE}."


def _blocked(submission: Submission, form: Form, context: RequestContext) -> str:
    match = find_block(submission, form.block, context.ip) if form.block else ""
    return match and f"The block list contains {match}: {_OR_RELEASE}, and remove the entry from `block`."


def _too_fast(_: Submission, form: Form, context: RequestContext) -> str:
    if context.fill_s is None or context.fill_s >= form.min_fill_s:
        return ""
    return (
        f"It was filled in within {context.fill_s:.1f} seconds: {_OR_RELEASE}. "
        "If the page submits forms automatically, set `min_fill_seconds` to 0."
    )


def _foreign_site(_: Submission, __: Form, context: RequestContext) -> str:
    if not context.foreign_site:
        return ""
    return f"It came from {context.foreign_site}, which is not in `allowed_origins`: {_OR_RELEASE}, or add the site."


def _stray_links(submission: Submission, form: Form, _: RequestContext) -> str:
    problem = find_stray_link(submission, form)
    return problem and f"{problem}: {_OR_RELEASE}."


def _repeated_text(_: Submission, form: Form, context: RequestContext) -> str:
    limit = same_text_limit(form)
    if not limit or context.same_text < limit:
        return ""
    return (
        f"{context.same_text} people sent the same text within a day: {_OR_RELEASE}. "
        "If your page fills in the message, set `same_text` to 0."
    )


RULES: tuple[tuple[Reason, Callable[[Submission, Form, RequestContext], str]], ...] = (
    (Reason.HONEYPOT, _filled_trap),
    (Reason.BLOCKED, _blocked),
    (Reason.TOO_FAST, _too_fast),
    (Reason.FOREIGN_ORIGIN, _foreign_site),
    (Reason.LINKS, _stray_links),
    (Reason.REPEATED, _repeated_text),
)
"""The rules from the most to the least certain; the first that applies gives the reason."""


def find_stray_link(submission: Submission, form: Form) -> str:
    """Return what is wrong with the links of an enquiry: in a name, as markup, or too many; "" when nothing is.

    Links to the form's own sites do not count.
    """
    fields = submission.fields
    if any(_LINK.search(line_of(fields[name])) for name in _PERSON_NAMES if name in fields):
        return "The name contains a link"
    texts = _texts((*fields.values(), *submission.extras.values()))
    if any(_MARKUP.search(text) for text in texts if "[" in text or "<" in text):
        return "It contains links in markup, as robots write them ([url] or <a href>)"
    links = _LINK.finditer(line_of(fields.get("message", "")))
    number = sum(not is_own_site(link[1], form) for link in links)
    return f"The message contains {number} links, more than `max_links` allows" if number > form.max_links else ""


def find_block(submission: Submission, blocks: Sequence[Block], ip: str = "") -> str:
    """Return which entry of the block list an enquiry matches, "" for none. ip: the visitor's, "" unknown.

    Words are searched for in every answer but e-mail address and phone number: whole words, in any case.
    """
    email = submission.contact.email.casefold()
    for block in blocks:
        if block.kind == "address" and email == block.pattern:
            return "its e-mail address"  # not repeated here: it is personal data, and stands in the lead
        if block.kind == "domain" and f".{email.rpartition('@')[2]}".endswith(f".{block.pattern}"):
            return f"e-mail addresses of {block.pattern!r}"
        if block.kind == "network" and _is_within(ip, block.pattern):
            return f"the network {block.pattern}"
    words = _word_pattern(tuple(block.pattern for block in blocks if block.kind == "words"))
    match = words.search(_searched_text(submission)) if words else None
    return f"the words {match[0]!r}" if match else ""


def _is_within(ip: str, network: str) -> bool:
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # an IPv4 visitor of a server that listens on IPv6
    return (mapped or address) in ip_network(network)


def _searched_text(submission: Submission) -> str:
    fields = (answer for name, answer in submission.fields.items() if name not in _NOT_SEARCHED_FOR_WORDS)
    text = " \n ".join(_texts((*fields, *submission.extras.values())))
    return re.sub(r"\s+", " ", text.casefold())


def _texts(answers: Iterable[str | Sequence[str]]) -> list[str]:
    return [text for answer in answers for text in ([answer] if isinstance(answer, str) else answer) if text]


@lru_cache(maxsize=256)
def _word_pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(_whole_word, words))) if words else None


def _whole_word(words: str) -> str:
    before = r"(?<!\w)" if _has_word_boundaries(words[0]) else ""
    after = r"(?!\w)" if _has_word_boundaries(words[-1]) else ""
    return f"{before}{re.escape(words)}{after}"


def _has_word_boundaries(character: str) -> bool:
    """Whether its script separates words: Chinese, Japanese and Thai do not."""
    return character.isalnum() and unicodedata.category(character) != "Lo"


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
    """Whether a text counts.

    A page may prefill the message, so by default only a text that no page would write does.
    """
    if form.same_text == 0 or len(text) < MIN_COMPARED_CHARACTERS:
        return False
    return form.same_text is not None or bool(_LEADS_ELSEWHERE.search(text[:MAX_COMPARED_CHARACTERS]))


def _digest(text: str) -> str:
    letters = "".join(filter(str.isalnum, text[:MAX_COMPARED_CHARACTERS].casefold()))
    return hashlib.blake2b(letters.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
