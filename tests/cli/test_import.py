"""`lead-capture import`: a file's leads, once, whatever programme wrote it."""

import csv
import json
from pathlib import Path

import pytest

from service import clock
from service.capture.accept import announce_all
from service.capture.fields.enquiries import LeadNotice
from service.capture.fields.submissions import submit_notice
from service.lead import Lead, Status
from service.store import Query, Store
from tests.admin.stored_leads import keep, keep_as, keep_delivered
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.cli.conftest import Terminal
from tests.store.actions import claim

SAMPLES = Path(__file__).parents[1] / "samples" / "ad-platforms"

META = [
    [
        *("id", "created_time", "ad_id", "ad_name", "adset_id", "adset_name", "campaign_id", "campaign_name"),
        *("form_id", "form_name", "is_organic", "platform", "how_many_desks?", "email", "full_name", "phone_number"),
    ],
    [
        *("l:1289044735572222", "2026-11-22T05:06:07-05:00", "ag:120214783300452222", "Static 9"),
        *("as:120214783300442222", "Broad", "c:120214783300432222", "Winter", "f:823310495563333", "Winter form"),
        *("false", "ig", "6-10", "mireille@example.be", "Mireille Claes", "p:+3221234567"),
    ],
]
PLAIN = [["Name", "E-Mail", "Message"], ["Ann", "ann@example.com", "Two desks"], ["Bob", "bob@example.com", "One"]]


def write(rows: list[list[str]], separator: str = ",", encoding: str = "utf-8", name: str = "leads.csv") -> str:
    """A file in the test's folder; its name."""
    with Path(name).open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return name


def all_of(store: Store) -> list[Lead]:
    """Everything that is kept, oldest first."""
    with store.read() as tx:
        return sorted(tx.search.leads(Query(), 1000), key=lambda lead: lead.submission.contact.full_name)


def outcome(run: Terminal, *words: str) -> dict[str, int]:
    """What came of an import, without what did not happen."""
    payload = json.loads(run("import", *words, "--form", "contact", "--json").out)
    names = ("new", "parked", "quarantined", "test", "known", "left_out", "unread")
    return {name: payload[name] for name in names if payload[name]}


# -- what is taken


def test_each_row_becomes_a_lead_that_is_owed(run: Terminal, sqlite: Store) -> None:
    result = run("import", write(PLAIN), "--form", "contact")

    assert [lead.submission.contact.email for lead in all_of(sqlite)] == ["ann@example.com", "bob@example.com"]
    assert {lead.status for lead in all_of(sqlite)} == {Status.PENDING}
    assert result.code == 0
    assert "        2  new, to be sent to Nexudus after live leads" in result.out.splitlines()


def test_columns_are_understood_as_fields_of_a_form_are(run: Terminal, sqlite: Store) -> None:
    write(
        [
            ["Vorname", "Nachname", "Telefon", "Nachricht", "E-Mail", "Quelle"],
            ["Eva", "Weiß", "1", "Hallo", "e@example.com", "Messe"],
        ]
    )

    run("import", "leads.csv", "--form", "contact")

    submission = all_of(sqlite)[0].submission
    assert submission.fields["message"] == "Hallo"
    assert submission.contact.full_name == "Eva Weiß"
    assert submission.extras["Quelle"] == "Messe"


def test_a_second_import_adds_nothing(run: Terminal, sqlite: Store) -> None:
    run("import", write(PLAIN), "--form", "contact")

    before = all_of(sqlite)

    assert outcome(run, "leads.csv") == {"known": 2}
    assert all_of(sqlite) == before


def test_a_file_with_more_rows_adds_those(run: Terminal, sqlite: Store) -> None:
    run("import", write(PLAIN), "--form", "contact")

    assert outcome(run, write([*PLAIN, ["Eve", "eve@example.com", "Six"]])) == {"new": 1, "known": 2}


def test_numbers_that_a_tool_counts_by_do_not_make_other_peoples_leads_repeats(run: Terminal, sqlite: Store) -> None:
    outcome(run, write([["entry_id", "email"], ["1", "ann@example.com"]]))

    assert outcome(run, write([["entry_id", "email"], ["1", "bob@example.com"]])) == {"new": 1}


