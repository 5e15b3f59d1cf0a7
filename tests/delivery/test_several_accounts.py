"""Several Nexudus accounts: a lead reaches the one that its form and answers name, whatever changes on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from service import clock
from service.capture.accept import accept
from service.delivery.context import AccountContext
from service.delivery.deliver import deliver
from service.delivery.elsewhere import PATIENCE
from service.delivery.person_history import person_history
from service.forms import Form
from service.lead import Delivery, Lead, LeadId, Status, Submission
from service.operations.correction import InvalidAnswers, correct
from service.operations.leads import RETRY, ActionNotAllowed, act_on_lead
from service.simulator.server import Simulator
from service.store import Store
from service.store.database.tables import QUEUED, deliveries, leads
from tests.builders import SOMEONE, a_submission
from tests.delivery.conftest import a_context
from tests.forms.texts import setup_of

ACCOUNTS = ("default", "harbour", "quay")
PLACES = ("leeds", "london", "oslo")
CREATE = {"method": "POST", "path": "/api/crm/crmopportunities", "times": 1}

Routing = Mapping[str, str]
"""The account of each place; "" for that of the form."""


def forms_of(own: str, routing: Routing) -> Mapping[str, Form]:
    """The form `contact` of an account, with a route for each place that has another."""
    keys = "stage_id = 1001\ncontact = { business_id = 55, country_id = 1, time_zone_id = 2 }"
    routes = "".join(
        f'[[forms.contact.routes]]\nwhen = {{ location = "{place}" }}\naccount = "{account}"\n{keys}\n'
        for place, account in routing.items()
        if account
    )
    accounts = "".join(f'[accounts.{name}]\ntoken = "t"\n' for name in ACCOUNTS[1:])
    return setup_of(f'{accounts}[forms.contact]\naccount = "{own}"\n{keys}\n{routes}').forms


@dataclass
class Branches:
    """One installation, with a simulated Nexudus for each account, and the test as its worker."""

    store: Store
    simulators: Mapping[str, Simulator]
    forms: Mapping[str, Form] = field(default_factory=dict)
    ahead: timedelta = timedelta(0)

    @property
    def contexts(self) -> Mapping[str, AccountContext]:
        """A desk for each account, by the present forms file."""
        contexts: dict[str, AccountContext] = {}
        for name in ACCOUNTS:
            contexts[name] = replace(self._contexts[name], forms=self.forms, context_of=contexts.get)
        return contexts

    def __post_init__(self) -> None:
        self._contexts = {name: a_context(self.store, self.simulators[name], {}) for name in ACCOUNTS}

    def start_anew(self) -> None:
        """A worker starts, which cannot know how old the database is."""
        with self.store.read() as tx:
            newest = tx.leads.newest_id()
        self._contexts = {name: replace(each, stored_at_start=newest) for name, each in self._contexts.items()}

    def set_started_at(self, now: datetime) -> None:
        """Say when the worker started."""
        self._contexts = {name: replace(each, started_at=now) for name, each in self._contexts.items()}

    def claim(self) -> Sequence[Delivery]:
        """All that is due, as a worker gets it; every wait and lease is over."""
        self.ahead += timedelta(days=1)
        now = clock.now() + self.ahead
        return self.store.write(lambda tx: tx.queue.claim("the test", now, 90, 10))

    def deliver(self, delivery: Delivery) -> None:
        """Deliver one lead by the account that it waits for."""
        deliver(delivery, self.contexts[delivery.lead.account])

    def deliver_until_quiet(self) -> None:
        """Deliver until the queue is empty."""
        for _ in range(20):
            claimed = self.claim()
            for delivery in claimed:
                self.deliver(delivery)
            if not claimed:
                return

    def arrives(self, place: str, email: str = "ada@example.com", key: str = "") -> LeadId:
        """An enquiry about a place; what comes again with the same key changes it."""
        submission = a_submission(email, idempotency_key=key, is_proven=bool(key))
        fields = {**submission.fields, "location": place}
        return accept(replace(submission, fields=fields), self.forms["contact"], self.store, clock.now()).lead_id

    def corrects(self, lead_id: LeadId, place: str) -> None:
        """An operator puts the place right."""
        form, now = self.forms["contact"], clock.now()
        correct(self.store, SOMEONE, lead_id, {"location": place}, {form.name: form}, now)

    def kept(self, lead_id: LeadId) -> Lead:
        """The lead as it stands."""
        with self.store.read() as tx:
            lead = tx.leads.get(lead_id)
        assert lead is not None
        return lead

    def has(self) -> dict[str, int]:
        """How many records each account holds that came from here; accounts without any are left out."""
        tables = ("Coworker", "CrmOpportunity")
        counts = {
            name: sum(len(simulator.world.tables[table].rows) for table in tables)
            for name, simulator in self.simulators.items()
        }
        return {name: number for name, number in counts.items() if number}

    def opportunities(self, lead_id: LeadId) -> list[str]:
        """The accounts that hold an opportunity of a lead, one entry for each."""
        marked = ((name, made) for name, each in self.simulators.items() for made in each.opportunities())
        return [name for name, made in marked if made["SystemId"] == f"lead-capture:{lead_id}"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Branches]:
    """One database and three simulators for all tests of this page."""
    path = copy(migrated_file, tmp_path_factory.mktemp("branches") / "leads.db")
    store = Store(f"sqlite:///{path}")
    with Simulator() as default, Simulator() as harbour, Simulator() as quay:
        yield Branches(store, {"default": default, "harbour": harbour, "quay": quay})
    store.close()


@pytest.fixture
def branches(opened: Branches) -> Branches:
    """The same, with empty accounts; people who ask for Leeds belong to harbour, all others to the own account."""
    return begin_anew(opened, "default", {"leeds": "harbour"})


def begin_anew(opened: Branches, own: str, routing: Routing) -> Branches:
    """Empty accounts, and an empty queue."""
    for simulator in opened.simulators.values():
        simulator.reset()
    with opened.store._database.writing.begin() as connection:
        for table in ("deliveries", "leads", "lead_keys", "attempts", "accounts", "call_pauses"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 (our own names)
    opened.forms = forms_of(own, routing)
    opened.__post_init__()
    return opened


# -- the account is decided when the lead comes


def test_the_account_of_a_route_gets_its_leads(branches: Branches) -> None:
    lead_id = branches.arrives("Leeds")

    branches.deliver_until_quiet()

    assert branches.has() == {"harbour": 2}
    assert (branches.kept(lead_id).account, branches.kept(lead_id).status) == ("harbour", Status.DELIVERED)


def test_leads_that_follow_no_route_stay_with_the_form_s_account(branches: Branches) -> None:
    branches.arrives("London")

    branches.deliver_until_quiet()

    assert branches.has() == {"default": 2}


# -- answers that are put right


def test_a_correction_that_chooses_another_route_moves_the_lead(branches: Branches) -> None:
    lead_id = branches.arrives("London")

    branches.corrects(lead_id, "leeds")

    assert branches.kept(lead_id).account == "harbour"
    branches.deliver_until_quiet()
    assert branches.has() == {"harbour": 2}


def test_the_contact_that_was_saved_in_the_old_account_is_not_used_in_the_new_one(branches: Branches) -> None:
    branches.simulators["default"].faults([{**CREATE, "status": 400}])
    lead_id = branches.arrives("London")
    branches.deliver_until_quiet()
    assert (branches.kept(lead_id).status, branches.has()) == (Status.PARKED, {"default": 1})

    branches.corrects(lead_id, "leeds")
    branches.deliver_until_quiet()

    assert branches.opportunities(lead_id) == ["harbour"]
    assert len(branches.simulators["harbour"].coworkers_of("ada@example.com")) == 1


@pytest.mark.parametrize("by", ["a correction", "the forms file"])
def test_what_the_old_account_says_of_a_person_is_not_shown_in_the_new_one(branches: Branches, by: str) -> None:
    branches.simulators["default"].add_coworker("ada@example.com", CreatedOn="2024-01-01T09:00:00Z")
    branches.simulators["default"].faults([{**CREATE, "status": 400}])
    lead_id = branches.arrives("London")
    branches.deliver_until_quiet()
    with branches.store.read() as tx:
        assert person_history(tx, lead_id).since

    if by == "a correction":
        branches.corrects(lead_id, "leeds")
    else:
        branches.forms = forms_of("harbour", {})
        act_on_lead(branches.store, SOMEONE, RETRY, lead_id, clock.now())
        branches.deliver(*branches.claim())

    with branches.store.read() as tx:
        assert person_history(tx, lead_id).since is None
        assert not any("2024" in attempt.detail for attempt in tx.leads.attempts_of([lead_id])[lead_id])


def test_a_sender_s_change_moves_a_waiting_lead(branches: Branches) -> None:
    branches.arrives("London", key="view-1")

    branches.arrives("Leeds", key="view-1")
    branches.deliver_until_quiet()

    assert branches.has() == {"harbour": 2}


def test_a_change_that_comes_while_the_lead_is_sent_moves_it_only_after_that_try(branches: Branches) -> None:
    lead_id = branches.arrives("London", key="view-1")
    (delivery,) = branches.claim()

    branches.arrives("Leeds", key="view-1")

    assert branches.kept(lead_id).account == "default"
    branches.deliver(delivery)
    assert (branches.kept(lead_id).account, branches.opportunities(lead_id)) == ("default", ["default"])


def test_a_change_after_delivery_moves_nothing(branches: Branches) -> None:
    lead_id = branches.arrives("London", key="view-1")
    branches.deliver_until_quiet()

    branches.arrives("Leeds", key="view-1")
    branches.deliver_until_quiet()

    assert (branches.kept(lead_id).account, branches.has()) == ("default", {"default": 2})


# -- a forms file that changes between arrival and delivery


def test_the_account_that_the_forms_file_names_at_delivery_counts(branches: Branches) -> None:
    lead_id = branches.arrives("London")

    branches.forms = forms_of("quay", {"leeds": "harbour"})
    branches.deliver_until_quiet()

    assert (branches.kept(lead_id).account, branches.has()) == ("quay", {"quay": 2})


def test_an_opportunity_that_the_old_account_may_have_is_looked_for_there_first(branches: Branches) -> None:
    lead_id = branches.arrives("London")
    branches.simulators["default"].faults([{**CREATE, "after_save": True, "reset": True}])
    branches.deliver(*branches.claim())

    branches.forms = forms_of("quay", {})
    branches.deliver_until_quiet()

    assert branches.opportunities(lead_id) == ["default"]
    assert branches.has() == {"default": 2}


def test_nor_is_one_overlooked_that_was_created_after_a_backup_that_was_put_back(branches: Branches) -> None:
    lead_id = branches.arrives("London")
    (as_in_backup,) = branches.claim()
    branches.deliver(as_in_backup)
    put_back = update(deliveries).values(state=QUEUED, claimed_by=None, coworker_id=None, request_body=None)
    branches.store.write(lambda tx: tx._execute(put_back))
    branches.start_anew()

    branches.forms = forms_of("quay", {})
    branches.deliver_until_quiet()

    assert branches.opportunities(lead_id) == ["default"]


def put_back_a_backup(branches: Branches) -> None:
    """The database is as it was before any delivery; a worker starts."""
    put_back = update(deliveries).values(
        state=QUEUED, claimed_by=None, coworker_id=None, request_body=None, account="default"
    )
    branches.store.write(lambda tx: tx._execute(put_back))
    branches.store.write(lambda tx: tx._execute(update(leads).values(account="default")))
    branches.start_anew()


def test_after_a_backup_is_put_back_the_accounts_that_the_form_names_are_searched(branches: Branches) -> None:
    lead_id = branches.arrives("London")
    branches.forms = forms_of("harbour", {})
    branches.deliver_until_quiet()

    branches.forms = forms_of("default", {"leeds": "harbour"})
    put_back_a_backup(branches)
    branches.deliver_until_quiet()

    assert branches.opportunities(lead_id) == ["harbour"]
    assert (branches.kept(lead_id).account, branches.kept(lead_id).status) == ("harbour", Status.DELIVERED)


def test_a_lead_waits_an_hour_at_most_for_an_account_that_cannot_be_searched(branches: Branches) -> None:
    lead_id = branches.arrives("London")
    put_back_a_backup(branches)
    branches.simulators["harbour"].faults([{"method": "GET", "path": "/api/spaces/coworkers", "status": 503}])
    started_at = clock.now()
    branches.set_started_at(started_at)
    branches.deliver(*branches.claim())
    waits = branches.kept(lead_id).status

    branches.set_started_at(started_at - PATIENCE)
    branches.deliver(*branches.claim())

    assert (waits, branches.kept(lead_id).status) == (Status.PENDING, Status.DELIVERED)
    assert branches.opportunities(lead_id) == ["default"]


def test_a_lead_whose_create_was_not_saved_moves_after_two_looks(branches: Branches) -> None:
    lead_id = branches.arrives("London")
    branches.simulators["default"].faults([{**CREATE, "reset": True}])
    branches.deliver(*branches.claim())

    branches.forms = forms_of("quay", {})
    branches.deliver_until_quiet()

    assert branches.opportunities(lead_id) == ["quay"]


# -- whatever happens


Event = tuple[str, int, str]
events = st.lists(
    st.tuples(
        st.sampled_from(("arrives", "corrects", "changes", "delivers", "fails", "renames")),
        st.integers(0, 2),
        st.sampled_from(PLACES),
    ),
    min_size=2,
    max_size=9,
)
routings = st.fixed_dictionaries(dict.fromkeys(PLACES, st.sampled_from(("", *ACCOUNTS))))


@settings(max_examples=40)
@given(st.sampled_from(ACCOUNTS), routings, routings, events)
def test_no_lead_ever_reaches_an_account_that_its_form_and_answers_do_not_name(
    opened: Branches, own: str, routing: Routing, later: Routing, script: Sequence[Event]
) -> None:
    branches = begin_anew(opened, own, routing)
    lead_ids: dict[int, LeadId] = {}
    renamed = forms_of(own, later)
    for event in script:
        _happen(event, branches, lead_ids, renamed)
    _deliver_and_watch(branches, rounds=12)

    for lead_id in lead_ids.values():
        lead = branches.kept(lead_id)
        assert lead.status is Status.DELIVERED
        assert branches.opportunities(lead_id) == [lead.account]


def _happen(event: Event, branches: Branches, lead_ids: dict[int, LeadId], later: Mapping[str, Form]) -> None:
    what, number, place = event
    match what:
        case "arrives" | "changes":
            lead_ids[number] = branches.arrives(place, f"person{number}@example.com", f"view-{number}")
        case "corrects" if number in lead_ids:
            try:
                branches.corrects(lead_ids[number], place)
            except (ActionNotAllowed, InvalidAnswers):
                return  # it is delivered, or may be, or says so already
        case "delivers":
            _deliver_and_watch(branches, rounds=1)
        case "fails":
            fault = {**CREATE, "after_save": number != 1, "reset": True}
            branches.simulators[ACCOUNTS[number]].faults([fault])
        case "renames":
            branches.forms = later


def _deliver_and_watch(branches: Branches, rounds: int) -> None:
    """Deliver until nothing is left; what a lead makes, it makes in the account that its form and answers then name."""
    for _ in range(rounds):
        claimed = branches.claim()
        if not claimed:
            return
        for delivery in claimed:
            submission: Submission = delivery.lead.submission
            before = branches.has()
            branches.deliver(delivery)
            grown = {name for name, number in branches.has().items() if number != before.get(name, 0)}
            assert grown <= {branches.forms[submission.form].for_answers(submission).account}
