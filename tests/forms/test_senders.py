"""[forms.*.webhooks.*]: who may send, and what each sender's table may say."""

import pytest

from service.forms.senders import SENDERS, is_proven, proof_remedy
from tests.forms.texts import form_of, problems_of
from tests.tables import each_row

CONTRACT_SENDERS = """
    meta google-ads linkedin tiktok typeform webflow elementor gravity-forms contact-form-7 wpforms ninja-forms
    fluent-forms unbounce instapage leadpages jotform tally calendly cal-com hubspot squarespace wix framer netlify
    formspree basin google-forms json
"""

PROOFS = {"meta": "app_secret", "google-ads": "key", "linkedin": "client_secret", "tiktok": "app_secret"}


@each_row("sender", CONTRACT_SENDERS.split())
def test_every_sender_of_the_contract_can_be_let_in(sender: str) -> None:
    proof = f"{PROOFS[sender]} = 's'" if sender in PROOFS else ""

    assert list(form_of(f"[forms.tour.webhooks.{sender}]\n{proof}").webhooks) == [sender]


@pytest.mark.parametrize(("sender", "proof"), PROOFS.items())
def test_a_platform_without_the_secret_that_proves_its_calls_is_a_problem(sender: str, proof: str) -> None:
    [problem] = problems_of(f"[forms.tour.webhooks.{sender}]")

    assert problem == (
        f"forms.toml: forms.tour.webhooks.{sender}: needs {proof}: without it forged calls cannot be recognised"
    )


def test_a_sender_s_table_is_kept_as_written_with_ids_as_text() -> None:
    form = form_of("""
        [forms.tour.webhooks.json]
        token = "env:TOKEN"
        platform = "meta"
        pages = ["1029384756", 42]
        accounts = []
        fields = { email = "contact.mail", full_name = ["first", "last"], utm_source = "src" }
    """, TOKEN="t")  # fmt: skip

    assert form.webhooks["json"] == {
        "token": "t",
        "platform": "meta",
        "pages": ("1029384756", "42"),
        "accounts": (),
        "fields": {"email": ("contact.mail",), "full_name": ("first", "last"), "utm_source": ("src",)},
    }


@each_row("sender", [*PROOFS, "json"])
def test_campaigns_that_come_as_ids_can_be_named(sender: str) -> None:
    form = form_of(f"""
        [forms.tour.webhooks.{sender}]
        {PROOFS.get(sender, "token")} = "s"
        names = {{ 23729418209 = "Spring offices", "urn:li:1" = " Autumn " }}
    """)

    assert form.webhooks[sender]["names"] == {"23729418209": "Spring offices", "urn:li:1": "Autumn"}


WRONG = [
    ("google-ads", "key = 'k'\nnames = { 1 = 2 }", ".names.1", "must be text in quotes, not a whole number"),
    ("typform", "", "", "unknown key 'typform': did you mean 'typeform'?"),
    ("zapier", "", "", "unknown key 'zapier': the documentation of the forms file lists all"),
    ("typeform", "secrt = 's'", ".secrt", "unknown key 'secrt': did you mean 'secret'?"),
    ("elementor", "secret = 's'", ".secret", "unknown key 'secret': this sender signs nothing with it, use token"),
    (
        "json",
        "platform = 'facebook'",
        ".platform",
        "'facebook' is unknown: choose from meta, google-ads, linkedin, tiktok",
    ),
    ("json", "fields = { mail = 'x' }", ".fields.mail", "unknown key 'mail': did you mean 'email'?"),
    ("tally", "pages = ['']", ".pages[1]", "is empty: write a value, or leave the line out"),
    ("tally", "secret = 5", ".secret", "must be text in quotes, not a whole number"),
]


@each_row(("sender", "lines", "place", "sentence"), WRONG, ids=[f"{w[0]}: {w[1]}" for w in WRONG])
def test_a_faulty_sender_gives_one_sentence(sender: str, lines: str, place: str, sentence: str) -> None:
    problems = problems_of(f"[forms.tour.webhooks.{sender}]\n{lines}")

    assert problems == [f"forms.toml: forms.tour.webhooks.{sender}{place}: {sentence}"]


@each_row(
    ("sender", "table", "is_proof"),
    [
        *((sender, f"{key} = 's'", True) for sender, key in PROOFS.items()),
        ("typeform", "secret = 's'", True),
        ("jotform", "token = 's'", True),
        ("tally", "", False),
        ("elementor", "pages = ['1']", False),
        ("json", "platform = 'meta'", False),
    ],
)
def test_a_table_proves_something_only_with_a_secret_a_key_or_a_token(sender: str, table: str, is_proof: bool) -> None:
    form = form_of(f"[forms.tour.webhooks.{sender}]\n{table}")

    assert is_proven(form.webhooks[sender]) is is_proof


@each_row("sender", sorted(SENDERS.keys() - PROOFS))
def test_what_is_to_be_written_into_a_table_that_proves_nothing_can_be_written_there(sender: str) -> None:
    remedy = proof_remedy(sender)

    variable = remedy.partition('token = "env:')[2].partition('"')[0]
    form = form_of(f"[forms.tour.webhooks.{sender}]\ntoken = 'env:{variable}'", **{variable: "t"})
    assert is_proven(form.webhooks[sender])
    assert ("write secret" in remedy) is ("secret" in SENDERS[sender].keys)
