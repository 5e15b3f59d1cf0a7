"""Every sender's proof, implemented a second time from the facts, so that a mistake of the service would show."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SECRET = "a-secret-of-the-test-0123456789abcdef"
URL = "https://leads.example.com"


@dataclass(frozen=True)
class Signed:
    """A call ready to be sent."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def _hex(message: bytes) -> str:
    return hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()


def _base64(message: bytes) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), message, hashlib.sha256).digest()).decode()


def _timed(header: str, mark: str) -> Callable[[bytes, str, float], dict[str, str]]:
    return lambda body, _path, at: {header: f"t={int(at)},{mark}={_hex(str(int(at)).encode() + b'.' + body)}"}


def _webflow(body: bytes, _path: str, at: float) -> dict[str, str]:
    millis = str(int(at * 1000))
    return {"x-webflow-timestamp": millis, "x-webflow-signature": _hex(f"{millis}:".encode() + body)}


def _framer(body: bytes, _path: str, _at: float) -> dict[str, str]:
    return {
        "Framer-Webhook-Submission-Id": "submission-1",
        "Framer-Signature": f"sha256={_hex(body + b'submission-1')}",
    }


def _hubspot(body: bytes, path: str, at: float) -> dict[str, str]:
    millis = str(int(at * 1000))
    signed = f"POST{URL}{path}".encode() + body + millis.encode()
    return {"X-HubSpot-Request-Timestamp": millis, "X-HubSpot-Signature-v3": _base64(signed)}


def _netlify(body: bytes, _path: str, _at: float) -> dict[str, str]:
    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    claims = json.dumps({"iss": "netlify", "sha256": hashlib.sha256(body).hexdigest()}).encode()
    signed = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(claims)
    signature = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
    return {"X-Webhook-Signature": (signed + b"." + part(signature)).decode()}


SIGNATURES: Mapping[str, Callable[[bytes, str, float], dict[str, str]]] = {
    "meta": lambda body, _path, _at: {"X-Hub-Signature-256": f"sha256={_hex(body)}"},
    "linkedin": lambda body, _path, _at: {"X-LI-Signature": _hex(b"hmacsha256=" + body)},
    "tiktok": lambda body, _path, _at: {"X-Open-Signature": _hex(body)},
    "typeform": lambda body, _path, _at: {"Typeform-Signature": f"sha256={_base64(body)}"},
    "tally": lambda body, _path, _at: {"Tally-Signature": _base64(body)},
    "cal-com": lambda body, _path, _at: {"X-Cal-Signature-256": _hex(body)},
    "webflow": _webflow,
    "framer": _framer,
    "hubspot": _hubspot,
    "netlify": _netlify,
    "calendly": _timed("Calendly-Webhook-Signature", "v1"),
    "formspree": _timed("Formspree-Signature", "v1"),
    "wpforms": _timed("X-WPForms-Webhook-Signature", "v"),
}
"""Sender -> (body, path, unix seconds) -> the headers of its proof. The others have a token, or a key in the body."""

TIMED = ("webflow", "hubspot", "calendly", "formspree", "wpforms")
"""Senders whose proof says when it was made."""

SECRET_KEYS = {"meta": "app_secret", "linkedin": "client_secret", "tiktok": "app_secret"}


def table_of(sender: str) -> dict[str, Any]:
    """Return a sender's table in the forms file, such that its calls must be authenticated."""
    if sender == "google-ads":
        return {"key": SECRET}
    if sender in SIGNATURES:
        return {SECRET_KEYS.get(sender, "secret"): SECRET}
    return {"token": SECRET}


def sign(sender: str, body: bytes, path: str, at: float) -> Signed:
    """Prove `body` as its sender does."""
    if sender == "google-ads":
        return Signed(body)
    if sender in SIGNATURES:
        return Signed(body, SIGNATURES[sender](body, path, at))
    return Signed(body, {"Authorization": f"Bearer {SECRET}"})
