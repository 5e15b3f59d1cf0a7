"""The operator's block list: whom or what an enquiry is held for."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network

from service.capture.claims import texts_of
from service.forms import Block
from service.lead import Submission

_NO_WORDS = frozenset(("email", "phone"))


def find_block(submission: Submission, blocks: Sequence[Block], ip: str = "") -> str:
    """Say what of an enquiry the block list names, "" when nothing; ip: the visitor's, "" unknown.

    Words are looked for in every answer but e-mail address and number, whole and in any case.
    """
    if not blocks:
        return ""
    email = submission.contact.email.casefold()
    checks: dict[str, Callable[[str], bool]] = {
        "address": lambda what: email == what,
        "domain": lambda what: f".{email.rpartition('@')[2]}".endswith(f".{what}"),
        "network": lambda what: _is_within(ip, what),
    }
    for block in blocks:
        if block.kind in checks and checks[block.kind](block.what):
            return _describe(block)
    words = _pattern(tuple(block.what for block in blocks if block.kind == "words"))
    found = words.search(_text(submission)) if words else None
    return f"the words {found[0]!r}" if found else ""


def _describe(block: Block) -> str:
    """Without the address: that is a person's, and stands in the lead."""
    if block.kind == "domain":
        return f"e-mail addresses of {block.what!r}"
    return f"the network {block.what}" if block.kind == "network" else "its e-mail address"


def _is_within(ip: str, network: str) -> bool:
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # how a server on IPv6 sees IPv4
    return (mapped or address) in ip_network(network)


def _text(submission: Submission) -> str:
    answers = (
        *(answer for name, answer in submission.fields.items() if name not in _NO_WORDS),
        *submission.extras.values(),
    )
    said = " \n ".join(text for answer in answers for text in texts_of(_plain(answer)))
    return re.sub(r"\s+", " ", said.casefold())


def _plain(answer: str | Sequence[str]) -> str | list[str]:
    return answer if isinstance(answer, str) else list(answer)


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(_whole, words))) if words else None


def _whole(words: str) -> str:
    before = r"(?<!\w)" if _is_spaced(words[0]) else ""
    after = r"(?!\w)" if _is_spaced(words[-1]) else ""
    return f"{before}{re.escape(words)}{after}"


def _is_spaced(character: str) -> bool:
    """Whether words of its script stand apart: those of Chinese, Japanese or Thai do not."""
    return character.isalnum() and unicodedata.category(character) != "Lo"
