"""A restore beside running processes: refused until they are stopped, idle ones, too."""

from pathlib import Path

import pytest

from tests.journey.installation import START_S, Installation, Nexudus
from tests.processes import Process, free_port

pytestmark = pytest.mark.journey


def stop(process: Process) -> None:
    """End a process as a process manager does."""
    process.send(15)  # type: ignore[arg-type]
    process.wait(START_S)


def test_neither_an_idle_web_process_nor_an_idle_worker_is_overlooked(tmp_path: Path) -> None:
    with Installation(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path / 'leads.db'}") as installation:
        Nexudus.start(installation)
        installation.migrate()
        backup = installation.run("backup", "copy.db")
        assert backup.exit_code == 0, backup.output
        web = installation.start("web", "--port", str(free_port()))
        web.wait_until(lambda: len(web.family()) > 2 and holds(web, "leads.db"), START_S, "the web processes start")
        beside_web = installation.run("restore", "copy.db")
        stop(web)
        worker = installation.start_worker()
        worker.wait_until(lambda: "worker_started" in worker.output, START_S, "the worker starts")
        beside_worker = installation.run("restore", "copy.db")
        stop(worker)
        alone = installation.run("restore", "copy.db")

    assert (beside_web.exit_code, beside_worker.exit_code, alone.exit_code) == (1, 1, 0), alone.output
    assert "is in use: stop the web process, the worker" in beside_web.output
    assert "is in use: stop the web process, the worker" in beside_worker.output


def holds(process: Process, name: str) -> bool:
    """Whether a process, or one that it started, has a file of that name open."""
    links = (link for pid in process.family() for link in Path(f"/proc/{pid}/fd").iterdir())
    return any(link.is_symlink() and Path(link).readlink().name == name for link in links)
