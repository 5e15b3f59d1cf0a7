"""Webhooks: each sender's answer at ten calls a second, and under load beside the plain form post."""

import json
import socket
import statistics
import tempfile
import time
from pathlib import Path

from service.capture.tools.registry import SENDERS
from tests.bench.load import Load, form_post, post_for
from tests.bench.processes import running
from tests.capture.senders.recorded import Recorded, recorded
from tests.capture.senders.signing import SECRET, URL, sign, table_of
from tests.processes import free_port, lead_capture

CALM = 20
A_SECOND = 10
CLIENTS = 16
SECONDS = 2.0
PLAIN = json.dumps({"name": "Ann Lee", "email": "ann@example.com", "message": "Two desks, please."}).encode()


def measure() -> None:
    """Measure every sender by itself, and form posts between them."""
    with tempfile.TemporaryDirectory() as folder:
        calm, loaded, forms = _run(Path(folder))
    plain = statistics.median(load.per_second for load in forms)
    print(f"\nWebhooks: median answer of {CALM} calls, {A_SECOND} a second; and {CLIENTS} at once for {SECONDS:g} s")
    print(f"the form post under the same load: {plain:.0f}/s\n")
    print(f"{'':18}{'calm ms':>9}{'leads':>7}{'calls/s':>10}{'form posts / leads':>19}{'failed':>8}")
    for name, load in loaded.items():
        leads = Caller(name).leads
        ratio = plain / (load.per_second * leads)
        print(f"{name:18}{calm[name] * 1000:9.1f}{leads:7}{load.per_second:10.0f}{ratio:19.2f}{load.failed:8}")
    print(
        f"\nworst: {max(calm.values()) * 1000:.1f} ms calm; {_worst(plain, loaded):.2f} form posts for one of its leads"
    )


def _worst(plain: float, loaded: dict[str, Load]) -> float:
    return max(plain / (load.per_second * Caller(name).leads) for name, load in loaded.items())


def _run(folder: Path) -> tuple[dict[str, float], dict[str, Load], list[Load]]:
    port = free_port()
    tables = {name: table_of(name) for name in SENDERS}
    lines = [
        f"[forms.tour.webhooks.{name}]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
        for name, table in tables.items()
    ]
    (folder / "forms.toml").write_text("[forms.contact]\n[forms.tour]\nrequire = []\n" + "\n".join(lines))
    ours = {
        "DATABASE_URL": f"sqlite:///{folder / 'leads.db'}",
        "FORMS_FILE": str(folder / "forms.toml"),
        "PUBLIC_URL": URL,
        "SUBMIT_LIMIT": "off",
        "LOG_FORMAT": "json",
    }
    with running(lead_capture("migrate"), ours) as migration:
        migration.wait(30)
    calm: dict[str, float] = {}
    loaded: dict[str, Load] = {}
    forms: list[Load] = []
    with running(lead_capture("web", "--port", str(port)), ours, port):
        post_for(port, 3, CLIENTS, "warm")
        for number, name in enumerate(SENDERS):
            caller = Caller(name)
            calm[name] = _calmly(port, caller)
            loaded[name] = post_for(port, SECONDS, CLIENTS, "loaded", caller.request)
            if number % 7 == 0:
                forms.append(post_for(port, SECONDS, CLIENTS, f"form{number}", form_post))
    return calm, loaded, forms


def _calmly(port: int, caller: "Caller") -> float:
    """The median of calls that come one by one, each over a connection of its own."""
    waits = []
    for number in range(CALM):
        began = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(caller.request(number, "calm"))
            answer = connection.recv(65536)
        waits.append(time.perf_counter() - began)
        assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
        time.sleep(max(0.0, 1 / A_SECOND - waits[-1]))
    return statistics.median(waits)


class Caller:
    """A sender that has a new lead each time: a recorded call with other ids and addresses."""

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._path = f"/webhooks/{sender}/tour"
        self._recorded = next((each for each in recorded(sender) if _is_lead(each)), None)

    @property
    def leads(self) -> int:
        """Leads in one call."""
        return len(self._recorded.expected.get("leads", [None])) if self._recorded else 1

    def request(self, number: int, tag: str) -> bytes:
        """One proven call."""
        body = self._body(number, tag)
        proof = sign(self._sender, body, self._path, time.time()).headers
        headers = {"Host": "localhost", "Content-Type": self._type, **proof, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {self._path} HTTP/1.1\r\n{head}\r\n".encode() + body

    @property
    def _type(self) -> str:
        sent = self._recorded.headers if self._recorded else {}
        return next((value for name, value in sent.items() if name.lower() == "content-type"), "application/json")

    def _body(self, number: int, tag: str) -> bytes:
        if self._recorded is None:
            return PLAIN.replace(b"ann@", f"ann.{tag}.{number}@".encode())
        body = self._recorded.body.replace(b"fixture-google-key-91c2", SECRET.encode())
        sender = 10 + list(SENDERS).index(self._sender)  # ids of platforms count however the lead comes
        for index, expected in enumerate(self._recorded.expected.get("leads", [self._recorded.expected])):
            unique = f"{sender}{index}{1 if tag == 'calm' else 2}{number:05}"
            known, email = expected.get("external_id") or "", expected.get("email") or ""
            if len(known) > len(unique):
                body = body.replace(known.encode(), f"{known[: -len(unique)]}{unique}".encode())
            if email:
                body = body.replace(email.encode(), f"n{unique}{email}".encode())
                body = body.replace(
                    email.replace("@", "%40").encode(), f"n{unique}{email.replace('@', '%40')}".encode()
                )
        return body


def _is_lead(each: Recorded) -> bool:
    return each.method == "POST" and "test" not in each.name and each.expected.get("leads") != []
