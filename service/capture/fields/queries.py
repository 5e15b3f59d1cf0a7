"""Answers in the query of an address: HTTP nodes of many automations send GET by default, some tools nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.layout import CLICK_IDS, UTM_KEYS
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.texts import clean
from service.capture.tools.sender import WebhookCall
from service.lead import CANONICAL_FIELDS

FORM_ENCODING = "application/x-www-form-urlencoded"

_NO_ANSWERS = frozenset(
    (
        *("token", "key", "secret", "apikey", "accesstoken", "auth", "authorization", "password", "signature", "sig"),
        *("hubmode", "hubtopic", "hubchallenge", "hubverifytoken", "challenge", "challengecode", "validationtoken"),
        *("crctoken", "verificationtoken", "applicationid", "lang", "format"),
    )
)
"""Folded names of secrets, of handshakes, and of parameters that control the response."""

_EMPTY_BODIES = (b"", b"{}", b"[]", b"[{}]", b"null", b'""')


def answers_in(query: str) -> list[tuple[str, str]]:
    """Return the names and values of a query (without "?") that may be answers: neither proofs nor campaign tags."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
    return [(name, value) for name, value in pairs if _is_answer(name)] if query else []


def _is_answer(name: str) -> bool:
    target = _target_of(name)
    return fold(name) not in _NO_ANSWERS and target not in UTM_KEYS and target not in CLICK_IDS


def holds_nothing(body: bytes) -> bool:
    """Return whether a body is empty, as tools send it without content."""
    return b"".join(body.split()) in _EMPTY_BODIES


def as_body(call: WebhookCall, pairs: Sequence[tuple[str, str]]) -> WebhookCall:
    """Return the call with the answers in its query as its body."""
    headers = {**call.headers, "content-type": FORM_ENCODING}
    return replace(call, body=urlencode(pairs).encode(), headers=headers)


def with_answers(item: Item, pairs: Sequence[tuple[str, str]]) -> Item:
    """Return an enquiry with the answers that only its address has, such as `?location=london`.

    Only answers of known meaning count, since an address may hold anything. Where the body answers the same question,
    the address is kept as a remark: `?name=zapier` is not the name of the person who filled in the form.
    """
    if not isinstance(item, Enquiry):
        return item
    known = {each.target or _target_of(each.name) for each in item.answers}
    canonical = [(name, clean(value)) for name, value in pairs if _target_of(name) in CANONICAL_FIELDS]
    more = [NamedAnswer(name, value) for name, value in canonical if _target_of(name) not in known]
    beside = {f"{name} (in the address)": value for name, value in canonical if _target_of(name) in known}
    return replace(item, answers=[*item.answers, *more], details={**item.details, **beside})


def _target_of(name: str) -> str:
    meaning = meaning_of(name)
    return meaning.target if meaning else ""
