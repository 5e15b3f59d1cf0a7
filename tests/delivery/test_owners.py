"""Owners in turn: who gets the next lead, that no turn is given twice, and what happens where nobody can own it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from service import clock
from service.delivery.owners import NOBODY, choose_owner
from service.delivery.setup_check.job import examine
from service.forms import DaySet, Destination, Form
from service.lead import Lead
from service.nexudus.directory import USERS_PATH
from service.nexudus.opportunities import PATH
from service.store import OwnerTurn, Store
from tests.builders import NOON, a_form, a_lead
from tests.delivery.conftest import Env

OLIVE, QUENTIN, FRED = "olive@harbourdesk.example", "quentin@harbourdesk.example", "fred@harbourdesk.example"
NAMES = {901: "olive", 902: "quentin", None: "nobody"}


def in_turn(*people: str, days_off: dict[str, DaySet] | None = None) -> Form:
    """A form whose leads these people own in turn."""
    whole = Destination(stage_id=1001, responsible=people, days_off=days_off or {})
    return replace(a_form(), destination=whole)


def owners(env: Env) -> list[str]:
    """The owners of the opportunities, oldest first."""
    return [NAMES[one["ResponsibleId"]] for one in env.nexudus.opportunities()]


def deliver(env: Env, number: int) -> list[Lead]:
    """Deliver so many leads one after the other."""
    leads: list[Lead] = []
    for _ in range(number):
        leads.append(env.owes(a_lead(f"{len(leads)}-{env.ahead.days}@example.com")))
        env.deliver_until_quiet()
    return leads


def turn_of(env: Env, lead: Lead) -> OwnerTurn:
    """Whose turn a lead was."""
    with env.store.read() as tx:
        return tx.answers.turns_of([lead.id])[lead.id]


def test_leads_go_to_people_in_turn_and_each_lead_says_why(env: Env) -> None:
    env.use({"contact": in_turn(OLIVE, QUENTIN)})

    leads = deliver(env, 3)

    assert owners(env) == ["olive", "quentin", "olive"]
    assert (turn_of(env, leads[1]).email, turn_of(env, leads[1]).reason) == (QUENTIN, "it was their turn")
    assert len(env.nexudus.calls("GET", USERS_PATH)) == 2  # cached


def test_a_day_off_is_skipped_and_the_person_is_next_when_back(env: Env) -> None:
    today = clock.now().date()
    env.use({"contact": in_turn(OLIVE, QUENTIN, days_off={OLIVE: DaySet(spans=((today, today),))})})
    first, _ = deliver(env, 2)
    env.use({"contact": in_turn(OLIVE, QUENTIN)})

    deliver(env, 2)

    assert owners(env) == ["quentin", "quentin", "olive", "quentin"]
    assert turn_of(env, first).reason == f"it was their turn; {OLIVE} is off"


def test_a_turn_belongs_to_its_lead_however_often_it_is_delivered(env: Env) -> None:
    env.use({"contact": in_turn(OLIVE, QUENTIN)})
    env.nexudus.faults([{"method": "POST", "path": PATH, "status": 500, "times": 2}])

    deliver(env, 2)

    assert owners(env) == ["olive", "quentin"]


def test_an_address_that_is_nobodys_and_one_of_a_former_colleague_are_skipped(env: Env) -> None:
    env.use({"contact": in_turn("nobody@example.com", FRED, QUENTIN)})

    [lead] = deliver(env, 1)

    assert owners(env) == ["quentin"]
    assert f"{FRED} is not an active admin user of Nexudus" in turn_of(env, lead).reason


def test_where_nobody_can_be_an_owner_the_lead_is_delivered_without_one(env: Env) -> None:
    env.use({"contact": in_turn("nobody@example.com")})

    [lead] = deliver(env, 1)

    assert owners(env) == ["nobody"]
    assert turn_of(env, lead).reason == f"no owner: {NOBODY}"


def test_where_the_users_are_hidden_the_lead_is_delivered_without_an_owner(env: Env) -> None:
    env.use({"contact": in_turn(OLIVE, QUENTIN)})
    env.nexudus.faults([{"path": USERS_PATH, "status": 401, "times": 99}])

    [lead] = deliver(env, 1)

    assert owners(env) == ["nobody"]
    assert (turn_of(env, lead).email, "User-List" in turn_of(env, lead).reason) == (OLIVE, True)


def test_an_outage_while_users_are_read_delays_the_lead_and_gives_one_turn(env: Env) -> None:
    env.use({"contact": in_turn(OLIVE, QUENTIN)})
    env.nexudus.faults([{"path": USERS_PATH, "status": 503, "times": 2}])

    deliver(env, 2)

    assert owners(env) == ["olive", "quentin"]


def test_many_workers_give_each_turn_once(store: Store) -> None:
    leads = [a_lead(f"{number}@example.com") for number in range(12)]
    ids = {OLIVE: 901, QUENTIN: 902, "carl@example.com": 903}

    def give(lead: Lead) -> OwnerTurn:
        def choose(order: list[str]) -> tuple[str, int | None, str]:
            return choose_owner(order, ids, frozenset(), NOBODY)

        return store.write(lambda tx: tx.answers.give_turn(lead.id, "default", list(ids), choose, NOON))  # type: ignore[arg-type]

    with ThreadPoolExecutor(4) as pool:
        given = list(pool.map(give, leads))
        again = list(pool.map(give, leads))

    assert sorted(turn.email for turn in given) == sorted(list(ids) * 4)
    assert again == given


def test_everyone_off_is_no_reason_to_leave_a_lead_alone() -> None:
    email, user_id, reason = choose_owner([OLIVE, QUENTIN], {OLIVE: 901, QUENTIN: 902}, frozenset((OLIVE, QUENTIN)), "")

    assert (email, user_id, reason) == (OLIVE, 901, "it was their turn; everyone is off")


def test_the_doctor_names_people_who_cannot_be_owners(env: Env) -> None:
    form = in_turn("nobody@example.com", FRED, QUENTIN, OLIVE)

    problems = [each for each in examine(env.context.nexudus, [form], sleep=clock.sleep) if each.check == "owner"]

    assert [(each.level, each.problem) for each in problems] == [
        ("error", "Nexudus has no user with address 1 of responsible"),
        ("error", "user 903, address 2 of responsible, is not active"),
        ("error", "user 902, address 3 of responsible, has no access to location 55 of stage 1001"),
    ]
    assert not any(OLIVE in each.sentence or FRED in each.sentence for each in problems)