def test_imported_leads_are_delivered_after_live_ones(run: Terminal, sqlite: Store) -> None:
    run("import", write(PLAIN), "--form", "contact")
    live = keep(sqlite, a_lead(received_at=NOON.replace(year=2027)))

    assert [each.lead.id for each in claim(sqlite, now=NOON.replace(year=2028), room=1)] == [live.id]


def test_a_row_without_an_address_is_kept_parked_and_told_with_its_line(run: Terminal, sqlite: Store) -> None:
    result = run("import", write([PLAIN[0], ["Ann", "", "Hello\nthere"], ["Bob", "bob@", "Hi"]]), "--form", "contact")

    assert [lead.status for lead in all_of(sqlite)] == [Status.PARKED, Status.PARKED]
    assert result.code == 0
    assert "line 2: parked: It arrived without a usable email: correct it, then send it again." in result.out
    assert "line 4: parked: " in result.out


def test_a_row_that_cannot_be_read_is_told_and_the_others_are_taken(run: Terminal, sqlite: Store) -> None:
    Path("leads.csv").write_text(
        f'name,email\nAnn,a@example.com\n"Bob,b@example.com\n{"x" * 140_000}\nEve,e@example.com\n'
    )

    result = run("import", "leads.csv", "--form", "contact")

    assert result.code == 1
    assert "line 3: not taken: it cannot be read" in result.out
    assert [lead.submission.contact.full_name for lead in all_of(sqlite)] == ["Ann", "Eve"]


# -- encodings and separators


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encoding_and_separator_are_found_out(run: Terminal, sqlite: Store, encoding: str, separator: str) -> None:
    write([["Name", "E-Mail", "Message"], ["Jürgen", "j@example.com", 'so, "é"; \t|']], separator, encoding)

    run("import", "leads.csv", "--form", "contact")

    (lead,) = all_of(sqlite)
    assert lead.submission.contact.full_name == "Jürgen"
    assert lead.submission.fields["message"].startswith('so, "é"; ')  # type: ignore[union-attr]


def test_the_line_in_which_excel_names_the_separator_is_no_header(run: Terminal, sqlite: Store) -> None:
    Path("leads.csv").write_text("sep=;\nname;email\nAnn, Lee;a@example.com\n")

    run("import", "leads.csv", "--form", "contact")

    assert all_of(sqlite)[0].submission.contact.full_name == "Ann, Lee"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04", "a workbook"),
        (b"", "is empty"),
        (b"Ann,ann@example.com\n", "begins with a lead"),
    ],
)
def test_what_is_no_table_of_leads_is_refused_with_what_to_do(
    run: Terminal, sqlite: Store, content: bytes, message: str
) -> None:
    Path("leads.csv").write_bytes(content)

    result = run("import", "leads.csv", "--form", "contact")

    assert result.code == 1
    assert message in result.err


@pytest.mark.parametrize(
    ("file", "form", "message"), [("none.csv", "contact", "cannot be opened"), ("none.csv", "x", "no form")]
)
def test_wrong_names_are_told(run: Terminal, sqlite: Store, file: str, form: str, message: str) -> None:
    result = run("import", file, "--form", form)

    assert result.code == 1
    assert message in result.err


# -- lines that are no leads


TITLED = (
    "Leads export,,\r\nGenerated 28/11/2026,,\r\n,,\r\nEmail,Name,Phone\r\nann@example.com,Ann Lee,1\r\nTotal,,1\r\n"
)


def test_what_stands_above_the_header_is_shown_and_never_taken(run: Terminal, sqlite: Store) -> None:
    Path("leads.csv").write_text(TITLED, newline="")

    result = run("import", "leads.csv", "--form", "contact", "--dry-run").out
    run("import", "leads.csv", "--form", "contact")

    assert "The columns are named in line 4. The lines above are not leads:" in result
    assert "  line 2: Generated 28/11/2026" in result.splitlines()
    assert [lead.submission.contact.full_name for lead in all_of(sqlite)] == ["Ann Lee"]


def test_a_total_below_the_leads_is_left_out_and_told(run: Terminal, sqlite: Store) -> None:
    Path("leads.csv").write_text(TITLED, newline="")

    result = run("import", "leads.csv", "--form", "contact")

    assert result.code == 0
    assert "line 6: left out: it is a total" in result.out


