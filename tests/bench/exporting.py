"""Exporting leads: seconds and memory of a million, both formats."""

import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from tests.processes import lead_capture

LEADS = 1_000_000
FORMATS = ("csv", "jsonl")


def measure() -> None:
    """One whole export each, into a file, of a made-up history; what the process needed at most."""
    print(f"\nExporting {LEADS:,} leads with their calls, SQLite\n")
    print(f"{'':8}{'seconds':>10}{'leads/s':>10}{'MB file':>10}{'MB memory':>12}")
    with tempfile.TemporaryDirectory() as folder:
        ours = {"DATABASE_URL": f"sqlite:///{folder}/leads.db", "FORMS_FILE": f"{folder}/none.toml"}
        for words in (("migrate",), ("demo-data", "--leads", str(LEADS), "--days", "730")):
            subprocess.run(lead_capture(*words), env={**os.environ, **ours}, check=True, stdout=subprocess.DEVNULL)
        for kind in FORMATS:
            _tell(kind, Path(folder, kind), ours)


def _tell(kind: str, file: Path, ours: dict[str, str]) -> None:
    began = time.perf_counter()
    with file.open("wb") as out:
        command = lead_capture("leads", "export", "--format", kind)
        process = subprocess.Popen(command, env={**os.environ, **ours}, stdout=out)
        _, _, used = os.wait4(process.pid, 0)
    took_s = time.perf_counter() - began
    print(
        f"{kind:8}{took_s:10.1f}{LEADS / took_s:10,.0f}{file.stat().st_size / 2**20:10.0f}{_peak_mb(used):12.0f}",
        flush=True,
    )


def _peak_mb(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / 1024
