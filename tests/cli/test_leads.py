"""`lead-capture leads`: what an operator sees and does."""

import base64
import json
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from service.cli.lead_table import lines_of, print_leads
from service.lead import Contact, Evidence, Lead, Status, Submission
from service.store import Store
from tests.admin.stored_leads import keep, keep_as, keep_delivered, keep_many
from tests.builders import NOON, a_lead, a_submission
from tests.cli.conftest import Terminal
from tests.tables import each_row

HOSTILE = "\x1b[2J\x9b31m\r\nx\u202e"


def ids(message: str) -> list[str]:
    """The ids at the beginning of lines."""
    return [line.split()[0] for line in message.splitlines() if not line.startswith(" ")]


def stands(store: Store, *leads: str) -> list[Status]:
    """Where each lead stands."""
    with store.read() as tx:
        stored = [tx.leads.get(lead_id) for lead_id in leads]
    return [lead.status for lead in stored if lead is not None]


# -- list


def test_a_lead_is_two_lines_and_a_third_where_a_person_must_look(run: Terminal, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead(status=Status.PARKED, problem="It arrived without a usable email: correct it."))

    assert run("leads", "list").out.splitlines() == [
        f"{lead.id}  2026-11-24 12:00  parked       contact",
        "    ada@example.com, Paid Search",
        "    ! It arrived without a usable email: correct it.",
    ]


@pytest.mark.parametrize("words", [["leads"], ["leads", "list"]])
def test_the_newest_fifty_are_listed(run: Terminal, sqlite: Store, words: list[str]) -> None:
    leads = keep_many(sqlite, 60)

    assert ids(run(*words).out) == [lead.id for lead in reversed(leads)][:50]


def test_more_are_listed_when_asked(run: Terminal, sqlite: Store) -> None:
    keep_many(sqlite, 60)

    assert len(ids(run("leads", "list", "--limit", "55").out)) == 55


@pytest.mark.parametrize(
    "words", [(), ("list", "--json"), ("list", "--form", "contact"), ("retry", "--status", "parked")]
)
def test_an_empty_list_says_so_beside_its_output(run: Terminal, sqlite: Store, words: tuple[str, ...]) -> None:
    result = run("leads", *words)

    assert (result.code, result.out, result.err) == (0, "", "lead-capture: no leads\n")


@pytest.mark.parametrize("action", ["list", "retry", "export"])
def test_an_empty_period_is_refused(run: Terminal, sqlite: Store, action: str) -> None:
    result = run("leads", action, "--since", "2026-11-02", "--until", "2026-11-01")

    assert (result.code, result.out) == (1, "")
    assert result.err == "lead-capture: the period is empty: --since must lie before --until\n"


@pytest.mark.parametrize("action", ["list", "retry"])
def test_a_form_that_neither_the_forms_file_nor_a_lead_has_is_refused(
    run: Terminal, sqlite: Store, action: str
) -> None:
    result = run("leads", action, "--form", "contcat")

    assert (result.code, result.out) == (1, "")
    assert result.err == "lead-capture: there is no form 'contcat'; the set-up has contact\n"


def test_a_form_that_was_removed_is_still_listed(run: Terminal, sqlite: Store) -> None:
    keep_many(sqlite, 1)
    sqlite.write(lambda tx: tx.leads._connection.exec_driver_sql("UPDATE leads SET form = 'gone'"))

    result = run("leads", "list", "--form", "gone")

    assert (result.code, result.err) == (0, "")
    assert len(result.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("--status parked", {"parked"}),
        ("--form tour", {"tour"}),
        ("--since 2026-11-25", {"tomorrow"}),
        ("--until 2026-11-25T12:00", {"parked", "tour"}),
        ("--since 2026-11-25T13:00+01:00", {"tomorrow"}),
        ("--form contact --status pending", {"tomorrow"}),
    ],
)
def test_filters_choose(run: Terminal, sqlite: Store, words: str, expected: set[str]) -> None:
    leads = {
        "parked": keep(sqlite, a_lead(status=Status.PARKED)),
        "tour": keep(sqlite, a_lead(submission=a_submission(form="tour"))),
        "tomorrow": keep(sqlite, a_lead(received_at=NOON.replace(day=25))),
    }

    listed = ids(run("leads", "list", *words.split()).out)

    assert set(listed) == {leads[name].id for name in expected}


def test_a_list_of_json_has_one_lead_a_line_with_its_attempts(run: Terminal, sqlite: Store) -> None:
    delivered, newer = keep_delivered(sqlite), keep(sqlite, a_lead(received_at=NOON.replace(hour=13)))

    listed = [json.loads(line) for line in run("leads", "list", "--json").out.splitlines()]

    assert [lead["id"] for lead in listed] == [newer.id, delivered.id]
    assert [len(lead["attempts"]) for lead in listed] == [0, 3]


