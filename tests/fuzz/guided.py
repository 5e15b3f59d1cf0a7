"""One reader under atheris, which changes bytes and keeps those that reach a line of ours not reached before.

Run by tests/fuzz/__main__.py with the interpreter of an environment that has atheris.
"""

import hashlib
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType

import atheris  # not among the dependencies: no test needs it

with atheris.instrument_imports(include=["service", "gunicorn.http"], enable_loader_override=False):
    from tests.fuzz.readers import READERS, FuzzedReader


class Recorder:
    """Calls a reader; each error is recorded once for each place, and the search goes on."""

    def __init__(self, reader: FuzzedReader, folder: Path) -> None:
        self._reader, self._folder = reader, folder
        self._places = set[str]()

    def __call__(self, data: bytes) -> None:
        """Read once."""
        began = time.process_time()
        try:
            self._reader.run(data)
        except Exception as error:  # noqa: BLE001 (each is a finding)
            self._record(data, _place(error.__traceback__) + repr(error)[:200], traceback.format_exc())
        took_s = time.process_time() - began
        if took_s > self._reader.max_cpu_s:
            self._record(data, "slow", f"{took_s:.1f} s of CPU")

    def _record(self, data: bytes, place: str, report: str) -> None:
        if place not in self._places:
            self._places.add(place)
            name = hashlib.sha256(data).hexdigest()[:16]
            (self._folder / f"{name}.bin").write_bytes(data)
            (self._folder / f"{name}.txt").write_text(f"{report}\n{data!r}\n")


def _place(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames[-3:])


def main() -> None:
    """READER FINDINGS_FOLDER, then what libFuzzer takes."""
    name, folder, *arguments = sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], Recorder(READERS[name], Path(folder)))
    atheris.Fuzz()


main()
