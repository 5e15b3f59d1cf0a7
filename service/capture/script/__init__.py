"""The script for landing pages, `attribution.js`, and its second part, `attribution-more.js`, ready to be served.

`make script` builds both from the readable `source/`; start with `source/attribution.js`. The service only reads the
result and needs no JavaScript tools.
"""

import gzip
import hashlib
from collections.abc import Mapping
from pathlib import Path
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
"""By name in the URL."""
