"""The script for landing pages, `attribution.js`, read once and ready to be served."""

import gzip
import hashlib
from pathlib import Path


def _served(source: str) -> str:
    """Leave out comments and indentation; comments stand on lines of their own."""
    lines = (line.strip() for line in source.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))


SCRIPT: bytes = _served(Path(__file__).with_name("attribution.js").read_text("utf-8")).encode()
"""What browsers get, in UTF-8."""

ETAG: str = hashlib.sha256(SCRIPT).hexdigest()[:16]
"""Changes when the script does; without quotes."""

gzipped: bytes = gzip.compress(SCRIPT, 9, mtime=0)
"""The script compressed; the same bytes in every process."""
