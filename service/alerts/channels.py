"""Messages out, to each channel by itself: a process of its own sends them and is ended when its time is up."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from service import clock

SEND_S = 20.0
"""How long all channels together may take; what has not gone out by then counts as failed."""

READ_S = 20.0
"""How long reading the addresses may take."""

SENT, READABLE = "sent", "readable"
"""What the sender says of a channel when all is well."""

NO_ANSWER = "it took too long"


Tone = Literal["warning", "success", "info"]


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out to every channel."""

    title: str
    body: str
    tone: Tone = "warning"


def send(
    addresses: Sequence[str], message: Message, within_s: float = SEND_S, stop: threading.Event | None = None
) -> list[str]:
    """Send one message to every address; for each, in order, SENT or why not, in words without a secret.

    stop: ends it early. Raises: nothing.
    """
    asked = {"addresses": addresses, "title": message.title, "body": message.body, "tone": message.tone}
    return _ask("send", asked, within_s, stop or threading.Event())


def unreadable(addresses: Sequence[str]) -> list[int]:
    """The numbers, from 1, of the addresses that Apprise cannot read. Takes half a second."""
    if not addresses:
        return []
    answers = _ask("read", {"addresses": addresses}, READ_S, threading.Event())
    return [number for number, answer in enumerate(answers, 1) if answer not in (READABLE, NO_ANSWER)]


def _ask(what: str, asked: Mapping[str, str | Sequence[str]], within_s: float, stop: threading.Event) -> list[str]:
    """Start the sender, wait for it, end it when it is too slow; what it said of each address."""
    command = [sys.executable, "-m", "service.alerts.sender", what]
    with subprocess.Popen(  # noqa: S603 (our own command)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as sender:
        said: list[bytes] = []
        reading = threading.Thread(target=_talk, args=(sender, json.dumps(asked).encode(), said), daemon=True)
        reading.start()
        deadline = clock.monotonic() + within_s
        while reading.is_alive() and clock.monotonic() < deadline and not stop.is_set():
            reading.join(0.05)
        sender.kill()
        reading.join()
    return _outcomes(b"".join(said), len(asked["addresses"]))


def _talk(sender: "subprocess.Popen[bytes]", asked: bytes, said: list[bytes]) -> None:
    if sender.stdin is None or sender.stdout is None:
        return
    try:
        sender.stdin.write(asked)
        sender.stdin.close()
    except BrokenPipeError:  # it ended first: what it said tells, or that it said nothing
        pass
    said.extend(iter(sender.stdout.readline, b""))


def _outcomes(said: bytes, number: int) -> list[str]:
    outcomes = [NO_ANSWER] * number
    for line in said.decode(errors="replace").splitlines():
        which, _, outcome = line.partition(" ")
        if which.isdecimal() and 1 <= int(which) <= number:
            outcomes[int(which) - 1] = outcome
    return outcomes
