"""A real OpenID Connect provider, and a browser that signs in there."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

from tests.processes import CHECKOUT
from tests.programs import give_up, installed

SOURCES = Path(__file__).parent
CLIENT_ID, CLIENT_SECRET = "lead-capture", "a-secret-of-the-tests"
PUBLIC_URL = "http://localhost:8000"
CALLBACK = f"{PUBLIC_URL}/admin/sign-in/provider/callback"
INSTALL_S, START_S = 180, 30

QUICKLY = ("--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
"""A machine without a network is noticed in a moment."""


def _packages() -> Path:
    """A folder with oidc-provider and what it needs, as package-lock.json names it: fetched once for each lock file."""
    lock = (SOURCES / "package-lock.json").read_bytes()
    folder = CHECKOUT / "build" / f"oidc-provider-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            folder.mkdir(exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SOURCES / name, folder)
            command = [installed("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts", *QUICKLY]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False)
            if done.returncode:
                give_up(f"npm cannot fetch oidc-provider: {done.stderr.strip()[:200]}")
            (folder / "installed").touch()
    shutil.copy(SOURCES / "provider.mjs", folder)
    return folder


@contextmanager
def provider(people: Mapping[str, Any], *, user_info: bool = False, algorithm: str = "RS256") -> Iterator[str]:
    """Run the provider; yield its issuer.

    people: name at the provider -> claims. user_info: the ID token has the subject only.
    """
    node, folder = installed("node", package="nodejs"), _packages()
    environ = {
        "PATH": os.environ["PATH"],
        "PEOPLE": json.dumps(people),
        "CALLBACK": CALLBACK,
        "CLIENT_SECRET": CLIENT_SECRET,
        "ALGORITHM": algorithm,
        "USER_INFO": "yes" if user_info else "no",
    }
    process = subprocess.Popen(
        [node, "provider.mjs"], cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, "")
        issuer = next((line.strip() for line in lines if line.startswith("http://")), "")
        assert issuer, "the provider did not start"
        yield issuer
    finally:
        process.terminate()
        process.wait(START_S)
        process.stdout.close()


class _StayHere(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing: where it leads is looked at."""


class BrowserAtProvider:
    """A browser at the provider: signs in by a name, consents, and is sent back."""

    def __init__(self) -> None:
        self._opener: OpenerDirector = build_opener(HTTPCookieProcessor(CookieJar()), _StayHere())

    def sign_in(self, address: str, name: str, *, consents: bool = True) -> str:
        """Go through the provider's pages from `address`; return the address that it sends the browser back to."""
        location, html = self._open(address)
        for _ in range(12):
            if location.startswith(CALLBACK):
                return location
            if location:
                address = location
                location, html = self._open(address)
                continue
            action = re.search(r'action="([^"]+)"', html)
            assert action is not None, html[:500]
            fields = {"prompt": "login", "login": name, "password": "any"}
            if 'value="consent"' in html:
                fields = {"prompt": "consent"}
                if not consents:
                    abort = re.search(r'href="([^"]+/abort)"', html)
                    assert abort is not None
                    location, html = self._open(urljoin(address, abort[1]))
                    continue
            location, html = self._open(urljoin(address, action[1]), fields)
        raise AssertionError("the provider sends the browser nowhere")

    def _open(self, address: str, fields: Mapping[str, str] | None = None) -> tuple[str, str]:
        """Where an address leads, "" for a page, and the page."""
        body = urlencode(fields).encode() if fields else None
        try:
            answer: Any = self._opener.open(Request(address, body), timeout=START_S)  # noqa: S310 (ours)
        except HTTPError as error:  # a redirect, too
            answer = error
        with answer:
            page, location = answer.read().decode(), answer.headers.get("Location")
        assert answer.status < 400, (answer.status, address, page[:500])
        return (urljoin(address, location) if location else ""), page
