"""A real Firefox without a window, controlled by WebDriver BiDi, which needs no separate driver."""

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websocket import WebSocket, create_connection

NAMES = ("firefox-esr", "firefox")
QUIET = {
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.security.https_first": False,
    "network.captive-portal-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """One tab."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.ask("session.new", capabilities={})
        self._tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **params: Any) -> Any:
        """Return the result of one command."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self._socket.recv())).get("id") != number:
            pass
        assert answer["type"] == "success", answer
        return answer["result"]

    def open(self, url: str) -> None:
        """Return once the page has loaded."""
        self.ask("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def run(self, code: str) -> Any:
        """Return the value of an expression in the page, as JSON; a promise is awaited."""
        expression = f"Promise.resolve({code}).then((value) => JSON.stringify(value))"
        target = {"context": self._tab}
        answer = self.ask("script.evaluate", expression=expression, target=target, awaitPromise=True)
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])


@contextmanager
def firefox(folder: Path, hosts: str) -> Iterator[Firefox]:
    """The installed Firefox, with a profile of its own in `folder`; without it, the test is skipped.

    hosts: comma-separated names that lead to this machine.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Firefox is installed")
    preferences = {**QUIET, "network.dns.localDomains": hosts}
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items())
    (folder / "user.js").write_text("\n".join(lines))
    command = [program, "--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            with closing(create_connection(f"{_address(process)}/session", timeout=30, suppress_origin=True)) as socket:
                yield Firefox(socket)
        finally:
            process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    """Where it listens, as it says when it is ready."""
    for line in process.stderr or ():
        if match := re.search(r"WebDriver BiDi listening on (ws://\S+)", line):
            return match[1]
    pytest.fail("Firefox ended without listening")
