"""The operator's pages and API, what monitoring reads, and what all of them need of the application."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from service.forms import Form
from service.operations.leads import TIME_LIMIT_S
from service.rate_limit import Counters
from service.store import Store


@dataclass(frozen=True, slots=True)
class AdminDeps:
    """What the dashboard and the API are built from.

    api_token, password: "" when not set. secret_key: "" for the one kept in the database. zone: the operator's.
    nexudus_url: base URL of the Nexudus API, which links of delivered leads follow.
    counters: of wrong passwords and tokens, shared by the web processes.
    time_limit_s: how long one request works on many leads.
    """

    store: Store
    forms: Mapping[str, Form]
    public_url: str = ""
    api_token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    zone: tzinfo = UTC
    nexudus_url: str = ""
    counters: Counters = field(default_factory=Counters)
    time_limit_s: float = TIME_LIMIT_S
