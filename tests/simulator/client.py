"""A plain client for the tests: one session, wire names, no cleverness."""

from collections.abc import Mapping
from typing import Any

import requests

from service.simulator.server import Simulator

COWORKERS = "/api/spaces/coworkers"
OPPORTUNITIES = "/api/crm/crmopportunities"
USERNAME, PASSWORD = "simulator@leadcapture.example", "simulator"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Client:
    """Speaks to one simulator with its ready bearer token."""

    def __init__(self, sim: Simulator) -> None:
        self.url = sim.url
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Bearer simulator"

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.url + path, params=query, timeout=10)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body, timeout=10)

    def put(self, path: str, body: Any) -> requests.Response:
        return self.session.put(self.url + path, json=body, timeout=10)

    def delete(self, path: str) -> requests.Response:
        return self.session.delete(self.url + path, timeout=10)

    def records(self, path: str, **query: Any) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = self.get(path, **query).json()["Records"]
        return records

    def ids(self, path: str, **query: Any) -> list[int]:
        return [record["Id"] for record in self.records(path, **query)]

    def add_coworker(self, email: str = "ada@example.com", **fields: Any) -> int:
        ident: int = self.post(COWORKERS, coworker_body(email, **fields)).json()["Value"]["Id"]
        return ident

    def add_opportunity(self, coworker_id: int, **fields: Any) -> int:
        ident: int = self.post(OPPORTUNITIES, opportunity_body(coworker_id, **fields)).json()["Value"]["Id"]
        return ident


def token(sim: Simulator, form: Mapping[str, str], client_id_header: str | None = None) -> requests.Response:
    """Ask for a token with a form."""
    headers = {"client_id": client_id_header}
    return requests.post(f"{sim.url}/api/token", data=form, headers=headers, timeout=10)


def log_in(sim: Simulator, **form: str) -> requests.Response:
    """The password grant with the right login, unless `form` says otherwise."""
    return token(sim, {"grant_type": "password", "username": USERNAME, "password": PASSWORD, **form})


def status_with(sim: Simulator, access_token: str) -> int:
    """Return the status of a cheap call with a bearer token."""
    header = {"Authorization": f"Bearer {access_token}"}
    return requests.get(f"{sim.url}/api/auth/me", headers=header, timeout=10).status_code


def coworker_body(email: str = "ada@example.com", **fields: Any) -> dict[str, Any]:
    """A complete body for a new customer."""
    always = {"FullName": "Ada Lovelace", "Email": email, "CountryId": 1, "SimpleTimeZoneId": 2}
    defaults = {"CoworkerType": 1, "Gender": 1, "TaxRateType": 1, **{f"{day}Attendance": 5 for day in DAYS}}
    return {**always, **defaults, "Businesses": [55], "InvoicingBusinessId": 55, "CreateUser": False, **fields}


def opportunity_body(coworker_id: int, **fields: Any) -> dict[str, Any]:
    """A complete body for a new opportunity."""
    return {"CrmBoardColumnId": 1001, "CoworkerId": coworker_id, "Position": 1, "Status": 1, **fields}
