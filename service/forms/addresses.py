"""Web addresses in the forms file: redirects, origins, domains, a CRM's host, alert addresses."""

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from marshmallow import ValidationError

from service.forms.templates import Slot, has_slots, parse, read_braces
from service.forms.values import read_name, read_trimmed

SITE = "https://www.example.com"


def split_web_address(text: str) -> SplitResult | None:
    """The parts of an http(s) address; None when it is none."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a bad port or IPv6 host
        return None
    return parts if usable and not re.search(r"[\s\\<>\"]", text) else None


def read_web_address(value: Any) -> str:
    """An http(s) address."""
    text = read_name(value)
    if not split_web_address(text):
        raise ValidationError(f"{value!r} is not a web address: write one such as {SITE}/check")
    return text


def read_redirect(value: Any, page: str = "thanks") -> str:
    """Where a visitor goes next: an http(s) address, or "" for our own thank-you page; likewise for other pages."""
    text = read_trimmed(value)
    if text and not split_web_address(text):
        raise ValidationError(f"{value!r} is not a web address: write one such as {SITE}/{page}")
    return text


def read_redirect_template(value: Any) -> str:
    """As read_redirect, with answers behind the host: none can change where it leads."""
    text = read_braces(value, read_trimmed)
    if not has_slots(text):
        return read_redirect(value)
    read_redirect("".join("x" if isinstance(piece, Slot) else piece for piece in parse(text)))
    if not re.match(r"https?://[^/?#{}]+[/?#]", text):
        raise ValidationError(f"{value!r} lets an answer change the host: write answers after it, {SITE}/{{location}}")
    return text


def read_origin(value: Any) -> str:
    """A site that may post, as its browser names it: scheme, host and port, in small letters."""
    text = read_name(value).lower().removesuffix("/")
    if text == "*":
        raise ValidationError("'*' is not needed: leave allowed_origins out, and any site may post")
    parts = split_web_address(text)
    if not parts or "@" in parts.netloc:
        raise ValidationError(f"{value!r} is not an origin: write one such as {SITE}")
    if parts.path or parts.query or parts.fragment:
        raise ValidationError(f"{value!r} has a part after the host: write {parts.scheme}://{parts.netloc}")
    return text


def read_base_url(value: Any) -> str:
    """The host of a CRM: scheme and host, no path."""
    text = read_name(value).removesuffix("/")
    parts = split_web_address(text)
    if not parts or "@" in parts.netloc:
        raise ValidationError("is not the address of a CRM: write https://spaces.nexudus.com")
    if parts.path or parts.query or parts.fragment:
        raise ValidationError(f"{value!r} has a part after the host: write {parts.scheme}://{parts.netloc}")
    return text


def read_domain(value: Any) -> str:
    """A domain, with all hosts under it, as the operator wrote it."""
    text = read_name(value)
    if text.startswith("*."):
        raise ValidationError(
            f"{value!r} needs no star: write {text.removeprefix('*.')!r}, which includes its subdomains"
        )
    if not re.fullmatch(r"(https?://)?[^\s/?#@*,;]+(/\S*)?", text, re.IGNORECASE):
        raise ValidationError(f"{value!r} is not a domain: write one such as 'example.com'")
    return text


def read_alert_address(value: Any) -> str:
    """An Apprise address. It holds a password, so it is not repeated."""
    text = read_name(value)
    if "://" not in text:
        raise ValidationError("is not an Apprise address: write one such as mailto://user:password@example.com")
    return text
