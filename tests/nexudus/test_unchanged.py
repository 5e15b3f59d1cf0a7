"""What is in Nexudus stays as it is: this program finds and creates, and has no words for anything else."""

import re
from pathlib import Path

from service.nexudus.client import Nexudus
from service.nexudus.coworkers import NewCoworker, compose, create
from service.simulator.server import Simulator

ROOM = Path(__file__).parents[2] / "service" / "nexudus"


def test_the_client_reads_and_creates_only() -> None:
    silent = {"base_url", "has_login", "is_corrected", "limit_headers"}
    calls = {name for name in vars(Nexudus) if not name.startswith("_")} - silent

    assert calls == {"get", "one", "page", "post", "records"}


def test_no_other_method_is_spoken() -> None:
    methods_by_file = {path.name: re.findall(r"\"(PUT|PATCH|DELETE)\"", path.read_text()) for path in ROOM.glob("*.py")}

    assert {name: words for name, words in methods_by_file.items() if words} == {}


def test_a_new_contact_is_mailed_nothing_and_billed_nothing(crm: Simulator, nexudus: Nexudus) -> None:
    create(nexudus, compose(NewCoworker("Ada Lovelace", "ada@example.com", 1, 2, 56, extra={"TariffInvoiceEvery": 0})))

    [person] = crm.coworkers_of("ada@example.com")
    assert (person["Businesses"], person["InvoicingBusinessId"]) == ([56], 56)
    assert crm.side_effects() == []
