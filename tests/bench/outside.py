"""A load from outside: wrk where it is installed (Debian has it), which hardly needs a core; else our own generator."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.bench.load import Load, form_post, post_for

WRK = shutil.which("wrk")
SCRIPT = Path(__file__).with_name("wrk.lua")
NUMBER = 1_000_000
"""Placeholder in the post for the number that wrk fills in."""


def generator() -> str:
    """Return the name of the load generator."""
    return "wrk" if WRK else "our own generator, which shares the cores with the servers"


def load(port: int, seconds: float, clients: int, tag: str) -> Load:
    """Post from `clients` visitors at once for some seconds (for wrk, a whole number)."""
    if WRK is None:
        return post_for(port, seconds, clients, tag)
    with tempfile.NamedTemporaryFile() as post:
        Path(post.name).write_bytes(form_post(NUMBER, tag).replace(str(NUMBER).encode(), b"0000000"))
        options = ["-t1", f"-c{clients}", f"-d{seconds:.0f}s", "--timeout", "30s", "-s", str(SCRIPT)]
        command = [WRK, *options, f"http://127.0.0.1:{port}/f/contact", "--", post.name]
        finished = subprocess.run(command, capture_output=True, check=True)
    figures = json.loads(finished.stderr)
    return Load(figures["posts"] / figures["seconds"], figures["p50_s"], figures["p99_s"], figures["failed"])
