"""The watcher: a refused version is logged once, is one alert for all processes, and follows are repeated."""

from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from service.forms import Setup
from service.setup.current import CurrentSetup
from service.setup.watcher import REPEAT_INTERVAL, SETTLE_S, SetupWatcher
from service.store import Alert, Store, StoreUnavailable
from tests.setup.conftest import FollowedFile

BROKEN = ["[forms.tour]", "stge_id = 1"]


@pytest.fixture(autouse=True)
def log() -> Iterator[None]:
    """Each test captures its own log."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def steps(file: FollowedFile, *watchers: SetupWatcher) -> None:
    """Let each of them look until the file is settled and judged."""
    for watcher in watchers:
        while watcher.step(file.now) == SETTLE_S:
            pass


def open_alerts(store: Store) -> list[Alert]:
    """The alerts that are open."""
    with store.read() as tx:
        return tx.alerts.open()


def test_a_change_is_logged_and_followed(sqlite: Store, file: FollowedFile) -> None:
    followed: list[Setup] = []
    current = file.follow()
    watcher = SetupWatcher(current, sqlite, "worker", followed.append)
    file.write("[forms.contact]", "[forms.tour]")

    with capture_logs() as lines:
        steps(file, watcher, watcher)

    assert [line for line in lines if line["event"].startswith("setup")] == [
        {
            "event": "setup_reloaded",
            "log_level": "info",
            "process": "worker",
            "digest": current.get().digest,
            "version": None,
            "forms": 2,
        }
    ]
    assert followed == [current.get()]


def test_what_several_processes_refuse_is_one_alert_that_ends_with_a_good_file(
    sqlite: Store, file: FollowedFile
) -> None:
    watchers = [SetupWatcher(file.follow(), sqlite, name) for name in ("web", "web", "worker")]
    file.write(*BROKEN)

    with capture_logs() as lines:
        steps(file, *watchers, *watchers)

    (alert,) = open_alerts(sqlite)
    assert (alert.cause, alert.occurrences) == ("forms", 1)
    assert "forms.toml: forms.tour.stge_id" in alert.sentence
    assert "did you mean 'stage_id'?" in alert.sentence
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["setup_refused"] * 3
    file.write("[forms.tour]")
    steps(file, *watchers)
    assert open_alerts(sqlite) == []


def test_an_alert_that_another_process_closed_is_opened_again_while_the_file_is_refused(
    sqlite: Store, file: FollowedFile
) -> None:
    watcher = SetupWatcher(file.follow(), sqlite, "worker")
    file.write(*BROKEN)
    steps(file, watcher)
    sqlite.write(lambda tx: tx.alerts.resolve("forms", file.now))

    steps(file, watcher)
    assert open_alerts(sqlite) == []
    file.now += REPEAT_INTERVAL
    steps(file, watcher)

    assert [alert.cause for alert in open_alerts(sqlite)] == ["forms"]


def test_a_start_with_a_good_file_ends_what_an_earlier_process_reported(sqlite: Store, file: FollowedFile) -> None:
    sqlite.write(lambda tx: tx.alerts.report("forms", "It was refused.", file.now))

    steps(file, SetupWatcher(file.follow(), sqlite, "web"))

    assert open_alerts(sqlite) == []


def test_who_could_not_follow_is_asked_again(sqlite: Store, file: FollowedFile) -> None:
    attempts: list[Setup] = []

    def follow(setup: Setup) -> None:
        attempts.append(setup)
        if len(attempts) == 1:
            raise StoreUnavailable

    current: CurrentSetup = file.follow()
    watcher = SetupWatcher(current, sqlite, "worker", follow)
    file.write("[forms.tour]")

    watcher.step(file.now)
    with pytest.raises(StoreUnavailable):
        watcher.step(file.now)
    steps(file, watcher, watcher)

    assert attempts == [current.get()] * 2
