"""The set-up in force: replaced as a whole by a good version, kept when the next one is faulty."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.setup.current import CurrentSetup, Look
from service.store import Store
from tests.builders import NOON
from tests.setup.conftest import FollowedFile

FAULTS = {
    "no TOML": (["[forms.tour"], "is not TOML"),
    "unknown key": (["[forms.tour]", "stge_id = 1"], "forms.tour.stge_id"),
    "no forms, as while an editor writes": ([""], "has no form"),
    "no variable of that name": (["[forms.tour]", 'redirect = "env:NOT_SET"'], "NOT_SET is not set"),
    "credentials in the clear": (
        ["[accounts.quay]", 'base_url = "http://nexudus.example"', 'username = "a"', 'password = "b"', "[forms.tour]"],
        "accounts.quay.base_url",
    ),
    "an address that Apprise cannot read": (["[forms.tour]", 'notify = ["no such address"]'], "notify[1]"),
}


def test_a_changed_file_is_in_force_once_it_was_left_alone_for_a_look(file: FollowedFile) -> None:
    current = file.follow()
    before = current.get()
    file.write("[forms.contact]", "[forms.tour]")

    looks = [current.look(NOON) for _ in range(3)]

    assert looks == [Look.UNSETTLED, Look.TAKEN, Look.SAME]
    assert list(current.get().forms) == ["contact", "tour"]
    assert list(before.forms) == ["contact"], "who took the set-up before keeps it"


def test_a_file_that_is_being_written_is_not_read(file: FollowedFile) -> None:
    current = file.follow()

    looks = []
    for text in ("", "[forms.contact]\n", "[forms.contact]\n[forms.tour]\n"):  # the second one would be valid
        file.path.write_text(text)
        looks.append(current.look(NOON))

    assert looks == [Look.UNSETTLED] * 3
    assert current.look(NOON) is Look.TAKEN
    assert list(current.get().forms) == ["contact", "tour"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_file_is_refused_with_its_sentences_and_the_set_up_stays(file: FollowedFile, fault: str) -> None:
    current = file.follow()
    before = current.state
    lines, expected = FAULTS[fault]
    file.write(*lines)

    look = file.look(current)

    assert look is Look.REFUSED
    assert current.get() is before.setup
    assert current.state.since == before.since
    (problem,) = current.state.problems
    assert expected in problem


def test_a_file_that_vanishes_leaves_everything_as_it_is(file: FollowedFile) -> None:
    current = file.follow()
    file.path.unlink()

    assert file.look(current) is Look.REFUSED
    assert current.state.problems == ("forms.toml: is gone: put it back",)
    assert list(current.get().forms) == ["contact"]


def test_a_file_that_is_put_back_as_it_was_ends_the_refusal(file: FollowedFile) -> None:
    current = file.follow()
    file.write("[forms.tour")
    file.look(current)

    file.write("[forms.contact]")

    assert file.look(current) is Look.KEPT
    assert current.state.problems == ()


def test_an_installation_without_a_file_takes_up_its_first_one(file: FollowedFile) -> None:
    file.path.unlink()
    current = file.follow()
    current.request()  # a SIGHUP changes nothing there

    assert file.look(current) is Look.SAME
    file.write("[forms.tour]")
    assert file.look(current) is Look.TAKEN
    assert list(current.get().forms) == ["tour"]


def test_a_change_between_the_start_s_reading_and_the_first_look_is_noticed(file: FollowedFile) -> None:
    setup = file.follow().get()
    file.write("[forms.tour]")
    current = file.follow(setup)

    assert file.look(current) is Look.TAKEN


def test_on_request_secrets_in_files_are_read_again(file: FollowedFile, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("first")
    file.environ["TALLY_FILE"] = str(secret)
    file.write("[forms.contact.webhooks.tally]", 'secret = "env:TALLY"')
    current = file.follow()
    digest = current.get().digest

    secret.write_text("second")
    unasked = file.look(current)
    current.request()

    assert (unasked, file.look(current)) == (Look.SAME, Look.TAKEN)
    assert current.get().forms["contact"].webhooks["tally"]["secret"] == "second"
    assert current.get().digest == digest, "what is shown says nothing about secrets"


def test_only_new_addresses_are_checked_by_apprise(file: FollowedFile, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write("[forms.contact]", 'notify = ["json://localhost/a"]')
    current = file.follow()
    monkeypatch.setattr(sys, "executable", "/bin/false")  # no process of Apprise can start now

    file.write("[forms.contact]", 'notify = ["json://localhost/a"]', "[forms.tour]")

    assert file.look(current) is Look.TAKEN


REPLACED = """
import os, sys
from tests.setup.conftest import FollowedFile
from pathlib import Path
file = FollowedFile(Path(sys.argv[1]))
parent = file.follow()

def in_a_child(work):
    if (pid := os.fork()) == 0:
        work()
        os._exit(0)
    os.waitpid(pid, 0)

def sibling():
    file.write("[forms.tour]")
    file.look(parent)
    file.write("[forms.tour")

def replacement():
    parent.catch_up(file.now)
    print(list(parent.get().forms), file.look(parent).name, list(parent.get().forms), flush=True)

in_a_child(sibling)
in_a_child(replacement)
"""


def test_a_web_process_that_is_replaced_while_the_file_is_faulty_uses_what_its_siblings_use(file: FollowedFile) -> None:
    printed = subprocess.run(
        [sys.executable, "-c", REPLACED, file.path],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert printed == "['tour'] REFUSED ['tour']\n"


def test_a_replaced_process_follows_a_file_that_was_put_back_before_its_siblings_saw_it(
    file: FollowedFile, sqlite: Store
) -> None:
    parent = file.follow()
    sibling = CurrentSetup(parent._source, parent.get(), NOON, parent._relay)
    file.write("[forms.tour]")
    file.look(sibling)
    file.write("[forms.contact]")

    parent.attach(sqlite, NOON)
    parent.catch_up(NOON)

    assert list(parent.get().forms) == ["tour"], "as its siblings"
    assert file.look(parent) is Look.TAKEN
    assert list(parent.get().forms) == ["contact"]
