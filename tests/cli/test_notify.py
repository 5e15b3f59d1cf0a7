"""Whom the forms' `notify` names is looked at before anything starts."""

from pathlib import Path

import pytest

from service.store import Store
from tests.cli.conftest import Terminal


@pytest.mark.parametrize("command", ["worker", "up"])
def test_an_address_of_a_form_that_cannot_be_read_is_told_by_its_place_but_never_shown(
    run: Terminal, folder: Path, command: str
) -> None:
    (folder / "forms.toml").write_text("[forms.tour]\nnotify = ['json://localhost/hush', 'slak://hush/hush']")

    result = run(command)

    assert (result.code, result.out) == (1, "")
    assert "forms.toml: forms.tour.notify[2]: Apprise cannot read this address: see https://" in result.err
    assert "hush" not in result.err


def test_an_address_of_a_route_is_looked_at_too(run: Terminal, folder: Path) -> None:
    route = "[[forms.tour.routes]]\nwhen = { location = 'leeds' }\nnotify = ['slak://hush/hush']"
    (folder / "forms.toml").write_text(f"[forms.tour]\n{route}")

    assert "forms.toml: forms.tour.routes[1].notify[1]: Apprise cannot read" in run("worker").err


def test_commands_that_notify_no_one_do_not_check_it(run: Terminal, folder: Path) -> None:
    (folder / "forms.toml").write_text("[forms.tour]\nnotify = ['slak://nobody']")

    assert run("preview", "tour", "--field", "email=ann@example.com").code == 0


def test_no_one_is_notified_of_imported_leads(run: Terminal, folder: Path, sqlite: Store) -> None:
    (folder / "forms.toml").write_text("[forms.tour]\nnotify = ['json://localhost/hush']")
    (folder / "old.csv").write_text("E-mail,Name\nann@example.com,Ann Lee\n")

    assert run("import", "old.csv", "--form", "tour").code == 0

    with sqlite.read() as tx:
        assert (sum(tx.statistics.leads_by_status().values()), tx.leads.to_notify("tour", 9)) == (1, [])
