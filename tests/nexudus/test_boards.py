"""What a set-up can name."""

import pytest

from service.nexudus import boards, directory
from service.nexudus.boards import DANGERS, WARNINGS, Stage
from service.nexudus.client import Nexudus
from service.nexudus.errors import Unavailable
from service.simulator.server import Simulator
from tests.tables import each_row

STAGE = "/api/crm/crmboardcolumns/1001"


def test_stages_come_by_board_and_position_without_those_of_archived_boards(nexudus: Nexudus) -> None:
    stages = boards.stages(nexudus)

    assert stages[0] == Stage(1001, "New enquiry", 0, 10, "Sales", 55)
    assert [(s.board_id, s.position) for s in stages] == sorted((s.board_id, s.position) for s in stages)
    assert {s.board_id for s in stages} == {10, 11, 12}


@pytest.mark.parametrize("flag", DANGERS)
def test_a_stage_that_does_harm_is_a_danger(flag: str) -> None:
    stage = Stage(1, "Any", 0, 10, "Sales", 55, (flag,))

    assert (stage.dangers, stage.warnings) == ((DANGERS[flag],), ())


@each_row("flag", WARNINGS)
def test_a_stage_that_does_more_than_hold_cards_is_worth_a_warning(flag: str) -> None:
    stage = Stage(1, "Any", 0, 10, "Sales", 55, (flag,))

    assert (stage.dangers, stage.warnings) == ((), (WARNINGS[flag],))


@pytest.mark.parametrize("lists", ["full", "absent", "false"])
def test_a_stage_is_judged_by_its_own_record_whatever_lists_show(crm: Simulator, nexudus: Nexudus, lists: str) -> None:
    crm.settings(list_flags=lists)
    listed = {stage.id: stage for stage in boards.stages(nexudus)}

    flags = {number: boards.with_actions(nexudus, listed[number]).flags for number in (1001, 1005, 1008, 1009)}

    assert flags == {
        1001: (),
        1005: ("CannedResponseId", "TaskListId"),
        1008: ("WinOpportunity", "ActivateAccount"),
        1009: ("DeleteAccount",),
    }


def test_no_stage_is_judged_by_a_list(crm: Simulator, nexudus: Nexudus) -> None:
    stages = boards.all_stages(nexudus)

    assert not any(stage.is_judged or stage.flags for stage in stages)
    assert len(crm.calls("GET")) == 2


@pytest.mark.parametrize(
    "answer",
    [{"status": 404}, {"body": {"Id": 1001}}, {"body": {"Id": 1002, **dict.fromkeys(DANGERS, False)}}],
    ids=["it is gone", "it hides its flags", "it is another one"],
)
def test_a_record_that_proves_nothing_leaves_the_stage_as_it_was_listed(
    crm: Simulator, nexudus: Nexudus, answer: dict[str, object]
) -> None:
    listed = boards.stages(nexudus)[0]
    crm.faults([{"path": STAGE, **answer}])

    assert boards.with_actions(nexudus, listed) == listed


def test_stages_of_archived_boards_are_told_where_they_are_asked_for(nexudus: Nexudus) -> None:
    stages = {stage.id: stage.archived for stage in boards.all_stages(nexudus)}

    assert (stages[1001], stages[4001]) == (False, True)


def test_one_stage_tells_what_happens_there(crm: Simulator, nexudus: Nexudus) -> None:
    assert boards.stage(nexudus, 1009) == Stage(
        1009, "Clean up", 7, 10, "Sales", None, ("DeleteAccount",), is_judged=True
    )
    assert len(crm.calls("GET")) == 1


def test_where_a_stage_is_shows_the_record_of_its_board(nexudus: Nexudus) -> None:
    stage = boards.stage(nexudus, 1009)
    assert stage is not None

    location = boards.location_of(nexudus, stage)

    assert (location.id if location else None) == 55


def test_a_stage_that_does_not_exist_is_none(nexudus: Nexudus) -> None:
    assert boards.stage(nexudus, 4711) is None


