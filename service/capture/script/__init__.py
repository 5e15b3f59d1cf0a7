"""The script for landing pages, `attribution.js`, ready to be served, and `attribution-more.js`, which it may load.

`make script` puts both together from the readable `source/`; begin with `source/attribution.js`. Here they are
only read, so that the service needs no JavaScript tools.
"""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self


class ScriptFile(NamedTuple):
    """One file for browsers.

    body: in UTF-8. gzipped: the same, compressed; the same bytes in every process.
    etag: changes when the body does; without quotes.
    """

    body: bytes
    gzipped: bytes
    etag: str

    @classmethod
    def built(cls, name: str) -> Self:
        """Read what `make script` made."""
        body = Path(__file__).with_name(name).read_bytes().strip()
        return cls(body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest()[:16])


SCRIPTS: Mapping[str, ScriptFile] = {
    "attribution.js": ScriptFile.built("attribution.min.js"),
    "attribution-more.js": ScriptFile.built("more.min.js"),
}
"""Name in the address -> file."""
