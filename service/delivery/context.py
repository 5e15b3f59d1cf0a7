"""The context of deliveries to one account, its tokens in the database, and repairs at a start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from service import clock
from service.background import is_gone
from service.delivery.behaviour import NOTES, Behaviours
from service.delivery.counts import DeliveryCounts
from service.delivery.messages import no_credentials
from service.delivery.missing_setup import resume_what_is_back
from service.delivery.owners import UserDirectory
from service.delivery.pacing import Pacer
from service.delivery.person_history import PlanReader
from service.delivery.retry import CALL_PAUSE
from service.delivery.setup_check.problem import form_variants, notes_cause
from service.delivery.targets import StageSafety, Targets
from service.forms import Form
from service.lead import Lead, Outcome
from service.nexudus.client import Nexudus
from service.nexudus.errors import Refused
from service.nexudus.tokens import Tokens
from service.setup.earlier import EarlierSetups
from service.store import NO_CREDENTIALS, Store, Transaction, UnreadableSecret

if TYPE_CHECKING:
    from service.tracing.spans import Tracer

log = structlog.get_logger()

REFUSED = Outcome.REFUSED.value
"""Prefix of the reason of every pause that follows a refusal."""


@dataclass(frozen=True, slots=True)
class AccountContext:
    """Everything that delivering to one account needs.

    schedule_s: waits before the retries. jitter: a factor of 0.8-1.2. started_at: when this process started.
    stored_at_start: the newest lead in the database at that time; if the database is a restored copy, older leads may
    be in Nexudus already. Without these two, the database is trusted. tracer: makes spans; None for no tracing.
    zone: for days off without a zone of their own. context_of: returns the context of another account, None if there is
    none.
    forms: those in force, of the version with that number in the database; earlier: reads the forms of any other
    version.
    """

    nexudus: Nexudus
    pacer: Pacer
    targets: Targets
    stage_safety: StageSafety
    store: Store
    behaviours: Behaviours
    forms: Mapping[str, Form]
    schedule_s: Sequence[float]
    timeout_s: float
    jitter: Callable[[], float]
    counts: DeliveryCounts
    plans: PlanReader = field(default_factory=PlanReader)
    users: UserDirectory = field(default_factory=UserDirectory)
    zone: tzinfo = UTC
    stored_at_start: str = ""
    started_at: datetime | None = None
    tracer: "Tracer | None" = None
    context_of: Callable[[str], "AccountContext | None"] = field(default=lambda _: None, repr=False, compare=False)
    version: int | None = None
    earlier: EarlierSetups | None = None

    def forms_of(self, lead: Lead) -> Mapping[str, Form]:
        """Return the forms that apply to a lead: of the version under which it was taken, else those in force.

        Raises: StoreUnavailable.
        """
        if self.version is None or self.earlier is None or lead.setup_version in (None, self.version):
            return self.forms
        return self.earlier.forms(lead.setup_version) or self.forms

    def is_unanswered(self, duration_ms: int | None) -> bool:
        """Return whether a call used up its whole time limit, or was cut off by the end of its worker (None)."""
        return duration_ms is None or duration_ms >= self.timeout_s * 950


class DatabaseTokenStore:
    """A TokenStore in the database: one sign-in serves every process."""

    def __init__(self, store: Store, account: str, holder: str) -> None:
        """holder: name of the process for the lock, unique in the deployment."""
        self._store = store
        self._account = account
        self._holder = holder

    def read(self) -> Tokens | None:
        """Return the tokens that any process saved last.

        Raises: Refused of kind "tokens" if no key of this process decrypts them.
        """
        try:
            with self._store.read() as tx:
                row: dict[str, Any] | None = tx.accounts.tokens(self._account)
        except UnreadableSecret as error:
            raise Refused(str(error), kind="tokens") from error
        return None if row is None else Tokens(**{**row, "expires_at": datetime.fromisoformat(row["expires_at"])})

    def save(self, tokens: Tokens) -> None:
        """Save the tokens for all processes."""
        row = {**asdict(tokens), "expires_at": tokens.expires_at.isoformat()}
        self._store.write(lambda tx: tx.accounts.save_tokens(self._account, row))

    def try_lock(self, seconds: float) -> bool:
        """Take the lock for at most `seconds`. A killed process of this host loses it at once."""
        now = clock.now()

        return self._store.write(lambda tx: tx.accounts.try_lock(self._account, self._holder, now, seconds, is_gone))

    def unlock(self) -> None:
        """Release the lock."""
        self._store.write(lambda tx: tx.accounts.unlock(self._account, self._holder))


def on_startup(account: str, context: AccountContext) -> None:
    """End waits that the previous settings caused: stages are checked again, a refused account is tried once.

    A refused user name and password are forgotten only if the settings changed, because repeated refusals lock the
    user. Leads of an account without credentials wait for a start with credentials.
    """
    is_corrected, has_login = context.nexudus.is_corrected(), context.nexudus.has_login
    lacks_login = not has_login and any(form_variants(context.forms.values(), account))

    def reset(tx: Transaction) -> None:
        now = clock.now()
        _leave_simulator(tx, account, context.nexudus.base_url)
        if has_login:
            tx.accounts.resume_call(account, NO_CREDENTIALS)
        elif lacks_login:
            until = now + timedelta(seconds=CALL_PAUSE.longest_s)
            tx.accounts.pause_call(account, NO_CREDENTIALS, now, until, no_credentials(account))
        resume_what_is_back(tx, account, context.forms)
        tx.accounts.resume_calls(account, "stage:")  # the forms file may name other stages now
        if is_corrected:
            tx.accounts.forget_tokens(account)
        if tx.accounts.resume(account, REFUSED):
            tx.queue.reschedule_now(account, now, now, untried=True)
        _forget_lost_notes(tx, account, context)

    context.store.write(reset)
    if lacks_login:
        log.warning("no_credentials", account=account, problem=no_credentials(account))


def _leave_simulator(tx: Transaction, account: str, base_url: str) -> None:
    """Have waiting leads search for their contact again after a simulator, whose ids mean nothing elsewhere."""
    flag = f"nexudus_address:{account}"
    before = tx.flags.get(flag)
    if before != base_url:
        tx.flags.set(flag, base_url)
    if before is not None and _is_here(before) and not _is_here(base_url):
        tx.queue.forget_contacts(account)


def _is_here(base_url: str) -> bool:
    """Return whether an address is on this machine, as a simulator's is."""
    return urlsplit(base_url).hostname in ("127.0.0.1", "::1", "localhost")


def _forget_lost_notes(tx: Transaction, account: str, context: AccountContext) -> None:
    """End alerts for types that no form uses any more; for other types the next lead shows whether notes are lost."""
    variants = form_variants(context.forms.values(), account)
    used = {notes_cause(account, variant.form.destination.opportunity_type_id) for variant in variants}
    for alert in tx.alerts.open():
        if alert.cause.startswith(f"notes:{account}:") and alert.cause not in used:
            tx.alerts.resolve(alert.cause, clock.now())
    facts = tx.crm.facts_of(context.behaviours.tenant)
    lost = [name for name, fact in facts.items() if name.startswith(NOTES) and fact.value != "kept"]
    tx.crm.forget_facts(context.behaviours.tenant, lost)
