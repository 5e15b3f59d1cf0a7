"""Exporting leads: seconds and memory of a million, both formats."""

import os
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tests.bench.processes import resident_mb
from tests.processes import contact_forms_file, lead_capture

LEADS = 1_000_000
FORMATS = ("csv", "jsonl")


def measure() -> None:
    """One whole export each, into a file, of a made-up history; and the peak memory of its processes together."""
    print(f"\nExporting {LEADS:,} leads with their calls, SQLite\n")
    print(f"{'':8}{'seconds':>10}{'leads/s':>10}{'MB file':>10}{'MB memory':>12}")
    with tempfile.TemporaryDirectory() as folder:
        ours = {"DATABASE_URL": f"sqlite:///{folder}/leads.db", "FORMS_FILE": contact_forms_file(folder)}
        for words in (("migrate",), ("demo-data", "--leads", str(LEADS), "--days", "730")):
            subprocess.run(lead_capture(*words), env={**os.environ, **ours}, check=True, stdout=subprocess.DEVNULL)
        for kind in FORMATS:
            _tell(kind, Path(folder, kind), ours)


def _tell(kind: str, file: Path, ours: dict[str, str]) -> None:
    began, peak_mb = time.perf_counter(), 0.0
    with file.open("wb") as out:
        command = lead_capture("leads", "export", "--format", kind)
        process = subprocess.Popen(command, env={**os.environ, **ours}, stdout=out)
        while process.poll() is None:
            with suppress(OSError):  # one of them ended just now
                peak_mb = max(peak_mb, resident_mb(process.pid))
            time.sleep(0.2)
    took_s = time.perf_counter() - began
    print(
        f"{kind:8}{took_s:10.1f}{LEADS / took_s:10,.0f}{file.stat().st_size / 2**20:10.0f}{peak_mb:12.0f}", flush=True
    )
