"""The block list; the spelling of an entry shows what it blocks."""

import re
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from marshmallow import ValidationError

from service.forms.values import read_name

MIN_LATIN_CHARS, MIN_OTHER_CHARS = 3, 2
"""Minimum characters of words; in non-Latin scripts fewer characters say more."""

_LOOKS_LIKE_NETWORK = re.compile(r"\d+(\.\d+){3}(/.*)?|[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(/.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """One entry.

    kind: "address", "domain" (with its subdomains), "network" or "words". pattern: in lower case; a network as
    `192.0.2.0/24`.
    """

    kind: str
    pattern: str


def read_block(value: Any) -> Block:
    """Read one entry: `bob@spam.example`, `@spam.example`, `192.0.2.0/24`, or words."""
    text = " ".join(read_name(value).casefold().split())
    if _LOOKS_LIKE_NETWORK.fullmatch(text):
        return Block("network", _read_network(text))
    if "@" in text:
        return _read_mail(text)
    if text.startswith("*."):
        raise ValidationError(
            f"{value!r} needs no star: write '@{text[2:]}', which covers the domain and its subdomains"
        )
    if len(text) < (MIN_LATIN_CHARS if text.isascii() else MIN_OTHER_CHARS) or not any(map(str.isalnum, text)):
        raise ValidationError(f"{value!r} would quarantine nearly every lead: write a longer word")
    return Block("words", text)


def _read_network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValidationError(
            f"{text!r} is not a network: write one such as 192.0.2.0/24, or a single address"
        ) from None
    if network.prefixlen == 0:
        raise ValidationError(f"{text!r} would quarantine every lead: write a smaller network")
    return str(network)


def _read_mail(text: str) -> Block:
    if "*" in text:
        raise ValidationError(f"{text!r} needs no star: '@spam.example' covers a domain and its subdomains")
    name, _, domain = text.rpartition("@")
    if not re.fullmatch(r"[^\s@,;<>/]*[^\s@,;<>/.]", domain) or re.search(r"[\s@,;<>]", name):
        raise ValidationError(
            f"{text!r} is not an e-mail address: write bob@spam.example, or @spam.example for all of them"
        )
    return Block("address", text) if name else Block("domain", domain.removeprefix("."))
