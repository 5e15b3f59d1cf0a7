"""Readers of settings: text -> value, or a ValueError with the problem and what to write instead.

No sentence repeats a text that may contain a password.
"""

import base64
import binascii
import ipaddress
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

WINDOW_SECONDS = {"s": 1, "min": 60, "h": 3600, "day": 86400}
WAIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
YES, NO = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}
MIN_SECRET_KEY_CHARS = 16
"""Minimum length of SECRET_KEY: 64 bits in hex, which cannot be guessed."""

MIN_PASSWORD_CHARS = 12
"""Minimum length of the dashboard's password, whose guesses are limited by address."""

MIN_TOKEN_CHARS = 16
"""Minimum length of a token that a program sends: 64 bits in hex."""

MIN_ENCRYPTION_KEY_CHARS = 32
"""Minimum length: 128 bits in hex, as guesses against a copy of the database are limited only by computing power."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` calls, or writes only, in any `window_s` seconds."""

    count: int
    window_s: int
    writes_only: bool = False


@dataclass(frozen=True, slots=True)
class Daily:
    """A time of day in a time zone."""

    at: time
    zone: ZoneInfo


def read_choice(text: str, choices: tuple[str, ...]) -> str:
    """Read one of `choices`, in any case."""
    if text.lower() not in choices:
        raise ValueError(f"{text!r} is unknown: write {' or '.join(choices)}")
    return text.lower()


def read_flag(text: str) -> bool:
    """Read true or false in the usual spellings."""
    if text.lower() not in YES | NO:
        raise ValueError(f"{text!r} is neither true nor false: write true or false")
    return text.lower() in YES


def read_count(text: str, least: int, most: int) -> int:
    """Read a whole number from `least` to `most`."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise ValueError(f"{text!r} is not a whole number from {least} to {most}: write one")
    return int(text)


def read_seconds(text: str, most: int) -> float:
    """Read seconds above 0, without a unit; fractions are allowed."""
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or not 0 < float(text) <= most:
        raise ValueError(f"{text!r} is not a number of seconds above 0 and up to {most}: write one, without a unit")
    return float(text)


def read_durations(text: str) -> tuple[float, ...]:
    """Read waits such as `5s 2m 1h`, in seconds."""
    return tuple(read_duration(word) for word in text.replace(",", " ").split())


def read_duration(word: str) -> float:
    """Read one wait such as `30s`, `2m`, `1h` or `1d`, in seconds."""
    parts = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([smhd])", word)
    if not parts:
        raise ValueError(f"{word!r} is not a time span: write a number and s, m, h or d, such as 30s or 2m")
    return float(parts[1]) * WAIT_SECONDS[parts[2]]


def read_limits(text: str) -> tuple[RateLimit, ...]:
    """Read limits such as `10/s 60w/min`."""
    return tuple(read_limit(word) for word in text.replace(",", " ").split())


def read_limit(word: str) -> RateLimit:
    """Read one limit, `COUNT[w]/[N]UNIT`: `120w/10s` is 120 writes in any 10 seconds."""
    parts = re.fullmatch(r"([1-9][0-9]{0,8})(w?)/([1-9][0-9]{0,4})?(s|min|h|day)", word)
    if not parts:
        raise ValueError(
            f"{word!r} is not a limit: write COUNT/UNIT with unit s, min, h or day, such as 10/s or 60w/min"
        )
    count, writes, times, unit = parts.groups()
    return RateLimit(int(count), int(times or 1) * WINDOW_SECONDS[unit], bool(writes))


def read_submit_limit(text: str) -> RateLimit | None:
    """Read one limit such as `30/min`; None for `off`."""
    if text.lower() == "off":
        return None
    limit = read_limit(text)
    if limit.writes_only:
        raise ValueError(f"{text!r} has a w, but every form post is a write: write {text.replace('w', '')} or off")
    return limit


def read_url(text: str, path: bool = True) -> str:
    """Read an http(s) URL without its last slash; `path`: whether it may have a path."""
    example = "https://leads.example.com"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or re.search(r"\s", text):
        raise ValueError(f"this is not a web address: write one such as {example}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"the address must have no user name, ? or #: write one such as {example}")
    if parts.path.strip("/") and not path:
        raise ValueError(f"the address must end after the host: write {parts.scheme}://{parts.netloc}")
    return text.rstrip("/")


def read_issuer(text: str) -> str:
    """Read the issuer of an OpenID Connect provider, unchanged: a slash at its end belongs to it."""
    address = read_url(text)
    if crosses_in_the_clear(address):
        raise ValueError("this would send codes and secrets over the network unencrypted: write an https:// address")
    return text if text == f"{address}/" else address


def read_domains(text: str) -> tuple[str, ...]:
    """Read e-mail domains separated by commas: "example.com, example.org"."""
    domains = tuple(word.lower().removeprefix("@") for word in re.split(r"[\s,]+", text.strip(" ,\n")) if word)
    if not all(re.fullmatch(r"([\w-]+\.)+[\w-]+", domain) for domain in domains):
        raise ValueError("write domains of e-mail addresses, separated by commas: example.com, example.org")
    return domains


def read_otlp_endpoint(text: str) -> str:
    """Read the address that spans are sent to."""
    address = read_url(text)
    check_extra("opentelemetry-exporter-otlp-proto-http", "otel")
    return address


def read_sentry_dsn(text: str) -> str:
    """Read the address of a project at Sentry, with its public key."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.username and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not re.fullmatch(r"(/.*)?/[0-9]+", parts.path):
        raise ValueError("this is not a DSN: copy it from the project's settings at Sentry, Client Keys")
    check_extra("sentry-sdk", "sentry")
    return text


