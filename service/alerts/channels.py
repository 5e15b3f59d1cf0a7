"""Sending a message to several channels: a process of its own sends it, and is killed when its time is up."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from service import clock
from service.alerts.wording import defuse_mentions
from service.forms import Brand

SEND_TIMEOUT_S = 20.0
"""Seconds for all channels together; a channel that has not accepted the message by then has failed."""

CHECK_TIMEOUT_S = 20.0
"""Seconds for reading the addresses."""

SENT, READABLE = "sent", "readable"
"""Outcomes of a channel without a problem."""

TOO_SLOW = "it took too long"

Tone = Literal["warning", "success", "info"]


@dataclass(frozen=True, slots=True)
class Message:
    """A message to people.

    tone: how channels colour it. brand: the sender's name, colour and picture, where a channel shows them; None: this
    service's. html: the same content as the body, for channels that show HTML; "" for none.
    """

    title: str
    body: str
    tone: Tone = "warning"
    brand: Brand | None = None
    html: str = ""


Send = Callable[[Sequence[str], Message, threading.Event], list[str]]
"""Sends a message to every address, as send() does; an event ends it early."""


def send(
    addresses: Sequence[str],
    message: Message,
    stop: threading.Event | None = None,
    timeout_s: float = SEND_TIMEOUT_S,
) -> list[str]:
    """Send a message to every address; return for each, in order, SENT or the reason, without secrets.

    stop: ends it early. Raises: nothing.
    """
    title, body = defuse_mentions(message.title), defuse_mentions(message.body)  # whoever wrote which part of them
    request: dict[str, Any] = {"addresses": addresses, "title": title, "body": body, "tone": message.tone}
    if message.brand is not None:
        request["brand"] = asdict(message.brand)
    if message.html:
        request["html"] = message.html
    return _run("send", request, timeout_s, stop or threading.Event())


def unreadable(addresses: Sequence[str]) -> list[int]:
    """Return the positions, from 1, of addresses that Apprise cannot read. Takes half a second."""
    if not addresses:
        return []
    outcomes = _run("read", {"addresses": addresses}, CHECK_TIMEOUT_S, threading.Event())
    return [number for number, outcome in enumerate(outcomes, 1) if outcome not in (READABLE, TOO_SLOW)]


def _run(action: str, request: Mapping[str, Any], timeout_s: float, stop: threading.Event) -> list[str]:
    """Start the process, wait for it, kill it if it is too slow; return the outcome of each address."""
    command = [sys.executable, "-m", "service.alerts.apprise_sender", action]
    with subprocess.Popen(  # noqa: S603 (our own command)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        output: list[bytes] = []
        talk = threading.Thread(target=_talk, args=(process, json.dumps(request).encode(), output), daemon=True)
        talk.start()
        deadline = clock.monotonic() + timeout_s
        while talk.is_alive() and clock.monotonic() < deadline and not stop.is_set():
            talk.join(0.05)
        process.kill()
        talk.join()
    return _outcomes(b"".join(output), len(request["addresses"]))


def _talk(process: "subprocess.Popen[bytes]", request: bytes, output: list[bytes]) -> None:
    if process.stdin is None or process.stdout is None:
        return
    try:
        process.stdin.write(request)
        process.stdin.close()
    except BrokenPipeError:  # it ended first; its output, or the lack of it, tells the outcome
        pass
    output.extend(iter(process.stdout.readline, b""))


def _outcomes(output: bytes, number: int) -> list[str]:
    outcomes = [TOO_SLOW] * number
    for line in output.decode(errors="replace").splitlines():
        position, _, outcome = line.partition(" ")
        if position.isdecimal() and 1 <= int(position) <= number:
            outcomes[int(position) - 1] = outcome
    return outcomes
