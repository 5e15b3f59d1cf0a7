"""A stand-in for Meta, LinkedIn and TikTok: real HTTP, with documented responses and errors."""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.capture.senders.recorded import Recorded

META_TOKEN, LINKEDIN_TOKEN, TIKTOK_TOKEN = "meta-token-1", "linkedin-token-1", "tiktok-token-1"
CSV = "text/csv"


@dataclass(frozen=True)
class Call:
    """One request that arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def query_values(self) -> dict[str, str]:
        """The query by name."""
        return {name: values[0] for name, values in parse_qs(self.query).items()}


@dataclass(frozen=True)
class Canned:
    """One response. hang_s: its delay in seconds; until: an event that it also waits for."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_s: float = 0.0
    until: threading.Event | None = None


def meta_error(code: int, subcode: int | None = None, message: str = "It is broken.", **more: object) -> Canned:
    """An error of the Graph API."""
    error = {"message": message, "code": code, "fbtrace_id": "A1", **more}
    return Canned({"error": error | ({} if subcode is None else {"error_subcode": subcode})}, 400)


def linkedin_error(status: int, message: str = "It is broken.") -> Canned:
    """An error of LinkedIn's API."""
    return Canned({"status": status, "serviceErrorCode": 1, "message": message}, status, {"x-li-uuid": "uuid-1"})


class Platforms:
    """All three on one port. `answers` by path are given in order, the last one for ever."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Canned]] = defaultdict(list)
        self.tokens = {META_TOKEN, LINKEDIN_TOKEN, TIKTOK_TOKEN}
        self.calls: list[Call] = []
        self.most_at_once: dict[str, int] = defaultdict(int)
        self._under_way: dict[str, int] = defaultdict(int)
        self._guard = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, str]:
        """The settings that point to this stand-in."""
        return {
            "META_GRAPH_URL": f"{self.url}/v26.0",
            "LINKEDIN_API_URL": f"{self.url}/rest",
            "LINKEDIN_OAUTH_URL": f"{self.url}/oauth/v2",
            "TIKTOK_API_URL": f"{self.url}/open_api/v1.3",
        }

    # -- its data

    def says(self, path: str, *answers: Canned | object) -> None:
        """Answer calls of this path so from now on."""
        self.answers[path] = [each if isinstance(each, Canned) else Canned(each) for each in answers]

    def plays(self, record: Recorded) -> None:
        """Answer as the platform did when this was recorded."""
        played: dict[str, list[Canned]] = defaultdict(list)
        for call in record.sample.get("fetch", ()):
            answer = call["response"]
            canned = Canned(answer["body"], answer["status"], answer.get("headers", {}))
            played[urlsplit(call["request"]["url"]).path].append(canned)
        self.answers.update(played)

    def has_lead(self, lead_id: str, email: str = "", form_id: str = "900", **more: object) -> None:
        """Add a lead to Meta."""
        self.says(f"/v26.0/{lead_id}", meta_lead(lead_id, email, form_id, **more))

    # -- the calls

    def calls_to(self, path: str) -> list[Call]:
        """The calls of a path."""
        return [call for call in self.calls if call.path == path]

    def wait_for(self, path: str, number: int = 1, within_s: float = 8) -> None:
        """Wait until so many calls of a path have arrived."""
        deadline = time.monotonic() + within_s
        while len(self.calls_to(path)) < number:
            assert time.monotonic() < deadline, f"{path} was not asked for: {[call.path for call in self.calls]}"
            time.sleep(0.005)

    def answer(self, call: Call) -> Canned:
        """Play the platforms."""
        with self._guard:
            self.calls.append(call)
            self._under_way[call.path] += 1
            self.most_at_once[call.path] = max(self.most_at_once[call.path], self._under_way[call.path])
            answers = self.answers.get(call.path, [])
            canned = answers.pop(0) if len(answers) > 1 else (answers[0] if answers else None)
        try:
            refused = self._refusal(call)
            response = refused or canned or _unknown(call)
            time.sleep(response.hang_s)
            if response.until is not None:
                response.until.wait(20)
            return response
        finally:
            with self._guard:
                self._under_way[call.path] -= 1

    def _refusal(self, call: Call) -> Canned | None:
        given = call.headers.get("Access-Token") or call.headers.get("Authorization", "").removeprefix("Bearer ")
        if call.path.startswith("/oauth") or call.path.endswith("debug_token") or given in self.tokens:
            return None
        if call.path.startswith("/v26.0"):
            return meta_error(190, 460, f"Error validating access token {given}: the session was invalidated.")
        if call.path.startswith("/rest"):
            return linkedin_error(401, "The token used in the request has expired")
        return Canned({"code": 40105, "message": "Access token is incorrect or has been revoked."})


def meta_lead(lead_id: str, email: str = "", form_id: str = "900", **more: object) -> dict[str, object]:
    """A lead as the Graph API shows it."""
    answers = [
        {"name": "full_name", "values": ["Ada Lovelace"]},
        {"name": "email", "values": [email or f"{lead_id}@example.com"]},
    ]
    lead = {"id": lead_id, "created_time": "2026-11-22T21:59:46+0000", "form_id": form_id, "platform": "fb"}
    return {**lead, "is_organic": False, "campaign_name": "Spring", "field_data": answers, **more}


def linkedin_response(response_id: str, email: str = "", account: str = "508") -> dict[str, object]:
    """A response as LinkedIn shows it."""
    return {
        "id": response_id,
        "leadType": "SPONSORED",
        "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{account}"},
        "versionedLeadGenFormUrn": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:7,1)",
        "submittedAt": 1795418999123,
        "testLead": False,
        "formResponse": {
            "answers": [
                {
                    "questionId": 1,
                    "answerDetails": {"textQuestionAnswer": {"answer": email or f"{response_id}@example.com"}},
                }
            ]
        },
        "form": {
            "id": 7,
            "name": "Enquiry",
            "hiddenFields": [],
            "content": {"questions": [{"questionId": 1, "name": "Email", "predefinedField": "EMAIL"}]},
        },
    }


def _unknown(call: Call) -> Canned:
    if call.path.startswith("/v26.0"):
        return meta_error(100, 33, "Unsupported get request. Object does not exist, or missing permissions.")
    return linkedin_error(404, "Not found") if call.path.startswith("/rest") else Canned({"code": 40002})


def _handler(platforms: Platforms) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = dict(self.headers.items())
            call = Call(self.command, unquote(url.path), url.query, headers, body, time.monotonic())
            canned = platforms.answer(call)
            is_raw = isinstance(canned.body, bytes)
            content = canned.body if isinstance(canned.body, bytes) else json.dumps(canned.body).encode()
            try:
                self.send_response(canned.status)
                self.send_header("Content-Type", CSV if is_raw else "application/json")
                self.send_header("Content-Length", str(len(content)))
                for name, value in canned.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                return  # the client was killed

        do_GET = do_POST = _serve  # noqa: N815 (the server's names)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the server's signature)
            pass

    return Handler


def event(*leads: str | tuple[str, str], place: str = "104", form_id: str = "900") -> dict[str, object]:
    """Return a call by which Meta announces leads, each alone or with its Page."""
    pairs: Sequence[tuple[str, str]] = [(each, place) if isinstance(each, str) else each for each in leads]
    return {
        "object": "page",
        "entry": [
            {
                "id": page,
                "changes": [{"field": "leadgen", "value": {"leadgen_id": lead, "page_id": page, "form_id": form_id}}],
            }
            for lead, page in pairs
        ],
    }