def check_extra(distribution: str, extra: str) -> None:
    """Raise ValueError if the distribution that an extra installs is missing."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 (takes longer than all of this)

    try:
        version(distribution)
    except PackageNotFoundError:
        raise ValueError(
            f"needs the extra {extra}, which is not installed: pip install 'nexudus-lead-capture[{extra}]'"
        ) from None


IN_THE_CLEAR = (
    "http:// sends credentials and leads over the network in the clear: write https://, or set NEXUDUS_ALLOW_HTTP=true "
    "if that network is yours"
)


def crosses_in_the_clear(url: str) -> bool:
    """Return whether a URL is http:// and names another machine.

    localhost with its subdomains and loopback addresses are this machine. A name without a dot is not: a search domain
    or a container network may resolve it to any host.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name
        return True


def read_database_url(text: str) -> str:
    """Read a SQLite or PostgreSQL URL; the old spelling postgres:// becomes postgresql://."""
    if text.startswith("postgres://"):
        text = f"postgresql://{text.removeprefix('postgres://')}"
    if not re.match(r"sqlite:///.|postgresql(\+psycopg)?://.", text):
        raise ValueError(
            "this is not a database address: write sqlite:///lead-capture.db or postgresql://user@host/name"
        )
    if text.startswith("postgresql") and _splits_wrongly(text.partition("://")[2]):
        raise ValueError(
            "its user name or password has a special character: percent-encode each @ as %40, / as %2F, : as %3A, "
            "? as %3F, # as %23 and % as %25"
        )
    return text


def _splits_wrongly(rest: str) -> bool:
    """Return whether the part after the scheme has an @ / ? or # that ends the password too early.

    A client of such an address looks for a host named by a piece of the password, and logs it.
    """
    place, path = re.fullmatch(r"([^/?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr] # matches all
    login, _, host = place.rpartition("@")
    port = re.sub(r"\[.*?\]", "", host).partition(":")[2]
    return "@" in login or "@" in path.partition("?")[0] or ("@" in path and bool(port) and not port.isdigit())


def read_host(text: str) -> str:
    """Read an address to listen on, an IPv6 one with or without its brackets: "127.0.0.1", "::1", "localhost"."""
    host = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    with suppress(ValueError):
        return str(ipaddress.ip_address(host))
    labels = host.rstrip(".").split(".")
    if host != text or labels[-1].isdigit() or not all(re.fullmatch(r"[A-Za-z0-9]([\w-]*\w)?", one) for one in labels):
        raise ValueError(
            f"{text!r} is not an address to listen on: write one without a port, such as 127.0.0.1, or 0.0.0.0 for all"
        )
    return host


def read_totp_secret(text: str) -> str:
    """Read the seed of one-time passwords: base 32, in capitals and without spaces."""
    seed = re.sub(r"[\s-]", "", text).upper().rstrip("=")
    try:
        base64.b32decode(seed + "=" * (-len(seed) % 8))
    except binascii.Error:
        raise ValueError("this is not a TOTP seed: write the letters A-Z and digits 2-7 shown at its set-up") from None
    return seed


def read_long_enough(text: str, least: int) -> str:
    """Read a secret that strangers may try to guess, of at least so many characters."""
    if len(text) < least:
        raise ValueError(
            f"is too short: write {least} characters or more, such as the output of `openssl rand -hex 16`"
        )
    return text


def read_encryption_keys(text: str) -> tuple[str, ...]:
    """Read keys separated by commas, the newest first, which must be long: nothing slows down guessing.

    Older ones may be shorter, because an earlier SECRET_KEY may be among them.
    """
    keys = tuple(word for word in (part.strip() for part in text.split(",")) if word)
    if not keys:
        raise ValueError("there is no key in it: write one, such as the output of `openssl rand -hex 32`")
    least = [MIN_ENCRYPTION_KEY_CHARS, *[MIN_SECRET_KEY_CHARS] * (len(keys) - 1)]
    for number, (key, chars) in enumerate(zip(keys, least, strict=True), 1):
        if len(key) < chars:
            raise ValueError(
                f"key {number} of {len(keys)} is too short: write {chars} random characters or more, such as the "
                "output of `openssl rand -hex 32`"
            )
    return keys


def read_secret_key(text: str) -> str:
    """Read a key of 16 characters or more."""
    if len(text) < MIN_SECRET_KEY_CHARS:
        raise ValueError("is too short: write 16 random characters or more, or leave it out to have one made")
    return text


def read_daily(text: str) -> Daily | None:
    """Read a time of day and its zone, such as `07:00 UTC` or `8:30 Europe/London`; None for `off`."""
    if text.lower() == "off":
        return None
    parts = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?:\s+(\S+))?", text)
    if not parts:
        raise ValueError(f"{text!r} is not a time of day: write one such as 07:00 UTC or 08:00 Europe/London, or off")
    return Daily(time(int(parts[1]), int(parts[2])), read_zone(parts[3] or "UTC"))


def read_zone(text: str) -> ZoneInfo:
    """Read a time zone by its IANA name, such as `Europe/London`."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # unknown, malformed, or a folder of zones
        raise ValueError(f"the time zone {text!r} is unknown: write UTC, or one such as Europe/London") from None


def read_addresses(text: str) -> tuple[str, ...]:
    """Read Apprise addresses separated by commas; a part without a scheme belongs to the address before it."""
    addresses = tuple(word for word in re.split(r"[\s,]+(?=[\w+.-]+://)", text.strip(" ,\n")) if word)
    if not all("://" in address for address in addresses):
        raise ValueError(
            "each address needs a scheme: write addresses such as mailto://user:pass@example.com or slack://..."
        )
    return addresses
