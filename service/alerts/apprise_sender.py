"""The process that loads Apprise, sends a message to every channel at once, and ends.

Apprise takes as much memory as the rest of a worker, and a channel that hangs can only be ended with its process. The
addresses come on standard input, never as arguments, because they hold passwords. The process writes one line for each
channel: its position and the outcome. Its other output must not be shown.

    python -m service.alerts.apprise_sender send < {"addresses": [...], "title": "...", "body": "...", "tone": "info"}
    python -m service.alerts.apprise_sender read < {"addresses": [...]}
"""

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

MAX_LIFETIME_S = 30
"""After this time the process ends itself, even if its parent is gone."""

MAIL = ("mailto://", "mailtos://")
"""Addresses of channels that show HTML as it was written."""

SENT, READABLE, UNREADABLE = "sent", "readable", "it cannot be read"


def main() -> None:
    """Do what the first argument says, and end."""
    signal.alarm(MAX_LIFETIME_S)
    request = json.load(sys.stdin)
    action = {"send": _send, "read": _read}[sys.argv[1]]
    threads = [
        threading.Thread(target=_report, args=(position, action, address, request), daemon=True)
        for position, address in enumerate(request["addresses"], 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os._exit(0)  # without waiting for what a channel left running


def _report(position: int, action: Any, address: str, request: Mapping[str, str]) -> None:
    try:
        outcome = action(address, request)
    except Exception as error:  # noqa: BLE001 (channels are third-party code, whose words must not be shown)
        outcome = f"it failed ({type(error).__name__})"
    os.write(sys.stdout.fileno(), f"{position} {outcome}\n".encode())  # one write, so that lines do not mix


def _read(address: str, _request: Mapping[str, Any]) -> str:
    return READABLE if _channel(address) else UNREADABLE


def _send(address: str, request: Mapping[str, Any]) -> str:
    channel = _channel(address, request.get("brand"))
    if channel is None:
        return UNREADABLE
    # As plain text: otherwise a channel may take strangers' words for HTML, links, or a call to everybody.
    body, body_format = request["body"], "text"
    if "html" in request and address.startswith(MAIL):
        body, body_format = request["html"], "html"
        _keep_text(request["body"])
    result = channel.notify(title=request["title"], body=body, notify_type=request["tone"], body_format=body_format)
    if result:
        return SENT
    # Of Apprise's log, only the number of an HTTP error: the rest may contain the address.
    text = " ".join(entry.message for entry in result.logs())
    status = re.search(r"error=(\d{3})\b", text)
    return f"it answered with error {status[1]}" if status else "it could not be reached, or refused it"


def _keep_text(text: str) -> None:
    """Send our own text beside HTML. Apprise would make one of the HTML, with each cell of a table on its own line."""
    from apprise.plugins.email import base  # noqa: PLC0415

    base.convert_between = lambda *_args, **_options: text  # type: ignore[attr-defined]


def _channel(address: str, brand: Mapping[str, str] | None = None) -> Any:
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 (costs memory and time in this process alone)

    channel = Apprise(asset=AppriseAsset(storage_mode="memory", **_looks(brand or {})))
    return channel if channel.add(address) else None


def _looks(brand: Mapping[str, str]) -> dict[str, Any]:
    """Return how channels show the sender: its name, and where possible its colour and picture."""
    from apprise import AppriseAsset, NotifyType  # noqa: PLC0415

    looks: dict[str, Any] = {"app_id": brand.get("name") or "Lead Capture"}
    if colour := brand.get("colour"):
        looks["html_notify_map"] = {**AppriseAsset.html_notify_map, NotifyType.INFO: colour}
    if logo := brand.get("logo_url"):
        looks |= {"image_url_logo": logo, "image_url_mask": logo}
    return looks


if __name__ == "__main__":
    main()
