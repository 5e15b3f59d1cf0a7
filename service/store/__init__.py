"""KEEP: lead and debt in one commit, on SQLite or PostgreSQL."""

from service.store.accounts import UNAVAILABLE, Accounts, FailureStreak, Pace, Pause
from service.store.arrivals import Arrival, DedupKey, Judge, Match
from service.store.claims import Turns
from service.store.concerns import Alert
from service.store.connections import ConnectionHealth, ConnectionKey
from service.store.conversions import LeadEvent
from service.store.corrections import BeingSent
from service.store.erasure import ErasureResult
from service.store.exports import ExportCall, ExportRow, as_instant, as_milliseconds
from service.store.facts import Fact, Tenant
from service.store.fetches import Fetch, FetchResult
from service.store.histories import LeadHistory
from service.store.holds import NO_CREDENTIALS, CallPause
from service.store.ledgers import ReadState, Reconciliation
from service.store.locks import Identity
from service.store.notices import WITHDRAWN, AnnouncedLead, FetchNotice
from service.store.outbox import LATER, LeaseLost, QueuedDelivery
from service.store.overview import TodayFigures
from service.store.persons import EarlierEnquiries, PlatformLead
from service.store.query import Query
from service.store.refusals import Rejection
from service.store.reports import OriginCount, Origins, Period
from service.store.sales import LeadRecord, Sale, SaleChange, SaleStatus
from service.store.search import MatchCount, SearchPage
from service.store.store import SCHEMA, Store
from service.store.tally import CountingState, DateRange
from service.store.transaction import Leads, Queue, Statistics, Transaction
from service.store.writer import StoreUnavailable

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
