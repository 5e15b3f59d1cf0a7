"""All that can be done within one transaction, by subject."""

from service.store.account_facts import CrmLooks, Facts, Reconciliations
from service.store.accounts import Accounts
from service.store.activity import Activity
from service.store.acts.recording import Acts
from service.store.alert_channels import AlertChannels
from service.store.alert_log import AlertLog
from service.store.answer_counts import AnswerReports
from service.store.answers import AnswerClocks, OwnerTurns
from service.store.api_keys import ApiKeys
from service.store.claims import Claims
from service.store.conversions import Conversions
from service.store.costs import Costs
from service.store.daily_counts import DailyCounts
from service.store.database.repository import Repository, subject
from service.store.deployment import Flags
from service.store.encryption import EncryptedTokens
from service.store.import_jobs import ImportJobs
from service.store.leads.arrivals import LeadArrivals
from service.store.leads.changes import LeadChanges
from service.store.leads.erasure import Erasure, ErasureWarnings
from service.store.leads.exports import Exports
from service.store.leads.histories import Histories
from service.store.leads.people import People
from service.store.leads.stored import StoredLeads
from service.store.leads.touches import LeadTouches
from service.store.origins import OriginCounts
from service.store.outbox import Outbox
from service.store.outcome_blocks import OutcomeBlocks
from service.store.overview import Overview
from service.store.passkeys import Passkeys
from service.store.people import PersonRecords
from service.store.platforms.connections import Connections
from service.store.platforms.fetches import Fetches
from service.store.platforms.notices import Notices
from service.store.platforms.rejections import Rejections
from service.store.sales import Sales
from service.store.second_steps import SecondSteps
from service.store.sessions import Sessions
from service.store.setups import SetupVersions
from service.store.snapshot import Snapshots
from service.store.sorting import SortedSearch
from service.store.tallies import Tallies
from service.store.typed_secrets import TypedSecrets
from service.store.undo import UndoRecords
from service.store.words import WordIndex
from service.store.worker_requests import WorkerRequests
from service.store.workers import DeliveryTotals, Workers


class Leads(StoredLeads, LeadArrivals, LeadChanges, LeadTouches, Erasure, ErasureWarnings, People, Exports, Histories):
    """Leads: stored once, read, changed, exported, erased."""


class Queue(Outbox, Claims):
    """Deliveries to the CRM: enqueued with their lead, claimed with a lease, settled once."""


class Platforms(Notices, Fetches, Connections, Rejections):
    """Announced leads, their fetches, connections to platforms, and rejected calls."""


class Search(SortedSearch, WordIndex):
    """Search of leads by words and filters."""


class Statistics(OriginCounts, DailyCounts, Overview, OutcomeBlocks, Costs):
    """Leads counted, for reports and the dashboard."""


class Crm(Sales, Reconciliations, Conversions, Facts, CrmLooks):
    """Sales of leads in the CRM, and what is known of each account there."""


class Answers(AnswerClocks, OwnerTurns, AnswerReports):
    """How long each lead waits for a person, and whose turn it is."""


class Alerts(AlertLog, Snapshots, Activity):
    """Alerts, and the snapshot and figures behind them."""


class Transaction(Repository):
    """One transaction, by subject: `tx.leads.get(...)`, `tx.queue.claim(...)`."""

    leads = subject(Leads)
    queue = subject(Queue)
    platforms = subject(Platforms)
    search = subject(Search)
    statistics = subject(Statistics)
    crm = subject(Crm)
    answers = subject(Answers)
    alerts = subject(Alerts)
    accounts = subject(Accounts)
    people = subject(PersonRecords)
    sessions = subject(Sessions)
    keys = subject(ApiKeys)
    second_steps = subject(SecondSteps)
    passkeys = subject(Passkeys)
    flags = subject(Flags)
    encryption = subject(EncryptedTokens)
    secrets = subject(TypedSecrets)
    channels = subject(AlertChannels)
    worker_requests = subject(WorkerRequests)
    workers = subject(Workers)
    tallies = subject(Tallies)
    undo = subject(UndoRecords)
    imports = subject(ImportJobs)
    setups = subject(SetupVersions)
    delivery_totals = subject(DeliveryTotals)
    acts = subject(Acts)
