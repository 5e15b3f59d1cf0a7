"""All that can be done within one transaction, by subject."""

from service.store.accounts import Accounts
from service.store.alerts.activity import Activity
from service.store.alerts.alert_log import AlertLog
from service.store.alerts.snapshot import Snapshots
from service.store.crm.accounts import Facts, Reconciliations
from service.store.crm.conversions import Conversions
from service.store.crm.sales import Sales
from service.store.database.repository import Repository, subject
from service.store.deployment import Flags, Sessions
from service.store.leads.arrivals import LeadArrivals
from service.store.leads.changes import LeadChanges
from service.store.leads.exports import Exports
from service.store.leads.histories import Histories
from service.store.leads.people import Erasure, People
from service.store.leads.stored import StoredLeads
from service.store.platforms.connections import Connections
from service.store.platforms.fetches import Fetches
from service.store.platforms.notices import Notices
from service.store.platforms.rejections import Rejections
from service.store.queue.call_pauses import CallPauses
from service.store.queue.claims import Claims
from service.store.queue.outbox import Outbox
from service.store.search.index import WordIndex
from service.store.search.lookup import LeadSearch
from service.store.statistics.daily_counts import DailyCounts
from service.store.statistics.origins import OriginCounts
from service.store.statistics.overview import Overview


class Leads(StoredLeads, LeadArrivals, LeadChanges, Erasure, People, Exports, Histories):
    """Leads: stored once, found, changed, exported, erased."""


class Queue(Outbox, Claims, CallPauses):
    """Deliveries to the CRM: enqueued with their lead, claimed with a lease, settled once."""


class Platforms(Notices, Fetches, Connections, Rejections):
    """Announced leads, their fetches, connections to platforms, and rejected calls."""


class Search(LeadSearch, WordIndex):
    """Leads found by words and filters."""


class Statistics(OriginCounts, DailyCounts, Overview):
    """Leads counted, for reports and the dashboard."""


class Crm(Sales, Reconciliations, Conversions, Facts):
    """What became of leads in the CRM, and what is known of each account there."""


class Alerts(AlertLog, Snapshots, Activity):
    """Alerts, and the snapshot and figures that they are judged by."""


class Transaction(Repository):
    """One transaction, by subject: `tx.leads.get(...)`, `tx.queue.claim(...)`."""

    leads = subject(Leads)
    queue = subject(Queue)
    platforms = subject(Platforms)
    search = subject(Search)
    statistics = subject(Statistics)
    crm = subject(Crm)
    alerts = subject(Alerts)
    accounts = subject(Accounts)
    sessions = subject(Sessions)
    flags = subject(Flags)
