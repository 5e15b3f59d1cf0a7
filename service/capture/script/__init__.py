"""The script for landing pages, `attribution.js`, and its second part, `attribution-more.js`, ready to be served.

`make script` builds both from the readable `source/`; start with `source/attribution.js`. The service only reads the
result and needs no JavaScript tools. `sample_page` is a landing page to try the script on.
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple, Self


class ScriptFile(NamedTuple):
    """One file for browsers.

    body: in UTF-8. gzipped: compressed, with equal bytes in every process. etag: changes with the body; unquoted.
    """

    body: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def built(cls, name: str) -> Self:
        """Read a file built by `make script`."""
        body = Path(__file__).with_name(name).read_bytes().strip()
        return cls(body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest()[:16])


SCRIPTS: Mapping[str, ScriptFile] = {
    "attribution.js": ScriptFile.built("attribution.min.js"),
    "attribution-more.js": ScriptFile.built("more.min.js"),
}
"""Name in the URL -> the file."""


SAMPLE_POLICY = (  # no form-action, which would block the redirect to the page of the form
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""Content-Security-Policy of the sample page, which the demo's front door shows in a frame."""


def sample_page(action: str) -> str:
    """Return the landing page of "Harbour Desk", a coworking space that does not exist.

    It loads nothing but `/attribution.js`. action: where its form posts, such as "/f/contact".
    """
    return _sample().substitute(action=escape(action))


@cache
def _sample() -> Template:
    folder = Path(__file__).with_name("sample")
    page = (folder / "page.html").read_text("utf-8")
    return Template(Template(page).safe_substitute(style=(folder / "style.css").read_text("utf-8")))
