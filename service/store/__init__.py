"""The store: a lead and its delivery in one commit, on SQLite or PostgreSQL.

transaction.py      every subject of a transaction: read it first; store.py: opens a database and its transactions
outbox.py           deliveries: enqueued with their lead, settled once; claims.py claims them with a lease
accounts.py         state of an account that all processes share: tokens, pauses, pace
leads/              leads: stored once, changed, exported, erased
platforms/          leads that ad platforms only announce, their fetches, the state of each connection
search.py           search by a query (query.py) and an index of words (words.py), fast among a million leads;
                    sorting.py lists the matches in another order
counting.py         leads counted by day for charts (daily_counts.py), since midnight for the overview (overview.py)
outcomes.py         sales outcomes by the origin of leads; origins.py: by tags and rules; outcome_blocks.py adds
                    them up in the background; costs.py: what campaigns cost
answer_counts.py    how fast people answered, counted in the same blocks
answers.py          how long each lead waits for a person, and when one reacted; which owner is next
sales.py            opportunities as last seen in the CRM; conversions.py: what was reported to ad platforms;
                    account_facts.py: what is known of each account, and what can be chosen there
alert_log.py        alerts; snapshot.py and activity.py: the figures behind alerts and the digest;
                    alert_channels.py: channels besides ALERT_URLS
workers.py          when each worker was last seen, and totals of their work
undo.py             the state of leads before the last action on them; import_jobs.py: imports from the dashboard
acts/               the record of acts: who did what, append-only and chained
setups.py           versions of the set-up
people.py           people who may sign in to the dashboard; sessions.py: who is signed in
deployment.py       small values shared by all processes
second_steps.py     authenticator apps and recovery codes; passkeys.py: passkeys, and identities at a provider
api_keys.py         keys of the API, looked up by the digest of their token
encryption.py       tokens encrypted in their rows, and re-encrypted under a newer key; typed_secrets.py:
                    secrets typed in the dashboard
worker_requests.py  what the dashboard asks a worker to do at once, and the worker's answer
database/           engines, transactions, tables: everything that knows SQLite or PostgreSQL; migrations/
"""

from service.store.account_facts import CrmLook, Fact, ReadState, Reconciliation, Tenant
from service.store.accounts import NO_CREDENTIALS, UNAVAILABLE, Accounts, CallPause, FailureStreak, Pace, Pause
from service.store.acts.act_search import ActPage, ActQuery
from service.store.acts.acts import Act, Members, RecordedAct, Subject, SubjectKind
from service.store.acts.recording import ChainReport
from service.store.alert_channels import ChannelEntry
from service.store.alert_log import Alert
from service.store.answer_counts import AnswerCounts, answer_counts, total_of
from service.store.answers import MAX_COUNTED, AnswerClock, AnswerKind, ClockStep, FirstAnswer, OwnerTurn
from service.store.api_keys import KEY_USE_INTERVAL, ApiKey
from service.store.claims import Turns
from service.store.conversions import LeadEvent
from service.store.costs import CampaignCost, Cost
from service.store.daily_counts import CountingState, DateRange
from service.store.database.faults import ROLE, StoreUnavailable, fault_of
from service.store.database.outcome_tables import AMOUNT_UNIT
from service.store.database.repository import Identity, IsGone
from service.store.database.schema import UnknownSchema
from service.store.database.walls import Walls
from service.store.deployment import DEMO_WELCOME, PASSWORD_FLAG
from service.store.encryption import RotationResult, SecretName, SecretOwner, SeedOwner, UnreadableSecret
from service.store.import_jobs import KEEP_IMPORTS, ImportJob, JobState
from service.store.leads.arrivals import Arrival, DedupKey, Judge, Match
from service.store.leads.changes import BeingSent
from service.store.leads.erasure import PARKED_NOTICE, ErasureNotice, ErasureResult, UntouchedLead
from service.store.leads.exports import ExportCall, ExportRow, as_instant, as_milliseconds
from service.store.leads.histories import LeadHistory
from service.store.leads.people import EarlierEnquiries, OtherEnquiry, PlatformLead
from service.store.leads.touches import Visit, reported
from service.store.origins import OriginCount, Origins, Period
from service.store.outbox import LATER, LeaseLost, QueuedDelivery
from service.store.outcome_blocks import BLOCK_SIZE, FAN, OutcomeBlock
from service.store.outcome_folding import FIRST, LAST, NOT_SET, OutcomePeriod
from service.store.outcome_folding import kind_of as outcome_kind
from service.store.outcome_packs import ALL_FORMS, Measure, Tally, measure_of
from service.store.outcome_packs import JOINT as OUTCOME_JOINT
from service.store.outcomes import TalliesByForm
from service.store.overview import ParkedProblem, TodayFigures
from service.store.passkeys import Passkey
from service.store.people import Credentials
from service.store.platforms.connections import ConnectionHealth, ConnectionKey
from service.store.platforms.fetches import Fetch, FetchResult
from service.store.platforms.notices import WITHDRAWN, AnnouncedLead, FetchNotice
from service.store.platforms.rejections import Rejection
from service.store.query import Query, ReportRow
from service.store.sales import LeadRecord, Sale, SaleChange, SaleStatus
from service.store.search import MatchCount, SearchPage
from service.store.second_steps import SecondStep
from service.store.sessions import OpenSession
from service.store.setups import UNPUBLISHED, SetupVersion
from service.store.sort_order import SORT_KEYS, SortOrder, SortPlace
from service.store.sorting import SortedPage
from service.store.store import SCHEMA, Store
from service.store.transaction import Leads, Queue, Statistics, Transaction
from service.store.typed_secrets import SecretEntry
from service.store.undo import UNDO_WINDOW, UndoResult
from service.store.worker_requests import TEST_MESSAGE, TRY_ACCOUNT, WorkerRequest
from service.store.workers import DeliveryCountKey, SeenWorker

