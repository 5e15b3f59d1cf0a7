"""The folder in which the web processes of one gunicorn count, each in files of its own.

Counts are written through memory maps, and a page without room on the disk would end the process with SIGBUS. So
the files lie in memory where there is such a file system, and their space is reserved before anything is counted.
"""

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

import structlog

log = structlog.get_logger()

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Tells prometheus_client where to count; it is read when that is imported, so nothing here imports it at once."""

RESERVED_BYTES = {"counter": 256 * 1024, "histogram": 1536 * 1024}
"""Kind of file -> bytes reserved by each process; a test shows that all routes and forms fill less."""

IN_MEMORY = Path("/dev/shm")  # noqa: S108 (for a folder that mkdtemp makes for us alone)
PREFIX = "lead-capture-metrics-"

ENDED = "ended"
"""Used instead of a process id for the file with the counts of all processes that have ended."""

_FILE = re.compile(r"(?:counter|histogram)_(\d+)\.db")


class MetricsFolder:
    """One folder, removed when its gunicorn ends; after a kill, the next gunicorn removes it.

    `owner` is locked as long as one of its processes lives. `lock` keeps readers away while the files of an ended
    process become one with those of others.
    """

    def __init__(self, path: Path, owner: IO[bytes]) -> None:
        """path: a new folder. owner: its open file, locked."""
        self.path = path
        self.parent_id = os.getpid()
        self.has_room = True
        self._owner = owner  # open, and so locked, in every process forked from here
        self._lock = path / "lock"
        self._lock.touch()

    @classmethod
    def create(cls, place: Path) -> "MetricsFolder":
        """Return a new folder below `place`, which only this user may enter, and remove folders that are no longer
        used.

        Raises: OSError.
        """
        for path in place.glob(f"{PREFIX}*"):
            with suppress(OSError):  # it is locked, or another has removed it
                _remove_unused(path)
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        owner = (path / "new").open("wb")
        fcntl.flock(owner, fcntl.LOCK_SH)
        (path / "new").rename(path / "owner")  # never seen unlocked
        return cls(path, owner)

    def reserve(self) -> None:
        """Reserve the space of this process before it counts anything. Without room it must not count."""
        try:
            for kind, size in RESERVED_BYTES.items():
                with self._file(kind, os.getpid()).open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            self.has_room = False
            for kind in RESERVED_BYTES:  # readers would stumble over an empty one
                self._file(kind, os.getpid()).unlink(missing_ok=True)
            log.warning("metrics_without_room", folder=str(self.path), why=error.strerror)

    def retire(self, process_id: int) -> None:
        """Add the counts of a process that has ended to those of its predecessors, and remove its files."""
        with self._locked(fcntl.LOCK_EX):
            for kind in RESERVED_BYTES:
                file, ended = self._file(kind, process_id), self._file(kind, ENDED)
                if ended.exists() and file.exists():
                    _add_counts(file, ended)
                    file.unlink()
                elif file.exists():
                    file.rename(ended)

    def process_ids(self) -> Sequence[int]:
        """The processes that count here and have not ended."""
        names = [_FILE.fullmatch(path.name) for path in self.path.iterdir()]
        return sorted({int(match[1]) for match in names if match})

    def _file(self, kind: str, owner: int | str) -> Path:
        return self.path / f"{kind}_{owner}.db"

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Within the block, no files are merged."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        with self._lock.open("rb") as file:
            fcntl.flock(file, how)
            yield

    def remove(self) -> None:
        """Remove the folder with all of its files."""
        self._owner.close()
        shutil.rmtree(self.path, ignore_errors=True)


@cache
def metrics_folder() -> MetricsFolder | None:
    """Return the folder of this program, made by the first call: in gunicorn's own process, before it forks.

    None, with a warning, if none can be made: then each process counts alone.
    """
    for place in (IN_MEMORY, Path(tempfile.gettempdir())):
        with suppress(OSError):
            folder = MetricsFolder.create(place)
            os.environ[VARIABLE] = str(folder.path)
            return folder
    log.warning("metrics_without_folder")
    return None


def _remove_unused(path: Path) -> None:
    if path.lstat().st_uid != os.geteuid():  # another user may have put anything there, such as a pipe
        return
    with (path / "owner").open("rb") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path)


def _add_counts(file: Path, sums_file: Path) -> None:
    from prometheus_client.mmap_dict import MmapedDict  # noqa: PLC0415 (see VARIABLE)

    sums = MmapedDict(str(sums_file))
    for key, value, *_ in MmapedDict.read_all_values_from_file(str(file)):
        sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
    sums.close()
