"""Recorded requests of real senders, as the tests replay them."""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent.parent.parent / "samples"

_PLATFORMS = {"google": "google-ads", "meta": "meta", "linkedin": "linkedin", "tiktok": "tiktok", "aggregator": "json"}
_TOOLS = {
    "cf7": "contact-form-7",
    "calcom": "cal-com",
    "elementor": "elementor",
    "fluentforms": "fluent-forms",
    "generic": "json",
    "gravityforms": "gravity-forms",
    "ninjaforms": "ninja-forms",
}
_OWN_FORMS = ("html-", "fetch-", "beacon-")


@dataclass(frozen=True)
class Recorded:
    """One recorded request and what is expected of it."""

    name: str
    sender: str
    sample: dict[str, Any]

    @property
    def method(self) -> str:
        """Of HTTP."""
        return str(self.sample["request"]["method"])

    @property
    def headers(self) -> dict[str, str]:
        """All headers except those that the client sets itself."""
        sent: dict[str, str] = self.sample["request"].get("headers") or {}
        return {name: value for name, value in sent.items() if name.lower() not in ("host", "content-length")}

    @property
    def query(self) -> dict[str, str]:
        """Of the address."""
        return self.sample["request"].get("query") or {}

    @property
    def body(self) -> bytes:
        """The exact bytes."""
        request = self.sample["request"]
        for raw in (self.sample.get("raw_body"), request.get("raw_body")):
            if raw is not None:
                return str(raw).encode()
        return b"" if request.get("body") is None else json.dumps(request["body"]).encode()

    @property
    def expected(self) -> dict[str, Any]:
        """The expected result."""
        expectation: dict[str, Any] = self.sample["expect"]
        return expectation

    @property
    def table(self) -> dict[str, Any]:
        """The sender's table in the operator's forms file."""
        secret = self.sample.get("secret")
        if isinstance(secret, str):
            return {"secret": secret}
        names = {"google_key": "key", "bearer": "token"}
        return {
            **{names.get(name, name): value for name, value in (secret or {}).items()},
            **self.sample.get("source_config", {}),
        }

    @property
    def verified_at(self) -> float | None:
        """The time of the call in unix seconds, if its proof has an age."""
        signature = self.sample.get("signature") or {}
        if "verify_at_ms" in signature:
            return float(signature["verify_at_ms"]) / 1000
        return float(signature["verify_at"]) if "verify_at" in signature else None


def recorded(*senders: str) -> list[Recorded]:
    """All recorded requests of these senders, of all senders where none is named."""
    return [each for each in _all_recorded() if not senders or each.sender in senders]


@cache
def _all_recorded() -> tuple[Recorded, ...]:
    """Every recorded request, read once in a process: hundreds of tests look for theirs."""
    return tuple(
        Recorded(path.stem, _sender_of(path), json.loads(path.read_text("utf-8")))
        for folder in ("ad-platforms", "form-tools")
        for path in sorted((SAMPLES / folder).glob("*.json"))
        if not path.stem.startswith(_OWN_FORMS)
    )


def _sender_of(path: Path) -> str:
    if path.parent.name == "ad-platforms":
        return _PLATFORMS[path.stem.partition("-")[0]]
    hint = json.loads(path.read_text("utf-8"))["request"]["path_hint"]
    match = re.search(r"/in/([a-z0-9-]+)/", hint)
    assert match, path
    return _TOOLS.get(match[1], match[1])
