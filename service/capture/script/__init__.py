"""The script for landing pages, `attribution.js`, ready to be served.

`make script` puts `attribution.min.js` together from the readable `source/`; begin with
`source/attribution.js`. Here it is only read, so that the service needs no JavaScript tools.
"""

import gzip
import hashlib
from pathlib import Path

SCRIPT: bytes = Path(__file__).with_name("attribution.min.js").read_bytes().strip()
"""What browsers get, in UTF-8."""

ETAG: str = hashlib.sha256(SCRIPT).hexdigest()[:16]
"""Changes when the script does; without quotes."""

gzipped: bytes = gzip.compress(SCRIPT, 9, mtime=0)
"""The script compressed; the same bytes in every process."""
