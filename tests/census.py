"""`make census`: how large the service is, and how many of its files and functions a lead's journeys enter.

Journeys are traced in this process, with warm caches: each runs once before it is counted. The simulator runs as a
process of its own and is not counted.
"""

import ast
import hashlib
import hmac
import json
import os
import re
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self

from service.cli import main
from service.settings import read_settings
from service.web import create_app
from tests.bench.processes import running
from tests.processes import free_port, lead_capture
from tests.retired import retired_names

SERVICE = Path(__file__).parent.parent / "service"

FIGURES_OF_SPEECH = {
    "tell, told": re.compile(r"tells?|told|telling"),
    "nobody, somebody, whoever": re.compile(r"nobody|somebody|whoever"),
    "who, whose": re.compile(r"who|whose|whom"),
}

PLATFORMS = ("google_ads", "linkedin", "meta", "tiktok")

SECRET = "census-secret"
FORMS = f"""
[forms.contact]
[forms.tour.webhooks.meta]
app_secret = "{SECRET}"
verify_token = "{SECRET}"
access_token = "{SECRET}"
"""

Entered = list[tuple[str, str]]
"""(file, function) pairs of the service, in the order in which they are first entered."""


class Tracer:
    """Notes which functions of the service are entered while it is recording, in the threads that matter."""

    def __init__(self, threads: str = "") -> None:
        """threads: the names of the threads that count begin with this, or are the main one's; "" counts all."""
        self._threads = threads
        self._recording = False
        self._codes: dict[CodeType, None] = {}  # in the order of their first calls

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record the functions entered within the block."""
        self._recording = True
        try:
            yield
        finally:
            self._recording = False

    def __enter__(self) -> Self:
        """Begin to watch this thread and those that start from now on."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching."""
        sys.setprofile(None)
        threading.setprofile(None)

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        if not self._recording or event != "call":
            return
        name = threading.current_thread().name
        if self._threads and name != "MainThread" and not name.startswith(self._threads):
            return
        self._codes.setdefault(frame.f_code)

    @property
    def entered(self) -> Entered:
        """The functions entered; comprehensions, lambdas and class bodies belong to the function around them."""
        root = f"{SERVICE}{os.sep}"
        return [
            (code.co_filename.removeprefix(root), code.co_qualname)
            for code in self._codes
            if code.co_filename.startswith(root) and not code.co_name.startswith("<")
        ]


def census() -> None:
    """Print all of it."""
    for name, figure in {**_size(), **_names(), **_platform_files(), **_prose()}.items():
        print(f"{name:58}{figure:>8}")
    print(f"\n{'journey (warm)':44}{'files':>7}{'functions':>11}")
    for name, entered in journeys().items():
        print(f"{name:44}{len({file for file, _ in entered}):7}{len(entered):11}")


def _sources() -> dict[Path, str]:
    return {path: path.read_text() for path in sorted(SERVICE.rglob("*.py"))}


def _size() -> dict[str, int]:
    lengths = [len(text.splitlines()) for text in _sources().values()]
    return {
        "lines of Python in service/": sum(lengths),
        "files": len(lengths),
        "median lines of a file": int(statistics.median(lengths)),
        "files of 50 lines or fewer": sum(length <= 50 for length in lengths),
    }


def _names() -> dict[str, int]:
    classes: Counter[str] = Counter()
    retired = 0
    for text in _sources().values():
        tree = ast.parse(text)
        retired += sum(1 for _ in retired_names(ast.walk(tree)))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                classes[node.name] += node.name != "Meta" and not node.name.startswith("_")
    shared = [name for name, count in classes.items() if count > 1]
    return {"class names shared": len(shared), "retired words as names (occurrences)": retired}


def _prose() -> dict[str, str]:
    """Measure the docstrings, and how often they use figures of speech that a search would not hit."""
    texts = [
        ast.get_docstring(node) or ""
        for text in _sources().values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
    ]
    words = re.findall(r"[a-z]+", " ".join(texts).casefold())
    figures = {"words of docstrings": str(len(words))}
    for label, pattern in FIGURES_OF_SPEECH.items():
        figures[f'"{label}" per 1,000 of them'] = (
            f"{sum(bool(pattern.fullmatch(w)) for w in words) * 1000 / len(words):.1f}"
        )
    return figures


