"""What the plugins of WordPress have in common."""

import re
from urllib.parse import urlsplit

from service.capture.tools.sender import WebhookCall

_AGENT = re.compile(r"WordPress/[^;]*;\s*(\S+)")
_LONGEST_HOST = 253  # characters (RFC 1035)


def whose(sender: str, call: WebhookCall, page_url: str = "") -> str:
    """Whose number an entry has: the sender's name with the site's.

    Entries are counted by each WordPress anew, so that number 12 of one site is not number 12 of another.
    The site says who it is in its User-Agent, else the page of the form does. page_url: that page, "" unknown.
    """
    found = _AGENT.search(call.headers.get("user-agent", ""))
    host = _host_of(found[1]) if found else ""
    return f"{sender} {host or _host_of(page_url)}".strip()


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:_LONGEST_HOST]
    except ValueError:
        return ""
