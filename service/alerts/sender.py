"""The process that loads Apprise, tells every channel at once, and ends.

Apprise takes as much memory as the rest of a worker, and a channel that hangs can only be ended with its process.
It is given the addresses on its standard input, never in its arguments, and says one line for each channel: its
number and how it went. Nothing else of it may be shown: addresses hold passwords.

    python -m service.alerts.sender send < {"addresses": [...], "title": "...", "body": "...", "tone": "warning"}
    python -m service.alerts.sender read < {"addresses": [...]}
"""

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

LIMIT_S = 30
"""However it goes, and whoever is left to care: this process is gone by then."""

SENT, READABLE = "sent", "readable"


def main() -> None:
    """Do what the first argument says, and end."""
    signal.alarm(LIMIT_S)
    asked = json.load(sys.stdin)
    act = {"send": _send, "read": _read}[sys.argv[1]]
    threads = [
        threading.Thread(target=_report, args=(number, act, address, asked), daemon=True)
        for number, address in enumerate(asked["addresses"], 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)  # what a channel left running is not waited for


def _report(number: int, act: Any, address: str, asked: Mapping[str, str]) -> None:
    try:
        outcome = act(address, asked)
    except Exception as error:  # noqa: BLE001 (channels are other people's code; no words of theirs may be shown)
        outcome = f"it stumbled ({type(error).__name__})"
    os.write(sys.stdout.fileno(), f"{number} {outcome}\n".encode())  # one write: lines do not mix


def _read(address: str, _asked: Mapping[str, str]) -> str:
    return READABLE if _channel(address) else "it cannot be read"


def _send(address: str, asked: Mapping[str, str]) -> str:
    channel = _channel(address)
    if channel is None:
        return "it cannot be read"
    # As plain text: else a channel may take strangers' words for HTML, links, or a call to everybody.
    result = channel.notify(title=asked["title"], body=asked["body"], notify_type=asked["tone"], body_format="text")
    if result:
        return SENT
    # Of all that Apprise says, only the number of an HTTP error: the rest may hold the address.
    said = " ".join(entry.message for entry in result.logs())
    status = re.search(r"error=(\d{3})\b", said)
    return f"it answered with error {status[1]}" if status else "it could not be reached, or refused it"


def _channel(address: str) -> Any:
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 (this process alone pays for it, in its own time)

    asset = AppriseAsset(app_id="Lead Capture", storage_mode="memory")
    found = Apprise(asset=asset)
    return found if found.add(address) else None


if __name__ == "__main__":
    main()