LONG = a_lead(
    status=Status.QUARANTINED,
    problem="It came from https://elsewhere.example, which is not in allowed_origins: release it if it is real.",
    submission=a_submission(f"{'x' * 60}@{'y' * 60}.example", form="a-form-with-quite-a-long-name"),
)


WIDE_NAME = a_lead(submission=a_submission(contact=Contact(full_name="会議室" * 60)))


def shown(width: int, *leads: Lead) -> list[str]:
    """The lines of a list in a terminal of so many columns."""
    screen = StringIO()
    print_leads(leads, Console(file=screen, width=width, force_terminal=True, color_system=None))
    return screen.getvalue().splitlines()


@each_row("width", [60, 80, 100, 120, 200])
def test_every_line_fits_the_terminal_and_ids_and_statuses_are_whole(width: int) -> None:
    lines = shown(width, LONG, WIDE_NAME)

    assert all(cell_len(line) <= width for line in lines)
    for lead in (LONG, WIDE_NAME):
        (line,) = (line for line in lines if line.startswith(lead.id))
        assert lead.status.value in line.split()


@each_row(("width", "number"), [(60, 7), (80, 5), (100, 5), (120, 4), (200, 4)])
def test_the_wider_the_terminal_the_fewer_the_lines(width: int, number: int) -> None:
    assert len(shown(width, LONG, WIDE_NAME)) == number


def test_a_wide_terminal_gets_a_table_whose_columns_stand_below_each_other() -> None:
    title, first, _, second = shown(120, LONG, WIDE_NAME)

    assert title.split()[:2] == ["id", "received"]
    for word, lead_words in (("status", ("quarantined", "pending")), ("channel", ("Paid", "Paid"))):
        places = {
            cell_len(line[: line.index(lead_word)]) for line, lead_word in zip((first, second), lead_words, strict=True)
        }
        assert places == {title.index(word)}


def test_no_leads_have_no_titles() -> None:
    assert shown(120) == []


def test_a_file_or_pipe_gets_whole_lines(run: Terminal, sqlite: Store) -> None:
    keep(sqlite, LONG)

    assert run("leads").out.splitlines()[1:] == [*lines_of(LONG)][1:]


def test_strangers_cannot_steer_the_terminal() -> None:
    lead = a_lead(problem=HOSTILE, submission=a_submission(contact=Contact(full_name=HOSTILE)))

    assert all(line.isprintable() for line in lines_of(lead))


# -- show


def test_a_lead_is_shown_whole(run: Terminal, sqlite: Store) -> None:
    lead = keep_delivered(sqlite)

    payload = json.loads(run("leads", "show", lead.id).out)

    assert (payload["id"], payload["status"], payload["contact"]["email"]) == (lead.id, "delivered", "ada@example.com")
    assert [attempt["step"] for attempt in payload["attempts"]] == [
        "find_coworker",
        "create_coworker",
        "create_opportunity",
    ]


# -- retry, release, discard


@pytest.mark.parametrize(
    ("action", "status", "done", "after"),
    [
        ("retry", Status.PARKED, "sent again", Status.PENDING),
        ("release", Status.QUARANTINED, "released", Status.PENDING),
        ("discard", Status.PENDING, "discarded", Status.DISCARDED),
        ("restore", Status.DISCARDED, "restored", Status.PARKED),
    ],
)
def test_several_leads_are_acted_upon_in_one_go(
    run: Terminal, sqlite: Store, action: str, status: Status, done: str, after: Status
) -> None:
    leads = [keep_as(sqlite, status).id for _ in range(2)]

    result = run("leads", action, *leads)

    assert (result.code, result.out) == (0, f"{leads[0]}: {done}\n{leads[1]}: {done}\n")
    assert stands(sqlite, *leads) == [after, after]


def test_what_cannot_be_done_is_told_and_the_rest_is_done(run: Terminal, sqlite: Store) -> None:
    delivered, parked = keep_as(sqlite, Status.DELIVERED).id, keep_as(sqlite, Status.PARKED).id

    result = run("leads", "retry", delivered, "0" * 32, parked)

    assert result.code == 1
    assert result.out.splitlines() == [
        f"{delivered}: the lead is delivered: only pending, parked and announced leads can be retried",
        f"{'0' * 32}: there is no such lead",
        f"{parked}: sent again",
    ]


def test_a_retry_by_filters_takes_all_that_can_be_sent(run: Terminal, sqlite: Store) -> None:
    leads = [keep_as(sqlite, status).id for status in (Status.PARKED, Status.DELIVERED, Status.QUARANTINED)]

    result = run("leads", "retry", "--form", "contact")

    assert (result.code, result.out) == (0, f"{leads[0]}: sent again\n")
    assert stands(sqlite, *leads) == [Status.PENDING, Status.DELIVERED, Status.QUARANTINED]


