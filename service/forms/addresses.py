"""URLs in the forms file: redirects, origins, domains, the host of a CRM, alert addresses."""

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from marshmallow import ValidationError

from service.forms.templates import Slot, has_slots, parse, read_braces
from service.forms.values import read_list, read_name, read_trimmed

SITE = "https://www.example.com"

_LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "::1"))
_UNSAFE_IN_POLICY = re.compile(r"[;,'\s\x00-\x1f\x7f]|[^\x20-\x7e]")


def split_web_address(text: str) -> SplitResult | None:
    """Return the parts of an http(s) URL; None for anything else."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a bad port or IPv6 host
        return None
    return parts if usable and not re.search(r"[\s\\<>\"]", text) else None


def read_web_address(value: Any) -> str:
    """Read an http(s) URL."""
    text = read_name(value)
    if not split_web_address(text):
        raise ValidationError(f"{value!r} is not a web address: write one such as {SITE}/check")
    return text


def read_redirect(value: Any, page: str = "thanks") -> str:
    """Read the URL of a page to which a visitor is redirected; "" for our own page."""
    text = read_trimmed(value)
    if text and not split_web_address(text):
        raise ValidationError(f"{value!r} is not a web address: write one such as {SITE}/{page}")
    return text


def read_redirect_template(value: Any) -> str:
    """Read the URL of a page, with slots only after the host, so that no answer can change the site."""
    text = read_braces(value, read_trimmed)
    if not has_slots(text):
        return read_redirect(value)
    read_redirect("".join("x" if isinstance(piece, Slot) else piece for piece in parse(text)))
    if not re.match(r"https?://[^/?#{}]+[/?#]", text):
        raise ValidationError(f"{value!r} lets an answer change the host: write answers after it, {SITE}/{{location}}")
    return text


def read_logo_url(value: Any) -> str:
    """Read the address of an image; "" for none. It must fit the pages' policy, which allows to load nothing else."""
    text = read_trimmed(value)
    parts = split_web_address(text)
    if text and (not parts or "@" in parts.netloc or "#" in text):
        raise ValidationError(f"{value!r} is not the address of an image: write one such as {SITE}/logo.svg")
    if parts and parts.scheme != "https" and parts.hostname not in _LOCAL_HOSTS:
        raise ValidationError(f"{value!r} is not secure, and browsers would not show it: write https://")
    if sign := _UNSAFE_IN_POLICY.search(text):
        raise ValidationError(f"{value!r} contains {sign[0]!r}, which a page's policy cannot name: encode it with %")
    return text


def read_origin(value: Any) -> str:
    """Read the origin of a site that may post, as browsers send it: scheme, host and port in lower case."""
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
    """Read scheme and host of a CRM."""
    text = read_name(value).removesuffix("/")
    parts = split_web_address(text)
    if not parts or "@" in parts.netloc:
        raise ValidationError("is not the address of a CRM: write https://spaces.nexudus.com")
    if parts.path or parts.query or parts.fragment:
        raise ValidationError(f"{value!r} has a part after the host: write {parts.scheme}://{parts.netloc}")
    return text


def read_domain(value: Any) -> str:
    """Read a domain, which includes its subdomains."""
    text = read_name(value)
    if text.startswith("*."):
        raise ValidationError(
            f"{value!r} needs no star: write {text.removeprefix('*.')!r}, which includes its subdomains"
        )
    if not re.fullmatch(r"(https?://)?[^\s/?#@*,;]+(/\S*)?", text, re.IGNORECASE):
        raise ValidationError(f"{value!r} is not a domain: write one such as 'example.com'")
    return text


def read_alert_address(value: Any) -> str:
    """Read an Apprise address. It may hold a password, so messages do not repeat it."""
    text = read_name(value)
    if "://" not in text:
        raise ValidationError("is not an Apprise address: write one such as mailto://user:password@example.com")
    return text


def read_alert_addresses(value: Any) -> tuple[str, ...]:
    """Read one Apprise address, or a list of them."""
    return tuple(read_list(value if isinstance(value, list) else [value], each=read_alert_address))