def test_programs_are_told_what_stands_above(run: Terminal, sqlite: Store) -> None:
    Path("leads.csv").write_text(TITLED, newline="")

    payload = json.loads(run("import", "leads.csv", "--form", "contact", "--dry-run", "--json").out)

    assert payload["above"] == [{"line": 1, "text": "Leads export"}, {"line": 2, "text": "Generated 28/11/2026"}]


# -- exports of platforms


def test_metas_export_is_known_by_its_columns(run: Terminal, sqlite: Store) -> None:
    write(META, "\t", "utf-16")

    run("import", "leads.csv", "--form", "contact")

    (lead,) = all_of(sqlite)
    assert (lead.submission.sender, lead.submission.external_id) == ("meta", "1289044735572222")
    assert lead.submission.contact.phone == "+3221234567"
    assert (lead.attribution.utm_source, lead.attribution.utm_campaign) == ("instagram", "Winter")
    assert lead.submission.evidence.submitted_at == 1795341967.0


def test_a_lead_that_came_by_the_webhook_is_known(run: Terminal, sqlite: Store) -> None:
    write(META)
    run("import", "leads.csv", "--form", "contact")
    meta_again = [META[0], [*META[1][:-1], "p:+3221111111"]]

    assert outcome(run, write(meta_again)) == {"known": 1}


def test_a_lead_that_was_only_announced_gets_its_answers_from_the_file(run: Terminal, sqlite: Store) -> None:
    notice = submit_notice(LeadNotice("1289044735572222"), a_form(), "meta", {})
    announce_all([(notice, "")], a_form(), sqlite, clock.now())

    run("import", write(META), "--form", "contact")

    (lead,) = all_of(sqlite)
    assert (lead.status, lead.submission.contact.full_name) == (Status.PENDING, "Mireille Claes")


def test_tiktoks_export_is_read_as_its_api_gives_it(run: Terminal, sqlite: Store) -> None:
    sample = json.loads((SAMPLES / "tiktok-export-csv.json").read_text())
    Path("leads.csv").write_text(sample["csv"])

    assert outcome(run, "leads.csv") == {"new": 1, "test": 1, "parked": 1}

    leads_by_id = {lead.submission.external_id: lead for lead in all_of(sqlite)}
    for lead in sample["expect"]["leads"]:
        assert leads_by_id[lead["external_id"]].submission.contact.full_name == lead["full_name"]
        assert leads_by_id[lead["external_id"]].attribution.utm_campaign == lead["utm"]["utm_campaign"]


def test_a_test_is_shown_once(run: Terminal, sqlite: Store) -> None:
    sample = json.loads((SAMPLES / "tiktok-export-csv.json").read_text())
    Path("leads.csv").write_text(sample["csv"])
    run("import", "leads.csv", "--form", "contact")

    assert outcome(run, "leads.csv") == {"known": 3}


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        (["Lead ID", "GCL ID", "Campaign ID", "User Email"], "google-ads"),
        (["Lead ID", "Lead Type", "Campaign Name", "Email"], "linkedin"),
    ],
)
def test_other_platforms_are_known_too(run: Terminal, sqlite: Store, header: list[str], sender: str) -> None:
    run("import", write([header, ["4711", "SPONSORED", "77", "a@example.com"]]), "--form", "contact")

    (lead,) = all_of(sqlite)
    assert (lead.submission.sender, lead.submission.external_id) == (sender, "4711")


def test_whose_export_it_is_can_be_said(run: Terminal, sqlite: Store) -> None:
    run("import", write([["id", "email"], ["4711", "a@example.com"]]), "--form", "contact", "--sender", "meta")

    (lead,) = all_of(sqlite)
    assert (lead.submission.sender, lead.submission.external_id) == ("meta", "4711")


@pytest.mark.parametrize("ids", [["1.28904E+15"] * 3, [f"12890447355{n}00000000" for n in "123"]])
def test_ids_that_a_spreadsheet_rounded_make_no_lead_a_repeat(run: Terminal, sqlite: Store, ids: list[str]) -> None:
    rows = [["id", "email"], *([each, f"p{number}@example.com"] for number, each in enumerate(ids))]

    assert outcome(run, write(rows), "--sender", "meta") == {"new": 3}


