"""The state of connections to ad platforms, and the one page where each is connected."""

from pathlib import Path

from service import clock
from service.store import ConnectionKey, Store
from tests.admin.dashboard import Operator, words
from tests.builders import a_form

PAGE = "/admin/forms/senders/contact"


def test_a_platform_that_is_chosen_leads_to_the_page_of_that_sender(sqlite: Store) -> None:
    client, connect = Operator(sqlite, a_form()).client, "/admin/connections/platforms"

    places = [
        client.get(f"{connect}?form={form}&platform={platform}").headers["Location"]
        for form, platform in (("contact", "google-ads"), ("nobody", "meta"), ("contact", "typeform"))
    ]

    assert places == [f"{PAGE}/google-ads", "/admin/connections", "/admin/connections"]


def test_a_broken_connection_says_why(sqlite: Store) -> None:
    operator = Operator(sqlite, a_form(webhooks={"meta": {"app_secret": "s"}}))
    now = clock.now()
    key = ConnectionKey("contact", "meta")
    sqlite.write(lambda tx: tx.platforms.mark_broken(key, "The token has ended. Make a new one.", now, now))

    page = operator.see("/admin/connections")

    assert "Meta Broken" in page
    assert f'{PAGE}/meta"' in operator.client.get("/admin/connections").text
    assert "The token has ended" in operator.see(f"{PAGE}/meta")


def test_what_is_set_in_the_environment_is_shown_as_set_there(sqlite: Store) -> None:
    document = '[forms.contact]\n[forms.contact.webhooks.google-ads]\nkey = "env:GOOGLE_KEY"\n'
    sqlite.write(lambda tx: tx.setups.publish(document, "", "ann", clock.now(), 0))

    page = words(Operator(sqlite, a_form()).client.get(f"{PAGE}/google-ads").text)

    assert "Set in the environment" in page


def test_with_a_forms_file_the_page_has_the_address_and_the_steps(sqlite: Store, tmp_path: Path) -> None:
    file = tmp_path / "forms.toml"
    file.write_text("[forms.contact]\n")
    operator = Operator(sqlite, a_form(), FORMS_FILE=str(file))

    page = operator.client.get(f"{PAGE}/google-ads").text

    assert "/webhooks/google-ads/contact" in page
    assert "change it there" in page
    assert "<input" not in page.partition("<main")[2].partition("</main")[0]
