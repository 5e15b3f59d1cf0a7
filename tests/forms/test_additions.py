"""What an operator may add to the records: the forms file and what is sent agree, and no addition does harm."""

import pytest

from service.forms.crm import COWORKER_ADDITIONS, OPPORTUNITY_FIELDS, check_coworker_field
from service.nexudus import coworkers, opportunities
from service.nexudus.coworkers import NewCoworker
from service.nexudus.errors import Rejected
from service.nexudus.opportunities import NewOpportunity
from tests.tables import each_row

OURS = {"MobilePhone", "CompanyName", "Tag"}
"""Filled from the lead, or by a key of their own."""

HARMFUL = ("CreateUser", "TariffId", "BillingDay", "RenewalDate", "Notify", "CanAccess", "BankAccount", "AccessToken")


def test_the_forms_file_takes_what_a_contact_s_body_takes() -> None:
    assert COWORKER_ADDITIONS == coworkers.EXTRAS - OURS


@each_row("name", sorted(COWORKER_ADDITIONS))
def test_every_field_that_may_be_added_is_taken(name: str) -> None:
    assert check_coworker_field(name) == name


@each_row("name", HARMFUL)
def test_no_addition_makes_a_user_or_bills_whoever_lets_it_through(name: str) -> None:
    new = NewCoworker("Ada Lovelace", "ada@example.com", 1, 2, 55, extra={name: True})

    with pytest.raises(Rejected, match=name):
        coworkers.compose(new)


def test_a_new_contact_is_no_user_and_has_one_location_said_twice() -> None:
    body = coworkers.compose(NewCoworker("Ada Lovelace", "ada@example.com", 1, 2, 55, extra={"Gender": 2}))

    assert (body["CreateUser"], body["Businesses"], body["InvoicingBusinessId"]) == (False, [55], 55)


@each_row("name", sorted(opportunities.NEVER_SENT))
def test_what_is_never_sent_with_an_opportunity_is_refused_in_the_file_already(name: str) -> None:
    assert name in OPPORTUNITY_FIELDS


@pytest.mark.parametrize("name", ["Coworker", "coworker", "CreateUser"])
def test_an_opportunity_carries_no_customer_with_it(name: str) -> None:
    with pytest.raises(Rejected, match=name):
        opportunities.compose(NewOpportunity(1001, 5, extra={name: {"CreateUser": True}}))
