"""The store: a lead and its delivery in one commit, on SQLite or PostgreSQL.

Read store.py first, then transaction.py, which names everything that a transaction offers.
"""

from service.store.account_facts import Fact, ReadState, Reconciliation, Tenant
from service.store.accounts import NO_CREDENTIALS, UNAVAILABLE, Accounts, CallPause, FailureStreak, Pace, Pause
from service.store.alert_log import Alert
from service.store.claims import Turns
from service.store.conversions import LeadEvent
from service.store.database.repository import Identity
from service.store.database.writer import StoreUnavailable
from service.store.leads.arrivals import Arrival, DedupKey, Judge, Match
from service.store.leads.changes import BeingSent
from service.store.leads.exports import ExportCall, ExportRow, as_instant, as_milliseconds
from service.store.leads.histories import LeadHistory
from service.store.leads.people import EarlierEnquiries, ErasureResult, PlatformLead
from service.store.outbox import LATER, LeaseLost, QueuedDelivery
from service.store.platforms.connections import ConnectionHealth, ConnectionKey
from service.store.platforms.fetches import Fetch, FetchResult
from service.store.platforms.notices import WITHDRAWN, AnnouncedLead, FetchNotice
from service.store.platforms.rejections import Rejection
from service.store.sales import LeadRecord, Sale, SaleChange, SaleStatus
from service.store.search.lookup import MatchCount, SearchPage
from service.store.search.query import Query
from service.store.statistics.daily_counts import CountingState, DateRange
from service.store.statistics.origins import OriginCount, Origins, Period
from service.store.statistics.overview import TodayFigures
from service.store.store import SCHEMA, Leads, Queue, Statistics, Store, Transaction

__all__ = [
    "LATER",
    "NO_CREDENTIALS",
    "SCHEMA",
    "UNAVAILABLE",
    "WITHDRAWN",
    "Accounts",
    "Alert",
    "AnnouncedLead",
    "Arrival",
    "BeingSent",
    "CallPause",
    "ConnectionHealth",
    "ConnectionKey",
    "CountingState",
    "DateRange",
    "DedupKey",
    "EarlierEnquiries",
    "ErasureResult",
    "ExportCall",
    "ExportRow",
    "Fact",
    "FailureStreak",
    "Fetch",
    "FetchNotice",
    "FetchResult",
    "Identity",
    "Judge",
    "LeadEvent",
    "LeadHistory",
    "LeadRecord",
    "Leads",
    "LeaseLost",
    "Match",
    "MatchCount",
    "OriginCount",
    "Origins",
    "Pace",
    "Pause",
    "Period",
    "PlatformLead",
    "Query",
    "Queue",
    "QueuedDelivery",
    "ReadState",
    "Reconciliation",
    "Rejection",
    "Sale",
    "SaleChange",
    "SaleStatus",
    "SearchPage",
    "Statistics",
    "Store",
    "StoreUnavailable",
    "Tenant",
    "TodayFigures",
    "Transaction",
    "Turns",
    "as_instant",
    "as_milliseconds",
]
