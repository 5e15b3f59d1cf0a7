"""The operator's pages and API, the addresses for monitoring, and what they all need from the application."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from service.admin.permissions import current_actor, seen_setup, seen_state, walls_of_request
from service.forms import DEFAULT_ACCOUNT, Form, Setup
from service.oidc import Provider
from service.operations.leads import TIME_LIMIT_S
from service.operations.provider_people import ProviderRules
from service.rate_limit import Counters
from service.setup.current import SetupState
from service.setup.publishing import Publisher
from service.store import Store


@dataclass(frozen=True, slots=True)
class EnvironmentView:
    """The environment's settings that pages show; none is secret.

    sign_in: how the account "default" signs in to Nexudus: "password", "token" or "application"; "" if nothing is set.
    alert_kinds: the services of ALERT_URLS, in their order: "slack", "mailtos" ... has_key: a key of the operator's
    encrypts secrets. allows_http: see NEXUDUS_ALLOW_HTTP. is_simulated: `up` has set its simulator.
    """

    base_url: str = ""
    sign_in: str = ""
    username: str = ""
    alert_kinds: tuple[str, ...] = ()
    has_key: bool = False
    allows_http: bool = False
    is_simulated: bool = False

    @property
    def has_login(self) -> bool:
        """Whether the environment defines the account "default", whatever the set-up says."""
        return bool(self.sign_in) and not self.is_simulated


@dataclass(frozen=True, slots=True)
class AdminDeps:
    """The collaborators and settings of the dashboard and the API.

    publisher: publishes the set-up, where that is kept in the database.
    setup: returns the set-up of the present request; setup_state: since when it is in force, and what was refused.
    api_token, password: "" when not set. secret_key: "" for the one in the database. zone: the operator's time zone.
    has_sample_page: whether the demo's front door and sample page are shown.
    nexudus_url: base URL of the Nexudus API, from which links to delivered leads are made.
    counters: of wrong passwords and tokens, shared by the web processes.
    time_limit_s: how long one request works on many leads. environment: for the page Connections.
    provider: the sign-in provider, None without one; provider_rules: who gets in without an invitation.
    """

    store: Store
    setup: Callable[[], Setup]
    setup_state: Callable[[], SetupState]
    publisher: Publisher
    public_url: str = ""
    api_token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    zone: tzinfo = UTC
    nexudus_url: str = ""
    has_sample_page: bool = False
    counters: Counters = field(default_factory=Counters)
    time_limit_s: float = TIME_LIMIT_S
    environment: EnvironmentView = field(default_factory=EnvironmentView)
    provider: Provider | None = None
    provider_rules: ProviderRules = field(default_factory=ProviderRules)

    def within_walls(self) -> "AdminDeps":
        """Return a copy whose store and set-up contain only what exists for the caller.

        Everything behind a sign-in or a key uses it; routes that are open to strangers use the whole.
        """
        whole_setup, whole_state = self.setup, self.setup_state
        return replace(
            self,
            store=self.store.within(lambda: walls_of_request(whole_setup)),
            setup=lambda: seen_setup(whole_setup()),
            setup_state=lambda: seen_state(whole_state()),
        )

    @property
    def accounts(self) -> tuple[str, ...]:
        """The Nexudus accounts of the present request's set-up that exist for the caller."""
        return tuple(filter(current_actor().sees, self.setup().account_names))

    def base_url_of(self, account: str) -> str:
        """The address of an account's Nexudus, from the set-up of the present request."""
        setup = self.setup()
        if account == DEFAULT_ACCOUNT and (self.environment.has_login or not setup.has_default_login):
            return self.nexudus_url
        return setup.accounts[account].base_url if account in setup.accounts else ""

    @property
    def forms(self) -> Mapping[str, Form]:
        """The forms of the present request, the same ones until it ends."""
        return self.setup().forms