__all__ = [
    "ALL_FORMS",
    "AMOUNT_UNIT",
    "BLOCK_SIZE",
    "DEMO_WELCOME",
    "FAN",
    "FIRST",
    "KEEP_IMPORTS",
    "KEY_USE_INTERVAL",
    "LAST",
    "LATER",
    "MAX_COUNTED",
    "NOT_SET",
    "NO_CREDENTIALS",
    "OUTCOME_JOINT",
    "PARKED_NOTICE",
    "PASSWORD_FLAG",
    "ROLE",
    "SCHEMA",
    "SORT_KEYS",
    "TEST_MESSAGE",
    "TRY_ACCOUNT",
    "UNAVAILABLE",
    "UNDO_WINDOW",
    "UNPUBLISHED",
    "WITHDRAWN",
    "Accounts",
    "Act",
    "ActPage",
    "ActQuery",
    "Alert",
    "AnnouncedLead",
    "AnswerClock",
    "AnswerCounts",
    "AnswerKind",
    "ApiKey",
    "Arrival",
    "BeingSent",
    "CallPause",
    "CampaignCost",
    "ChainReport",
    "ChannelEntry",
    "ClockStep",
    "ConnectionHealth",
    "ConnectionKey",
    "Cost",
    "CountingState",
    "Credentials",
    "CrmLook",
    "DateRange",
    "DedupKey",
    "DeliveryCountKey",
    "EarlierEnquiries",
    "ErasureNotice",
    "ErasureResult",
    "ExportCall",
    "ExportRow",
    "Fact",
    "FailureStreak",
    "Fetch",
    "FetchNotice",
    "FetchResult",
    "FirstAnswer",
    "Identity",
    "ImportJob",
    "IsGone",
    "JobState",
    "Judge",
    "LeadEvent",
    "LeadHistory",
    "LeadRecord",
    "Leads",
    "LeaseLost",
    "Match",
    "MatchCount",
    "Measure",
    "Members",
    "OpenSession",
    "OriginCount",
    "Origins",
    "OtherEnquiry",
    "OutcomeBlock",
    "OutcomePeriod",
    "OwnerTurn",
    "Pace",
    "ParkedProblem",
    "Passkey",
    "Pause",
    "Period",
    "PlatformLead",
    "Query",
    "Queue",
    "QueuedDelivery",
    "ReadState",
    "Reconciliation",
    "RecordedAct",
    "Rejection",
    "ReportRow",
    "RotationResult",
    "Sale",
    "SaleChange",
    "SaleStatus",
    "SearchPage",
    "SecondStep",
    "SecretEntry",
    "SecretName",
    "SecretOwner",
    "SeedOwner",
    "SeenWorker",
    "SetupVersion",
    "SortOrder",
    "SortPlace",
    "SortedPage",
    "Statistics",
    "Store",
    "StoreUnavailable",
    "Subject",
    "SubjectKind",
    "TalliesByForm",
    "Tally",
    "Tenant",
    "TodayFigures",
    "Transaction",
    "Turns",
    "UndoResult",
    "UnknownSchema",
    "UnreadableSecret",
    "UntouchedLead",
    "Visit",
    "Walls",
    "WorkerRequest",
    "answer_counts",
    "as_instant",
    "as_milliseconds",
    "fault_of",
    "measure_of",
    "outcome_kind",
    "reported",
    "total_of",
]
