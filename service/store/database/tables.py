"""The tables of leads, queue, platforms and accounts, for SQLite and PostgreSQL alike.

Migrations define the schema; a test compares it with these tables. Two columns keep the physical name of an earlier
version (`key` is the name in Python), so that its web processes take leads while an upgrade is under way.

A partial index has the same condition on PostgreSQL. `postgresql_where` would load that dialect with all its drivers:
3 MB of every process on SQLite.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    and_,
)

from service.store.database.columns import Json, UtcDateTime

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"},
)


QUEUED, PARKED, DONE = "owed", "parked", "done"
"""States of a delivery."""


def text_column(name: str, default: str = "") -> Column[str]:
    """Define a text column that is never NULL."""
    return Column(name, Text, nullable=False, default=default, server_default=default)


leads = Table(
    "leads",
    metadata,
    Column("id", Text, primary_key=True),  # UUIDv7 in hex: sorts by arrival
    Column("form", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("sender", Text, nullable=False),
    text_column("external_id"),
    text_column("form_name"),
    Column("status", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    text_column("problem"),
    Column("repeats", Integer, nullable=False, default=0, server_default="0"),
    text_column("email"),
    text_column("full_name"),
    text_column("first_name"),
    text_column("last_name"),
    text_column("phone"),
    text_column("company"),
    Column("fields", Json, nullable=False),  # canonical name -> answer
    Column("extras", Json, nullable=False),  # submitted name -> answer
    Column("evidence", Json, nullable=False),  # the evidence beyond fields and extras
    text_column("page_url"),
    text_column("ip"),
    Column("raw", LargeBinary),  # the body if it could not be read
    text_column("utm_source"),
    text_column("utm_medium"),
    text_column("utm_campaign"),
    text_column("utm_content"),
    text_column("utm_term"),
    text_column("channel"),
    Column("lead_source", Integer, nullable=False),
    text_column("rule"),
    text_column("reason"),
    Column("origin", Text),  # source / medium of an untagged visit; NULL here and in the next two: not read yet
    Column("landing_page", Text),  # its path
    Column("click_ids", Json, nullable=False),
    Column("codes", Json, nullable=False),
    Column("coworker_id", BigInteger),
    Column("opportunity_id", BigInteger),
    Column("corrections", Json),  # answers changed later, see leads/rows.py; NULL: none
    Column("untold", Boolean, key="notify_pending"),  # whether recipients are still to be notified; NULL: no
    Column("location", Text),  # the answer named location; kept after an erasure if many leads gave it
    Column("setup_version", Integer),  # of the set-up in the database; NULL: a forms file
    Index("ix_leads_status_id", "status", "id"),
    Index("ix_leads_form_id", "form", "id"),
    Index("ix_leads_account_id", "account", "id"),
)
Index(
    "ix_leads_campaign_id",
    leads.c.utm_campaign,
    leads.c.id,
    sqlite_where=leads.c.utm_campaign != "",
)
Index(
    "ix_leads_untold",
    leads.c.form,
    leads.c.status,
    leads.c.id,
    sqlite_where=leads.c.notify_pending.is_not(None),
)
Index(
    "ix_leads_raw",
    leads.c.id,
    sqlite_where=leads.c.raw.is_not(None),
)  # finds a person in the few bodies that could not be read


def of_account(account: Any) -> ColumnElement[bool]:
    """Match leads of an account by an expression, for queries that the index of accounts would slow down."""
    matches: ColumnElement[bool] = leads.c.account.concat("") == account
    return matches


lead_keys = Table(
    # Keys that make a second arrival a repeat. The unique key decides, never a query before the insert.
    "lead_keys",
    metadata,
    Column("key", Text, primary_key=True),  # kind, form or sender, digest
    Column("lead_id", Text, nullable=False),
    Column("expires_at", UtcDateTime),  # NULL: never
    sqlite_with_rowid=False,  # one tree instead of two: each page that a commit touches slows down taking leads
)

_by_bytes = Text().with_variant(Text(collation="C"), "postgresql")

lead_words = Table(
    # Words by which each lead is found, filled in the background: see words.py.
    "lead_words",
    metadata,
    Column("word", _by_bytes, primary_key=True),
    Column("lead_id", _by_bytes, primary_key=True),
    sqlite_with_rowid=False,
)

deliveries = Table(
    # One lead's delivery to the CRM.
    "deliveries",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("person", Text, key="serialize_key", nullable=False),  # folded e-mail: two with one key never run together
    Column("state", Text, nullable=False),  # QUEUED, PARKED or DONE
    Column("due_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, default=0, server_default="0"),  # retries used up in the schedule
    text_column("trigger", "schedule"),  # or operator
    Column("claimed_by", Text),
    Column("lease_until", UtcDateTime),
    Column("coworker_id", BigInteger),  # result of the first step
    Column("unknown_step", Text),  # the create whose outcome is unknown
    Column("unknown_since", UtcDateTime),
    Column("verify_count", Integer, nullable=False, default=0, server_default="0"),  # searches for it since then
    text_column("form"),  # lanes of forms take turns
    Column("priority", Integer, nullable=False, default=0, server_default="0"),  # 0: a live lead; 1: replay, import
    Column("blocked_by", Text),  # the paused call that blocks it; NULL: none
    Column("request_body", Json),  # the opportunity as last sent; NULL: never sent
    Column("request_id", Text),  # of the request that brought the lead
    Column("traceparent", Text),  # the span of that request
    sqlite_with_rowid=False,
)
IS_NEXT = and_(deliveries.c.state == QUEUED, deliveries.c.claimed_by.is_(None), deliveries.c.blocked_by.is_(None))
"""Whether a delivery can be claimed once it is due."""

Index(
    "ix_deliveries_next",
    deliveries.c.account,
    deliveries.c.priority,
    deliveries.c.form,
    deliveries.c.due_at,
    sqlite_where=IS_NEXT,
)
Index(
    "ix_deliveries_blocked_by",
    deliveries.c.account,
    deliveries.c.blocked_by,
    deliveries.c.priority,
    deliveries.c.due_at,
    sqlite_where=deliveries.c.blocked_by.is_not(None),
)
Index(
    "ix_deliveries_claimed",
    deliveries.c.serialize_key,
    unique=True,  # the database itself keeps two deliveries of one person apart
    sqlite_where=deliveries.c.claimed_by.is_not(None),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("lead_id", Text, nullable=False, index=True),
    Column("step", Text, nullable=False),
    text_column("trigger", "schedule"),
    Column("started_at", UtcDateTime, nullable=False),
    Column("duration_ms", Integer),
    Column("outcome", Text, nullable=False),
    Column("http_status", Integer),
    text_column("detail"),
)

accounts = Table(
    # State of one Nexudus account that all processes share.
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("tokens", Json),
    Column("locked_by", Text),
    Column("locked_until", UtcDateTime),
    Column("paused_until", UtcDateTime),
    text_column("pause_reason"),
    Column("pause_streak", Integer, nullable=False, default=0, server_default="0"),  # pauses in a row
    Column("failures", Integer, nullable=False, default=0, server_default="0"),  # failures since the last success
    Column("failing_since", UtcDateTime),  # start of the first of them
)

account_facts = Table(
    # Answers to questions that Nexudus's documents leave open, for one account at one address.
    "account_facts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("base_url", Text, primary_key=True),  # facts of one address say nothing about another
    Column("name", Text, primary_key=True),
    Column("value", Json),  # NULL: being determined since learned_at
    text_column("source"),
    Column("learned_at", UtcDateTime, nullable=False),
)

call_pauses = Table(
    # Kinds of calls that are paused while other calls of the account go on.
    "call_pauses",
    metadata,
    Column("account", Text, primary_key=True),
    Column("call", Text, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
    text_column("reason"),
    Column("streak", Integer, nullable=False, default=0, server_default="0"),  # begun or extended in a row
)

alerts = Table(
    # Alerts: one row for each cause, open until resolved.
    "alerts",
    metadata,
    Column("cause", Text, primary_key=True),
    Column("sentence", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("occurrences", Integer, nullable=False, default=1, server_default="1"),
    Column("notified_at", UtcDateTime),  # when the last message went out
    Column("notified_count", Integer, nullable=False, default=0, server_default="0"),  # messages that went out
    Column("resolved_at", UtcDateTime),
)

notices = Table(
    # Leads that a platform has announced and whose answers are still to be fetched.
    "notices",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("form", Text, nullable=False),
    Column("sender", Text, nullable=False),
    text_column("place"),  # the Page or account
    Column("external_id", Text, nullable=False),
    Column("details", Json, nullable=False),
    Column("state", Text, nullable=False),  # due, parked
    Column("announced_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, default=0, server_default="0"),  # retries used up in the schedule
    text_column("trigger", "schedule"),  # or operator
    Column("claimed_by", Text),
    Column("lease_until", UtcDateTime),
    Column("request_id", Text),  # of the request that brought the announcement
    Column("traceparent", Text),  # the span of that request
    Index("ix_notices_state_due_at", "state", "due_at"),
)

connections = Table(
    # The state of fetching for one connection; place "": the whole connection.
    "connections",
    metadata,
    Column("form", Text, primary_key=True),
    Column("sender", Text, primary_key=True),
    Column("place", Text, primary_key=True),
    Column("tokens", Json),  # renewed tokens; the operator's own are in the forms file
    Column("facts", Json),  # what was learned, such as the questions of a lead form
    text_column("reason"),  # why nothing can be fetched until an operator acts, and what to do; "" while it works
    Column("failing_since", UtcDateTime),
    Column("paused_until", UtcDateTime),
    Column("pause_streak", Integer, nullable=False, default=0, server_default="0"),  # pauses in a row
    Column("failures", Integer, nullable=False, default=0, server_default="0"),  # calls in a row without a response
    Column("expires_at", UtcDateTime),  # when an operator must renew it; NULL: unknown, or never
    Column("locked_by", Text),  # the process that is renewing the tokens
    Column("locked_until", UtcDateTime),
    Column("pulled_until", UtcDateTime),  # everything submitted before then is stored
    Column("pulled_at", UtcDateTime),  # the last scheduled pull
    Column("checked_at", UtcDateTime),  # the last scheduled check
)

calls = Table(
    # Recent calls to each account, for the pace of all processes together.
    "calls",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("at", Float, nullable=False),  # unix seconds
    Column("is_write", Boolean, nullable=False),
    Index("ix_calls_account_at", "account", "at"),
    Index("ix_calls_account_is_write_at", "account", "is_write", "at"),
)

sessions = Table(
    # Sessions of the dashboard.
    "sessions",
    metadata,
    Column("digest", Text, primary_key=True),  # of the secret that only the browser holds
    Column("mark", Text, nullable=False),  # digest of the password that it was opened with
    Column("person_id", Text),  # the person; NULL: the administrator
    text_column("browser"),  # "Firefox, Linux": for the person to recognise it
    Column("since", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
)

tallies = Table(
    # Amounts that all processes add up by period: bytes of unreadable bodies, refused calls and sign-ins.
    "tallies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("since", UtcDateTime, primary_key=True),  # when the period began
    Column("amount", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

deployment = Table(
    # Small named values: client_id, secret_key, the cursor of the search index ...
    "deployment",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
