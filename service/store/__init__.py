"""KEEP: lead and debt in one commit, on SQLite or PostgreSQL."""

from service.store.accounts import UNAVAILABLE, Accounts, Failing, Pace, Pause
from service.store.arrivals import Arrival, Judge, Key, Match
from service.store.claims import Turns
from service.store.concerns import Concern
from service.store.connections import Health, Link
from service.store.conversions import LeadEvent
from service.store.corrections import BeingSent
from service.store.erasure import Erased
from service.store.exports import Told, ToldCall, as_instant, as_milliseconds
from service.store.facts import Fact, Tenant
from service.store.fetches import Ended, Fetch
from service.store.histories import History
from service.store.holds import NO_CREDENTIALS, Hold
from service.store.ledgers import Reading, Reconciliation
from service.store.locks import Identity
from service.store.notices import WITHDRAWN, Announced, Notice
from service.store.outbox import LATER, Debt, LeaseLost
from service.store.overview import Day
from service.store.persons import Brought, Earlier
from service.store.query import Query
from service.store.refusals import Refusal
from service.store.reports import Count, Origins, Period
from service.store.sales import Change, LeadRecord, Sale, SaleStatus
from service.store.search import Found, Tally
from service.store.store import SCHEMA, Store
from service.store.tally import Span, State
from service.store.transaction import Leads, Queue, Statistics, Transaction
from service.store.writer import StoreUnavailable

__all__ = [
    "LATER",
    "NO_CREDENTIALS",
    "SCHEMA",
    "UNAVAILABLE",
    "WITHDRAWN",
    "Accounts",
    "Announced",
    "Arrival",
    "BeingSent",
    "Brought",
    "Change",
    "Concern",
    "Count",
    "Day",
    "Debt",
    "Earlier",
    "Ended",
    "Erased",
    "Fact",
    "Failing",
    "Fetch",
    "Found",
    "Health",
    "History",
    "Hold",
    "Identity",
    "Judge",
    "Key",
    "LeadEvent",
    "LeadRecord",
    "Leads",
    "LeaseLost",
    "Link",
    "Match",
    "Notice",
    "Origins",
    "Pace",
    "Pause",
    "Period",
    "Query",
    "Queue",
    "Reading",
    "Reconciliation",
    "Refusal",
    "Sale",
    "SaleStatus",
    "Span",
    "State",
    "Statistics",
    "Store",
    "StoreUnavailable",
    "Tally",
    "Tenant",
    "Told",
    "ToldCall",
    "Transaction",
    "Turns",
    "as_instant",
    "as_milliseconds",
]
