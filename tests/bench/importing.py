"""Importing leads: rows a second of a file, beside form posts a second of the same machine."""

import csv
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench.load import post_for
from tests.bench.processes import running
from tests.processes import contact_forms_file, free_port, lead_capture

ROWS = 100_000
SECONDS = 6.0
CLIENTS = 16
COLUMNS = (
    "Full name",
    "Email",
    "Phone",
    "Company",
    "Message",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "Landing page",
)


def measure() -> None:
    """The same rows in a dry run, imported, and imported again; then form posts for a few seconds."""
    print(f"\nImporting a file of {ROWS:,} rows, one process, SQLite\n")
    print(f"{'':14}{'seconds':>10}{'rows/s':>10}{'MB memory':>12}")
    with tempfile.TemporaryDirectory() as folder:
        file = _file(Path(folder, "leads.csv"))
        ours = {
            "DATABASE_URL": f"sqlite:///{folder}/leads.db",
            "FORMS_FILE": contact_forms_file(folder),
            "SUBMIT_LIMIT": "off",
            "LOG_FORMAT": "json",
        }
        subprocess.run(lead_capture("migrate"), env={**os.environ, **ours}, check=True, stdout=subprocess.DEVNULL)
        for name, words in (("dry run", ["--dry-run"]), ("taken", []), ("again", [])):
            _tell(name, lead_capture("import", str(file), "--form", "contact", *words), ours)
        _tell_posts(ours)


def _file(path: Path) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(_row(number) for number in range(ROWS))
    return path


def _row(number: int) -> tuple[str, ...]:
    landing = "https://www.example.com/tour?gclid=abc"
    person = (f"Person {number}", f"person{number}@example.com", f"+442079460{number % 1000:03}", "Acme")
    return (*person, f"{number % 9 + 1} desks, please. This is number {number}.", "google", "cpc", "spring", landing)


def _tell(name: str, command: list[str], ours: dict[str, str]) -> None:
    began = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, **ours}, stdout=subprocess.DEVNULL)
    _, _, used = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - began
    print(f"{name:14}{took_s:10.1f}{ROWS / took_s:10,.0f}{_peak_mb(used):12.0f}", flush=True)


def _peak_mb(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / 1024


def _tell_posts(ours: dict[str, str]) -> None:
    port = free_port()
    with running(lead_capture("web", "--port", str(port)), ours, port):
        post_for(port, 8.0, CLIENTS, "warm")  # each web process loads the application when it is first needed
        load = post_for(port, SECONDS, CLIENTS, "posted")
    print(f"\nForm posts beside it, {CLIENTS} clients, 2 web processes: {load.per_second:,.0f} a second")
