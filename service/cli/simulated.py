"""The simulator of a running demo, as other commands find it: `up` notes its address in the database they share."""

import http.client
import json
import sys
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

from service.settings import Settings
from service.store import Store, StoreUnavailable

USERNAME, PASSWORD = "simulator@leadcapture.example", "simulator"
"""The simulator's own login; nothing real is behind it."""

ADDRESS = "simulator"
"""The value of the deployment that says where the demo's simulator listens; "" when it was stopped."""

PROBE, PROBE_S = "/_sim/settings", 3.0
"""What only a simulator answers, and the seconds that it may take."""


def note_address(database_url: str, url: str) -> None:
    """Let other commands find the simulator there; "" where it stops. A database that is away is no failure."""
    with suppress(StoreUnavailable, OSError):
        store = Store(database_url)
        try:
            store.write(lambda tx: tx.flags.swap(ADDRESS, tx.flags.get(ADDRESS), url))
        finally:
            store.close()


def in_demo(settings: Settings, store: Store, doing: str) -> Settings:
    """The settings with the simulator's address and login, where no credentials are set and a demo runs.

    doing: what the command does with it, "checking", for the line that says so beside the output.
    """
    if settings.has_nexudus_login:
        return settings
    with store.read() as tx:
        url = tx.flags.get(ADDRESS) or ""
    if not url or not _is_simulator(url):
        return settings
    print(f"lead-capture: {doing} the simulator of the demo at {url}, not Nexudus", file=sys.stderr)
    return replace(settings, nexudus_base_url=url, nexudus_username=USERNAME, nexudus_password=PASSWORD)


def _is_simulator(url: str) -> bool:
    """Whether a simulator answers there: `up` may have been killed, and another program have its port."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PROBE_S)
    try:
        connection.request("GET", PROBE)
        response = connection.getresponse()
        shown = json.loads(response.read()) if response.status == http.HTTPStatus.OK else None
        return isinstance(shown, dict) and "throttle_status" in shown
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
