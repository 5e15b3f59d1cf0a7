"""Attribution compared with everything else in taking a lead: processor time on one core, in one run."""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from service.attribution import attribute
from service.capture.accept import accept
from service.capture.fields.reading import Incoming, read
from service.forms import AttributionConfig, Form
from service.store import Store
from tests.attribution.test_cases import CASES, read_evidence
from tests.bench.load import form_post

ROUNDS = 5
LEADS = 1000
FORM = Form("contact")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def measure() -> None:
    """Medians of interleaved rounds."""
    cases = [(read_evidence(case["input"]), AttributionConfig(**case["input"].get("config", {}))) for case in CASES]
    bodies = [form_post(number, "attributing").partition(b"\r\n\r\n")[2] for number in range(LEADS)]
    evidence = [read(_incoming(body), FORM).submission.evidence for body in bodies]
    seconds_of: dict[str, list[float]] = {"cases": [], "posts": [], "taking": []}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'leads.db'}")
        store.migrate()
        for number in range(ROUNDS + 1):  # the first warms up
            shared = [_cpu_s(lambda: [attribute(*case) for case in cases for _ in range(20)]) / len(cases) / 20]
            alone = [_cpu_s(lambda: [attribute(each, FORM.attribution) for each in evidence]) / LEADS]
            whole = [_cpu_s(partial(_take, bodies, store, number)) / LEADS]
            if number:
                seconds_of["cases"] += shared
                seconds_of["posts"] += alone
                seconds_of["taking"] += whole
        store.close()
    _tell({name: statistics.median(seconds) for name, seconds in seconds_of.items()})


def _incoming(body: bytes) -> Incoming:
    return Incoming(body=body, content_type="application/x-www-form-urlencoded", received_at=NOON.timestamp())


def _take(bodies: list[bytes], store: Store, tag: int) -> None:
    """Read, attribute and keep leads, each on disk before the next; no two are the same."""
    for body in bodies:
        submission = read(_incoming(body.replace(b"attributing", f"round{tag}".encode())), FORM).submission
        accept(submission, FORM, store, NOON)


def _cpu_s(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _tell(seconds: dict[str, float]) -> None:
    print(f"\nAttributing: processor time on one core, median of {ROUNDS} rounds\n")
    for name, what in (
        ("cases", f"{len(CASES)} shared cases, again and again"),
        ("posts", "ordinary form posts"),
        ("taking", "taking such a post whole"),
    ):
        print(f"{what:36}{1 / seconds[name]:8.0f} a second{seconds[name] * 1_000_000:8.0f} µs each")
    print(f"attribution's share of taking a lead: {seconds['posts'] / seconds['taking']:.1%}")