@pytest.mark.parametrize(
    "body",
    [{"Id": 1001, "Name": "New enquiry"}, {"Id": 1002, **dict.fromkeys(DANGERS, False)}],
    ids=["it hides its flags", "it is another one"],
)
def test_a_record_that_proves_nothing_does_not_make_a_stage_safe(
    crm: Simulator, nexudus: Nexudus, body: dict[str, object]
) -> None:
    crm.faults([{"path": STAGE, "body": body}])

    with pytest.raises(Unavailable):
        boards.stage(nexudus, 1001)


def test_boards_tell_location_and_whether_they_are_archived(nexudus: Nexudus) -> None:
    assert [(b.id, b.business_id, b.archived) for b in boards.boards(nexudus)] == [
        (10, 55, False),
        (11, 56, False),
        (12, 57, False),
        (13, 55, True),
    ]


def test_a_location_tells_country_and_time_zone(nexudus: Nexudus) -> None:
    place = directory.business(nexudus, 57)

    assert place in directory.businesses(nexudus)
    assert place
    countries = {c.id: c.code for c in directory.countries(nexudus)}
    zones = {z.id: z.name for z in directory.time_zones(nexudus)}
    assert (countries[place.country_id or 0], zones[place.time_zone_id or 0]) == ("NL", "W. Europe Standard Time")


def test_a_location_that_does_not_exist_is_none(nexudus: Nexudus) -> None:
    assert directory.business(nexudus, 4711) is None


def test_users_come_without_their_credentials(crm: Simulator, nexudus: Nexudus) -> None:
    raw = crm.world.tables["User"].rows[901]

    users = [user for user_id in (900, 901, 902, 903) if (user := directory.user(nexudus, user_id))]

    assert [user.active for user in users] == [True, True, True, False]
    assert not any(
        str(raw[name]) in str(vars_of(user)) for user in users for name in ("AccessToken", "Password") if raw[name]
    )


def vars_of(user: directory.User) -> dict[str, object]:
    return {name: getattr(user, name) for name in user.__slots__}


def test_one_team_is_asked_for_by_id(nexudus: Nexudus) -> None:
    team = directory.team(nexudus, 71)

    assert team
    assert (team.name, team.business_id) == ("Quay crew", 56)
    assert directory.team(nexudus, 4711) is None


def test_admins_are_active_ones_only_though_the_filter_is_ignored(crm: Simulator, nexudus: Nexudus) -> None:
    crm.world.tables["User"].rows[902]["IsAdmin"] = False
    everybody = {"Records": list(crm.world.tables["User"].rows.values()), "TotalPages": 1}
    crm.faults([{"path": "/api/sys/users", "body": everybody}])

    assert [user.id for user in directory.admins(nexudus)] == [900, 901]


def test_one_user_tells_the_locations(nexudus: Nexudus) -> None:
    user = directory.user(nexudus, 902)

    assert user
    assert user.business_ids == (56,)
    assert directory.user(nexudus, 4711) is None


def test_me_is_who_signed_in(nexudus: Nexudus) -> None:
    me = directory.me(nexudus)

    assert (me.id, me.api_access, me.admin, me.business_ids) == (900, True, True, (55, 56, 57))


def test_me_is_found_among_the_users_where_the_host_has_no_such_path(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": "/api/auth/me", "status": 404}])

    assert directory.me(nexudus).id == 900


def test_our_own_user_is_unknown_where_no_user_has_the_address(crm: Simulator, nexudus: Nexudus) -> None:
    strangers = {"Records": [{"Id": 901, "Email": "olive@harbourdesk.example"}], "TotalPages": 1}
    crm.faults([{"path": "/api/auth/me", "status": 404}, {"path": "/api/sys/users", "body": strangers}])

    with pytest.raises(Unavailable) as nobody:
        directory.me(nexudus)

    assert nobody.value.status == 404  # it did answer


def test_an_unset_default_is_none(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": "/api/auth/me", "body": {"Id": 900, "DefaultCountryId": 0, "DefaultBusinessId": None}}])

    me = directory.me(nexudus)

    assert (me.default_country_id, me.default_business_id, me.business_ids) == (None, None, None)


def test_people_do_not_print(nexudus: Nexudus) -> None:
    assert "@" not in repr(directory.admins(nexudus))
