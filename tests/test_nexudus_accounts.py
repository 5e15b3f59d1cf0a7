"""Whose credentials are those of the account "default": the environment's, else the set-up's."""

import pytest

from service.forms import Account, Setup
from service.nexudus_accounts import accounts
from service.settings import SIMULATOR_USERNAME, read_settings

TYPED = Account("default", "https://typed.example", "typed", "p")
HARBOUR = Account("harbour", "https://harbour.example", "h", "p")


@pytest.mark.parametrize(
    ("environ", "username"),
    [
        ({}, "typed"),
        ({"NEXUDUS_USERNAME": "own", "NEXUDUS_PASSWORD": "p"}, "own"),
        ({"NEXUDUS_USERNAME": SIMULATOR_USERNAME, "NEXUDUS_PASSWORD": "simulator"}, "typed"),
    ],
    ids=["nothing set", "set in the environment", "up has set its simulator"],
)
def test_the_environment_wins_over_the_set_up_but_not_the_simulator(environ: dict[str, str], username: str) -> None:
    setup = Setup({}, {"default": TYPED, "harbour": HARBOUR})

    default, other = accounts(read_settings(environ), setup)

    assert (default.name, default.username, other) == ("default", username, HARBOUR)


def test_without_credentials_anywhere_the_default_account_has_none() -> None:
    (default,) = accounts(read_settings({}), Setup({}, {"default": Account("default", "https://typed.example")}))

    assert not default.has_login
