"""Publishing into the database: whole versions, refused where they are faulty, stale, or a forms file is in force."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.actors import administrator
from service.forms import SetupProblems
from service.settings import read_settings
from service.setup.current import Look
from service.setup.publishing import ManagedByFile, Publisher, StaleVersion, UnknownVersion
from service.setup.reading import NOT_READ, follow_setup, read_stored
from service.store import Act, Arrival, Store
from service.store.database.act_tables import acts
from service.store.setups import KEPT_FOR, KEPT_VERSIONS
from tests.builders import NOON, a_lead, a_publisher

FIRST = "# by hand\n[defaults]\nstage_id = 1001\n\n[forms.contact]\n"
TOUR = FIRST + '\n[forms.tour]\ntitle = "Book a tour"\nstage_id = 1002\n'


def no_variable(_name: str) -> None:
    """An environment without variables."""


FAULTS = {
    "no TOML": ("[forms.tour", ""),
    "unknown key": ("[forms.tour]\nstge_id = 1\n", "forms.tour.stge_id"),
    "a key with spaces": ('[forms.tour.custom]\n"How did you hear" = "{nobody_asks}"\n', "forms.tour.custom."),
    "unknown account": ('[forms.tour]\naccount = "nowhere"\n', "forms.tour.account"),
    "no variable": ('[forms.tour]\nredirect = "env:NOT_SET"\n', "forms.tour.redirect"),
}


def publish(publisher: Publisher, document: str, over: int, note: str = "") -> int:
    """Publish as the administrator; return the number."""
    return publisher.publish(document, note, administrator(), over, NOON + timedelta(minutes=over)).version


def test_before_anything_is_published_there_is_one_form(sqlite: Store) -> None:
    standing = a_publisher(sqlite).standing()

    assert (standing.version, standing.toml, standing.updated_at) == (0, "[forms.contact]\n", None)


def test_a_version_has_its_document_as_it_was_written_and_who_when_and_why(sqlite: Store) -> None:
    publisher = a_publisher(sqlite)

    publish(publisher, TOUR, 0, "the tour form")

    standing = publisher.standing()
    assert (standing.version, standing.toml, standing.note) == (1, TOUR, "the tour form")
    assert (standing.updated_by, standing.updated_at) == ("admin", NOON)


def test_a_proposal_names_every_key_that_changes(sqlite: Store) -> None:
    publisher = a_publisher(sqlite)
    publish(publisher, TOUR, 0)
    changed = TOUR.replace("stage_id = 1002", "stage_id = 1003").replace("stage_id = 1001\n", "") + "[forms.day]\n"

    changes = publisher.propose(changed, 1).changes

    assert [(each.form, each.key, each.before, each.after) for each in changes] == [
        ("tour", "stage_id", 1002, 1003),
        ("day", "", None, {}),
        ("", "defaults.stage_id", 1001, None),
    ]
    assert publisher.standing().toml == TOUR


def test_a_secret_that_is_written_out_is_withheld_and_warned_of(sqlite: Store) -> None:
    hook = '[forms.contact.webhooks.json]\ntoken = "not-for-everyone-to-read"\n'

    proposal = a_publisher(sqlite).propose(hook, 0)

    assert "not-for-everyone" not in repr(proposal.changes)
    assert "forms.contact.webhooks.json.token" in [each.path for each in proposal.warnings]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_document_is_refused_with_its_place(sqlite: Store, fault: str) -> None:
    document, path = FAULTS[fault]
    publisher = a_publisher(sqlite)

    with pytest.raises(SetupProblems) as problems:
        publish(publisher, document, 0)

    assert any(each.path.startswith(path) and each.message for each in problems.value.placed)
    assert publisher.standing().version == 0


def test_over_one_version_only_one_is_published(sqlite: Store) -> None:
    publisher = a_publisher(sqlite)
    publish(publisher, FIRST, 0)

    with pytest.raises(StaleVersion) as stale:
        publish(publisher, TOUR, 0)

    assert stale.value.newest == 1
    assert publisher.standing().toml == FIRST


def test_going_back_publishes_the_earlier_document_again(sqlite: Store) -> None:
    publisher = a_publisher(sqlite)
    publish(publisher, FIRST, 0)
    publish(publisher, TOUR, 1)

    publisher.revert(1, "", administrator(), 2, NOON)

    assert (publisher.standing().version, publisher.standing().toml) == (3, FIRST)
    assert [(each.version, each.note) for each in publisher.history(1)] == [(3, "back to version 1")]
    with pytest.raises(UnknownVersion):
        publisher.revert(99, "", administrator(), 3, NOON)


def test_publishing_is_on_record_with_what_changed(sqlite: Store) -> None:
    publisher = a_publisher(sqlite)
    publish(publisher, FIRST, 0, "first")
    publisher.revert(0, "", administrator(), 1, NOON)

    with sqlite.read() as tx:
        first, back = tx._execute(select(acts).order_by(acts.c.id)).all()

    assert [(each.act, each.who, each.before["version"], each.after["version"]) for each in (first, back)] == [
        (Act.PUBLISH, "admin", 0, 1),
        (Act.REVERT, "admin", 1, 2),
    ]
    assert {"form": "", "key": "defaults.stage_id", "from": None, "to": 1001} in first.after["changes"]


def test_where_a_forms_file_is_in_force_nothing_is_published(sqlite: Store, tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(TOUR)
    publisher = Publisher(sqlite, read_settings({"FORMS_FILE": str(path)}), no_variable)

    with pytest.raises(ManagedByFile):
        publish(publisher, FIRST, 0)

    assert (publisher.standing().version, publisher.standing().toml) == (None, TOUR)


# -- stages that were looked at

STAGES = [
    {"id": 1001, "name": "New", "checked": True, "refused": False, "dangers": [], "actions": []},
    {"id": 1002, "name": "Gone", "checked": True, "refused": True, "dangers": ["deletes the customer"], "actions": []},
]
LOOK = {"locations": [{"id": 55, "boards": [{"id": 7, "name": "Sales", "stages": STAGES}]}]}


@pytest.mark.parametrize("stage", ["stage_id = 1002", 'board = "sales"\nstage = "gone"', "stage = 1002"])
def test_a_stage_that_the_last_look_found_unsafe_is_refused_where_it_is_named(sqlite: Store, stage: str) -> None:
    sqlite.write(lambda tx: tx.crm.save_look("default", "https://x.example", LOOK, NOON))

    with pytest.raises(SetupProblems) as problems:
        publish(a_publisher(sqlite), f"[defaults]\n{stage}\n[forms.contact]\n", 0)

    (problem,) = problems.value.placed
    assert problem.path.startswith("defaults.stage")
    assert "deletes the customer" in problem.message


def test_a_stage_that_nobody_has_looked_at_is_published_with_a_warning(sqlite: Store) -> None:
    proposal = a_publisher(sqlite).propose(FIRST, 0)

    assert [each.path for each in proposal.warnings] == ["defaults.stage_id"]
    with sqlite.read() as tx:
        assert tx.crm.is_look_requested("default"), "so that the next version is judged"


# -- processes follow


def test_a_process_takes_up_what_was_published_and_only_that(sqlite: Store) -> None:
    settings = read_settings({"FORMS_FILE": "no-such-file.toml"})
    publisher = a_publisher(sqlite)
    current = follow_setup(settings, read_stored(settings, sqlite, no_variable), no_variable, NOON, sqlite)
    publish(publisher, TOUR, 0)

    looks = [current.look(NOON) for _ in range(3)]

    assert looks == [Look.UNSETTLED, Look.TAKEN, Look.SAME]
    assert (current.get().version, current.get().forms["tour"].setup_version) == (1, 1)
    publish(publisher, TOUR, 1, "the same again")
    current.look(NOON)
    assert current.look(NOON) is Look.TAKEN
    assert current.get().version == 2


def test_what_the_parent_has_read_is_not_read_again_after_the_fork(sqlite: Store) -> None:
    settings = read_settings({"FORMS_FILE": "no-such-file.toml"})
    current = follow_setup(settings, read_stored(settings, sqlite, no_variable), no_variable, NOON)

    current.attach(sqlite, NOON)

    assert current.look(NOON) is Look.SAME


def test_a_process_that_is_replaced_begins_with_the_newest_version(sqlite: Store) -> None:
    settings = read_settings({"FORMS_FILE": "no-such-file.toml"})
    current = follow_setup(settings, read_stored(settings, sqlite, no_variable), no_variable, NOON)
    publish(a_publisher(sqlite), TOUR, 0)

    current.attach(sqlite, NOON)
    current.catch_up(NOON)

    assert (current.get().version, list(current.get().forms)) == (1, ["contact", "tour"])
    assert current.look(NOON) is Look.SAME


def test_clocks_that_differ_change_neither_the_order_of_versions_nor_the_chain(sqlite: Store) -> None:
    publisher, hours = a_publisher(sqlite), [0, -5, 30, -30]
    for over, hour in enumerate(hours):
        publisher.publish(FIRST + f"# {over}\n", "", administrator(), over, NOON + timedelta(hours=hour))

    with sqlite.read() as tx:
        chain = tx.acts.verify_chain()

    assert publisher.standing().toml == FIRST + "# 3\n"
    assert [each.version for each in publisher.history(9)] == [4, 3, 2, 1]
    assert (chain.number, chain.problem) == (4, "")


def test_a_hangup_has_the_version_in_force_read_again(sqlite: Store) -> None:
    settings = read_settings({"FORMS_FILE": "no-such-file.toml"})
    current = follow_setup(settings, read_stored(settings, sqlite, no_variable), no_variable, NOON, sqlite)

    current.request()

    assert [current.look(NOON) for _ in range(3)] == [Look.UNSETTLED, Look.KEPT, Look.SAME]


def test_a_forms_file_that_appears_takes_its_place_and_may_not_vanish(sqlite: Store, tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    settings = read_settings({"FORMS_FILE": str(path)})
    current = follow_setup(settings, read_stored(settings, sqlite, no_variable), no_variable, NOON, sqlite)
    path.write_text(TOUR)

    current.look(NOON)
    assert current.look(NOON) is Look.TAKEN
    assert current.get().version is None
    path.unlink()
    current.look(NOON)
    assert current.look(NOON) is Look.REFUSED
    assert "tour" in current.get().forms
    with pytest.raises(ManagedByFile):
        publish(Publisher(sqlite, settings, no_variable, current.get), FIRST, 0)


def test_a_process_that_could_not_reach_the_database_reads_as_soon_as_it_can(sqlite: Store) -> None:
    settings = read_settings({"FORMS_FILE": "no-such-file.toml"})
    publish(a_publisher(sqlite), TOUR, 0)
    before_the_fork = follow_setup(settings, NOT_READ, no_variable, NOON)
    assert before_the_fork.look(NOON) is Look.SAME

    before_the_fork.attach(sqlite, NOON)

    assert list(before_the_fork.get().forms) == ["contact", "tour"]


# -- how long versions are kept


def test_old_versions_are_forgotten_unless_a_lead_waits_under_them(sqlite: Store) -> None:
    publisher = a_publisher(sqlite)
    for over in range(KEPT_VERSIONS + 3):
        sqlite.write(lambda tx, over=over: tx.setups.publish(FIRST, "", "admin", NOON, over))  # type: ignore[misc]
    sqlite.keep_and_enqueue([Arrival(a_lead(setup_version=2))])

    early = sqlite.write(lambda tx: tx.setups.forget_old(NOON + KEPT_FOR))
    late = sqlite.write(lambda tx: tx.setups.forget_old(NOON + KEPT_FOR + timedelta(days=1)))

    assert (early, late) == (0, 2)
    assert [each.version for each in publisher.history(9, before=5)] == [4, 2]
    with pytest.raises(UnknownVersion):
        publisher.version(1)