# -- our own export


def export(run: Terminal) -> str:
    """All leads as a file."""
    Path("ours.csv").write_text(run("leads", "export").out, newline="")
    return "ours.csv"


def move(store: Store, *leads: Lead) -> None:
    """Forget all, as another installation would know nothing."""
    store.write(lambda tx: [tx.leads.remove_account(lead.account, 1000) for lead in leads])


def test_our_own_export_adds_nothing_where_it_was_made(run: Terminal, sqlite: Store) -> None:
    keep(sqlite, a_lead())

    assert outcome(run, export(run)) == {"known": 1}


def test_our_own_export_brings_the_same_lead_elsewhere(run: Terminal, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead(submission=a_submission(message="=1+1;=2", extras={"how_heard": "=friend"})))
    file = export(run)
    move(sqlite, lead)

    assert outcome(run, file) == {"new": 1}

    (imported,) = all_of(sqlite)
    assert imported.submission.contact == lead.submission.contact
    assert imported.submission.fields == {**lead.submission.fields, "phone": "+442079460142"}
    assert imported.submission.extras == lead.submission.extras
    assert imported.submission.evidence.landing_url == lead.submission.evidence.landing_url
    assert outcome(run, file) == {"known": 1}


def test_what_was_delivered_elsewhere_is_not_sent_again_unasked(run: Terminal, sqlite: Store) -> None:
    lead = keep_delivered(sqlite)
    file = export(run)
    move(sqlite, lead)

    assert outcome(run, file) == {"parked": 1}
    assert "as opportunity 9" in all_of(sqlite)[0].problem


def test_what_was_held_elsewhere_is_held(run: Terminal, sqlite: Store) -> None:
    lead = keep_as(sqlite, Status.QUARANTINED)
    file = export(run)
    move(sqlite, lead)

    assert outcome(run, file) == {"quarantined": 1}


def test_erased_people_are_left_out(run: Terminal, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead())
    sqlite.erase([lead.id], NOON)

    assert outcome(run, export(run)) == {"left_out": 1}


# -- a dry run


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["taken", "looked at"])
@pytest.mark.parametrize(
    ("text", "names"),
    [(b"hello\n", "hello"), (b"foo,bar\n1,2\n", "foo, bar"), (b"\x9b;\x1b[2J\n\x80;\xff\n", "\u203a, [2J")],
)
def test_a_file_without_a_column_that_is_understood_is_refused(
    run: Terminal, sqlite: Store, text: bytes, names: str, words: tuple[str, ...]
) -> None:
    Path("any.csv").write_bytes(text)

    result = run("import", "any.csv", "--form", "contact", *words)

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(
        f"lead-capture: any.csv has no column that is understood ({names}): name its columns in"
    )


def test_a_dry_run_keeps_nothing_and_tells_what_would_be(run: Terminal, sqlite: Store) -> None:
    run("import", write(PLAIN), "--form", "contact")
    more = write([*PLAIN, ["Eve", "eve@example.com", ""], ["Eve", "eve@example.com", ""], ["Kim", "", ""]])

    assert outcome(run, more, "--dry-run") == {"new": 1, "parked": 1, "known": 3}
    assert len(all_of(sqlite)) == 2


def test_a_dry_run_shows_what_each_column_means(run: Terminal, sqlite: Store) -> None:
    result = run("import", write(META), "--form", "contact", "--dry-run").out

    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in result.splitlines() if line.strip()}
    assert lines["id"].startswith("lead id at meta")
    assert lines["how_many_desks?"].startswith("team_size 6-10 1"[:13])
    assert lines["campaign_name"].startswith("campaign and such Winter")


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_the_columns_fit_the_terminal(
    run: Terminal, sqlite: Store, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)

    result = run("import", write(META), "--form", "contact", "--dry-run").out

    assert all(len(line) <= int(columns) for line in result.splitlines() if not line.startswith("line "))


def test_no_progress_is_shown_outside_a_terminal(run: Terminal, sqlite: Store) -> None:
    assert run("import", write(PLAIN), "--form", "contact").err == ""