def _platform_files() -> dict[str, int]:
    """Count the files that name each ad platform, in code or prose."""
    texts = [text.casefold() for text in _sources().values()]
    words = {name: re.compile(rf"\b{name.replace('_', '[ _-]')}\b") for name in PLATFORMS}
    return {f"files that name {name}": sum(bool(word.search(text)) for text in texts) for name, word in words.items()}


def journeys() -> dict[str, Entered]:
    """Name of a journey -> the functions that it entered."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(lead_capture("simulator", "--port", str(port := free_port())), {}, port),
    ):
        Path(folder, "forms.toml").write_text(FORMS)
        os.environ.update(
            DATABASE_URL=f"sqlite:///{folder}/leads.db",
            FORMS_FILE=f"{folder}/forms.toml",
            NEXUDUS_BASE_URL=f"http://127.0.0.1:{port}",
            NEXUDUS_TOKEN="simulator",
            ADMIN_TOKEN="census-admin-token-of-some-length",
            SUBMIT_LIMIT="off",
            LOG_LEVEL="error",
        )
        with redirect_stdout(sys.stderr):
            if main(["migrate"]):
                raise SystemExit("census: the database could not be migrated")
        return {**_of_the_web(), "claim and deliver two new people": _delivery()}


def _of_the_web() -> dict[str, Entered]:
    client = create_app(read_settings()).test_client()
    numbers = iter(range(1, 1_000))

    def form_post() -> str:
        number = next(numbers)
        fields = {"name": "Ann Lee", "email": f"ann.{number}@example.com", "message": f"Two desks, please. {number}"}
        fields |= {"landing_url": "https://www.example.com/?utm_source=google&utm_medium=cpc"}
        response = client.post("/f/contact", data=fields, headers={"Accept": "application/json"})
        assert response.status_code == 200, response.text
        return str(response.get_json()["id"])

    def meta_notice() -> None:
        value = {"leadgen_id": str(next(numbers)), "form_id": "7", "page_id": "9", "created_time": 1_795_419_000}
        body = json.dumps({"object": "page", "entry": [{"id": "9", "changes": [{"field": "leadgen", "value": value}]}]})
        signature = hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()
        response = client.post("/webhooks/meta/tour", data=body, headers={"X-Hub-Signature-256": f"sha256={signature}"})
        assert response.status_code == 200, response.text

    leads = [form_post() for _ in range(4)]

    def retry() -> None:
        authorization = {"Authorization": f"Bearer {os.environ['ADMIN_TOKEN']}"}
        response = client.post(f"/api/v1/leads/{leads.pop()}/retry", headers=authorization)
        assert response.status_code == 200, response.text

    return {
        "form post": _traced(form_post),
        "Meta's notice of a lead": _traced(meta_notice),
        "operator's retry": _traced(retry),
    }


def _traced(journey: Callable[[], object]) -> Entered:
    """Return the functions that the third of three journeys enters."""
    journey()
    journey()
    with Tracer() as tracer, tracer.recording():
        journey()
    return tracer.entered


def _delivery() -> Entered:
    """Return the functions that a running worker enters for two new people, without its start and its idle rounds."""
    app = create_app(read_settings())
    tracer = Tracer(threads="delivery")

    def script() -> None:
        _post_people(app, "warm")
        with tracer.recording():
            _post_people(app, "counted")
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=script, name="script").start()
    with tracer:
        main(["worker"])
    return tracer.entered


def _post_people(app: Any, prefix: str) -> None:
    """Post two people, and return when no lead waits any more."""
    client = app.test_client()
    for number in (1, 2):
        fields = {"name": f"Bea {prefix}", "email": f"{prefix}.{number}@example.com", "message": "A tour, please."}
        assert client.post("/f/contact", data=fields, headers={"Accept": "application/json"}).status_code == 200
    headers = {"Authorization": f"Bearer {os.environ['ADMIN_TOKEN']}"}
    until = time.monotonic() + 60
    while client.get("/api/v1/leads?status=pending", headers=headers).get_json()["leads"]:
        if time.monotonic() > until:
            raise SystemExit("census: the leads were not delivered within a minute")
        time.sleep(0.1)


if __name__ == "__main__":
    if "--journeys" in sys.argv:  # for programs: the last line of the output
        print(json.dumps(journeys()))
    else:
        census()
