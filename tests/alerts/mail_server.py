"""A mail server that takes one message after the other and keeps its text."""

import email.policy
import socketserver
import threading
from email.message import EmailMessage
from types import TracebackType
from typing import Self


class MailServer:
    """Speaks just enough SMTP to receive a message."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        box = self

        class Handler(socketserver.StreamRequestHandler):
            """One sender."""

            def handle(self) -> None:
                """Accept every command."""
                self._say("220 ready")
                while line := self.rfile.readline():
                    verb = line[:4].upper()
                    self._say({b"DATA": "354 go on", b"QUIT": "221 bye"}.get(verb, "250 yes"))
                    if verb == b"DATA":
                        box.letters.append(self._letter())
                        self._say("250 kept")

            def _letter(self) -> EmailMessage:
                lines = list(iter(self.rfile.readline, b".\r\n"))
                return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        host = f"127.0.0.1:{self._server.server_address[1]}"
        self.address = f"mailto://{host}?from=leads@example.com&to=ann@example.com&mode=insecure"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