def test_a_retry_by_filters_leaves_the_others(run: Terminal, sqlite: Store) -> None:
    parked, pending = keep_as(sqlite, Status.PARKED).id, keep_as(sqlite, Status.PENDING).id

    result = run("leads", "retry", "--status", "parked")

    assert ids(result.out) == [f"{parked}:"]
    assert pending not in result.out


@pytest.mark.parametrize("words", [[], ["0" * 32, "--status", "parked"]], ids=["nothing", "both"])
def test_a_retry_needs_either_ids_or_filters(run: Terminal, sqlite: Store, words: list[str]) -> None:
    parked = keep_as(sqlite, Status.PARKED).id

    result = run("leads", "retry", *words)

    assert (result.code, result.out) == (1, "")
    assert "name leads, or select them" in result.err
    assert stands(sqlite, parked) == [Status.PARKED]


# -- correct


def test_answers_are_put_right_and_the_lead_is_sent(run: Terminal, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.PARKED)

    result = run("leads", "correct", lead.id, "--field", "message=Four desks.", "--field", "email=ann@example.com")

    assert (result.code, result.out) == (0, f"{lead.id}: corrected, pending\n")
    with sqlite.read() as tx:
        stored = tx.leads.get(lead.id)
    assert stored is not None
    assert (stored.submission.contact.email, stored.submission.fields["message"]) == ("ann@example.com", "Four desks.")


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--field", "email=nobody"], "not an e-mail address"), (["--field", "shoe=38"], "not a field of this lead")],
)
def test_what_cannot_be_put_right_is_told(run: Terminal, sqlite: Store, words: list[str], message: str) -> None:
    lead = keep_as(sqlite, Status.PARKED)

    result = run("leads", "correct", lead.id, *words)

    assert (result.code, result.out) == (1, "")
    assert message in result.err


def test_a_correction_without_a_value_is_wrong_usage(run: Terminal, sqlite: Store) -> None:
    assert run("leads", "correct", "x", "--field", "email").code == 2


# -- as JSON


def test_actions_are_told_one_json_object_a_line(run: Terminal, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.PARKED)

    result = run("leads", "retry", lead.id, "nobody", "--json")

    assert [json.loads(line) for line in result.out.splitlines()] == [
        {"id": lead.id, "done": True, "problem": None},
        {"id": "nobody", "done": False, "problem": "there is no such lead"},
    ]


def test_a_corrected_lead_is_told_as_it_is_now(run: Terminal, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead(status=Status.PARKED))

    result = run("leads", "correct", lead.id, "--field", "email=eve@example.com", "--json")

    assert json.loads(result.out)["contact"]["email"] == "eve@example.com"


def test_a_lead_is_shown_as_json_with_or_without_saying_so(run: Terminal, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead())

    assert run("leads", "show", lead.id, "--json").out == run("leads", "show", lead.id).out


@pytest.mark.parametrize("words", [("list",), ("list", "--json"), ("show",)])
def test_half_a_character_does_not_stop_the_list(run: Terminal, sqlite: Store, words: tuple[str, ...]) -> None:
    lead = keep(sqlite, a_lead(submission=a_submission(message="\ud800", extras={"\ud800": "\ud800"})))

    result = run("leads", *words, *([lead.id] if "show" in words else []))

    assert result.code == 0
    assert "ada@example.com" in result.out


def test_all_that_is_stored_about_a_person_is_one_json_document(run: Terminal, sqlite: Store) -> None:
    hers = keep_delivered(sqlite)
    body = "ada@example.com, caf\u00e9".encode("latin-1")
    unread = Submission("contact", "json", Contact(), Evidence(), raw=body, ip="192.0.2.7", problem="Cannot be read.")
    parked = keep(sqlite, a_lead(submission=unread, status=Status.PARKED))
    mention = keep(sqlite, a_lead(submission=a_submission("bob@example.com", "I know ada@example.com")))
    sqlite.write(lambda tx: tx.crm.record_conversions("google-ads", [(hers.id, "won")], NOON))

    person = json.loads(run("leads", "person", "ADA@example.com").out)

    leads = {lead["id"]: lead for lead in person["leads"]}
    assert leads.keys() == {hers.id, parked.id}
    assert (leads[hers.id]["contact"]["email"], leads[hers.id]["opportunity_id"]) == ("ada@example.com", 9)
    stored = leads[hers.id]["stored"]
    assert stored["consent"] is None
    assert stored["landing_url"] == "https://www.example.com/?utm_source=google&utm_medium=cpc"
    assert stored["conversions"] == [{"platform": "google-ads", "name": "won", "reported_at": "2026-11-24T12:00:00Z"}]
    assert base64.b64decode(leads[parked.id]["stored"]["body_base64"]) == body
    assert leads[parked.id]["stored"]["ip"] == "192.0.2.7"
    assert person["mentioned_in"] == [mention.id]


def test_whose_address_it_cannot_be_is_refused(run: Terminal, sqlite: Store) -> None:
    assert run("leads", "person", "ada").code == 1
