"""One form post inside the web process: processor time beside a no-op's, and the code that it enters."""

import io
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from service.settings import read_settings
from service.store import Store
from service.web import create_app
from tests.bench.load import form_post
from tests.bench.yardsticks import create_noop
from tests.census import Tracer
from tests.processes import contact_forms_file

ROUNDS = 7
POSTS = 600


def measure() -> None:
    """Medians of interleaved rounds, and a trace of one post after them."""
    with tempfile.TemporaryDirectory() as folder, _service(Path(folder)) as service:
        apps = {"no-op": create_noop(), "form post": service}
        times: dict[str, list[float]] = {name: [] for name in apps}
        for number in range(ROUNDS + 1):  # the first warms up
            for name, app in apps.items():
                seconds = _cpu_s(app, [_environ(each, f"round{number}") for each in range(POSTS)]) / POSTS
                if number:
                    times[name].append(seconds)
        with Tracer() as tracer, tracer.recording():
            _call(service, _environ(0, "traced"))
    noop, post = (statistics.median(times[name]) for name in apps)
    print(f"\nOne form post in process: processor time of its thread, median of {ROUNDS} rounds of {POSTS}\n")
    print(f"form post {post * 1e6:7.0f} µs   no-op {noop * 1e6:5.0f} µs   {post / noop:5.1f} no-ops")
    print(f"it enters {len({file for file, _ in tracer.entered})} files of service/, {len(tracer.entered)} functions")


@contextmanager
def _service(folder: Path) -> Iterator[Flask]:
    environ = {
        "DATABASE_URL": f"sqlite:///{folder / 'leads.db'}",
        "FORMS_FILE": contact_forms_file(folder),
        "SUBMIT_LIMIT": "off",
        "NEXUDUS_TOKEN": "bench",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "warning",
    }
    settings = read_settings(environ)
    store = Store(settings.database_url)
    store.migrate()
    yield create_app(settings, store=store)
    store.close()


def _environ(number: int, tag: str) -> dict[str, Any]:
    """A post as gunicorn hands it over."""
    head, _, body = form_post(number, tag).partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, _, value in lines}
    return {
        **headers,
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/f/contact",
        "QUERY_STRING": "",
        "CONTENT_TYPE": headers["HTTP_CONTENT_TYPE"],
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _cpu_s(app: Flask, environs: list[dict[str, Any]]) -> float:
    began = time.thread_time()
    for environ in environs:
        _call(app, environ)
    return time.thread_time() - began


def _call(app: Flask, environ: dict[str, Any]) -> None:
    statuses: list[str] = []
    for _ in app(environ, lambda status, *_: statuses.append(status)):  # type: ignore[arg-type]
        pass
    assert statuses == ["200 OK"], statuses
