"""Who is let in, and which roles the login lacks."""

import base64
import binascii
import hashlib
from fnmatch import fnmatchcase

from service.simulator.exchange import Call
from service.simulator.settings import Settings
from service.simulator.tokens import Tokens


def signs_in(call: Call, settings: Settings, tokens: Tokens) -> bool:
    """Whether the Authorization header is good: a live bearer token, or Basic with the login or an application."""
    scheme, _, value = call.authorization.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return (settings.bearer is not None and value == settings.bearer) or tokens.admits(value)
    return scheme.lower() == "basic" and _is_basic_login(value, settings)


def holds(role: str, settings: Settings) -> bool:
    """Whether the login has a role such as "Coworker-Create"; "" is none in particular."""
    return not any(fnmatchcase(role, pattern) for pattern in settings.denied)


def _is_basic_login(value: str, settings: Settings) -> bool:
    try:
        username, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    if username == settings.app_key:
        return password == _app_password(settings)
    return username.lower() == settings.username.lower() and password == settings.password


def _app_password(settings: Settings) -> str:
    """What an application signs its calls with ("Authentication (published apps)"): MD5(t + secret) as hex."""
    token_and_secret = (settings.app_token + settings.app_secret).encode()
    return hashlib.md5(token_and_secret, usedforsecurity=False).hexdigest()
