"""KEEP: lead and debt in one commit, on SQLite or PostgreSQL."""

from service.store.accounts import Accounts, Pace, Pause
from service.store.concerns import Concern
from service.store.leads import Key, Leads, Query
from service.store.outbox import LeaseLost, Outbox
from service.store.store import SCHEMA, Store, Transaction
from service.store.writer import StoreUnavailable

__all__ = [
    "SCHEMA",
    "Accounts",
    "Concern",
    "Key",
    "Leads",
    "LeaseLost",
    "Outbox",
    "Pace",
    "Pause",
    "Query",
    "Store",
    "StoreUnavailable",
    "Transaction",
]
