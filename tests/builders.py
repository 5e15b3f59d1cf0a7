"""Data for tests: whole values with sensible defaults."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from service.actors import administrator
from service.forms import Account, ContactRule, Destination, Form, Setup
from service.lead import Attribution, Contact, Evidence, Lead, Status, Submission, new_lead_id
from service.settings import read_settings
from service.setup.current import CurrentSetup, SetupDocument
from service.setup.publishing import Publisher
from service.store import Store

SOMEONE = administrator("10.0.0.1")
"""An actor for tests in which it makes no difference who acts."""

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def a_form(name: str = "contact", **changes: Any) -> Form:
    """A form that delivers to the simulator's first stage, with nothing left to look up."""
    whole = Form(
        name,
        title="Contact us",
        destination=Destination(stage_id=1001),
        contact=ContactRule(business_id=55, country_id=1, time_zone_id=2),
    )
    return replace(whole, **changes)


class UnchangingSource:
    """A source of one set-up that never changes."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def mark(self) -> int:
        """Always the same."""
        return 0

    def load(self) -> SetupDocument:
        """Nothing to read."""
        return SetupDocument(b"")

    def parse(self, _document: SetupDocument) -> Setup:
        """The set-up."""
        return self._setup

    def attach(self, store: Store) -> None:
        """There is no database behind it."""


def in_force(*forms: Form, accounts: Iterable[str] = ()) -> CurrentSetup:
    """A set-up of these forms for the whole test, with accounts besides "default"."""
    more = {name: Account(name, "https://spaces.nexudus.com") for name in accounts}
    return unchanging(Setup({form.name: form for form in forms}, more))


def unchanging(setup: Setup) -> CurrentSetup:
    """A set-up that is in force for the whole test."""
    return CurrentSetup(UnchangingSource(setup), setup, NOON)


def two_accounts() -> CurrentSetup:
    """One form, and the accounts default and harbour."""
    return in_force(a_form(), accounts=["harbour"])


def a_publisher(store: Store, **environ: str) -> Publisher:
    """A publisher of set-ups into a store, without a forms file."""
    return Publisher(store, read_settings({"FORMS_FILE": "no-such-file.toml"}), environ.get)


def a_submission(email: str = "ada@example.com", message: str = "Two desks, please.", **changes: Any) -> Submission:
    """A browser's submission to the form `contact`."""
    fields = {"email": email, "full_name": "Ada Lovelace", "message": message}
    whole = Submission(
        form="contact",
        sender="browser",
        contact=Contact(email=email, full_name="Ada Lovelace", phone="+442079460142"),
        evidence=Evidence(
            fields={**fields, "utm_source": "google"},
            landing_url="https://www.example.com/?utm_source=google&utm_medium=cpc",
            page_url="https://www.example.com/contact",
            referrer="https://www.google.com/",
        ),
        fields=fields,
        extras={"how_heard": "a friend"},
    )
    return replace(whole, **changes)


def a_lead(email: str = "ada@example.com", received_at: datetime = NOON, **changes: Any) -> Lead:
    """A lead that must be delivered to Nexudus."""
    whole = Lead(
        id=new_lead_id(received_at),
        account="default",
        status=Status.PENDING,
        received_at=received_at,
        submission=a_submission(email),
        attribution=Attribution(
            utm_source="google", utm_medium="cpc", channel="Paid Search", lead_source=19, rule="ad click"
        ),
    )
    return replace(whole, **changes)
