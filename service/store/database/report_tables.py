"""The tables of workers, coming erasures, sales, imports, undo records, and leads counted by day."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, Table, Text, func

from service.store.database.columns import Json, UtcDateTime
from service.store.database.tables import leads, metadata, text_column

Index(
    "ix_leads_opportunity_id",
    leads.c.opportunity_id,
    sqlite_where=leads.c.opportunity_id.is_not(None),
)  # finds the lead of an opportunity that has lost its marker

NAME_KEY, COMPANY_KEY = func.lower(leads.c.full_name), func.lower(leads.c.company)
"""Sort keys of leads by name and company."""

Index(
    "ix_leads_name",
    NAME_KEY,
    leads.c.id,
    sqlite_where=leads.c.full_name != "",
)  # on PostgreSQL it includes full_name: else a walk reads each lead, as lower() hides the column
Index(
    "ix_leads_company",
    COMPANY_KEY,
    leads.c.id,
    sqlite_where=leads.c.company != "",
)  # the same for companies

workers = Table(
    # Worker processes as last seen at work.
    "workers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("version", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("cpu_s", Float),  # use of resources, where the kernel reports it
    Column("memory_bytes", BigInteger),
    Column("open_files", Integer),
)

delivery_counts = Table(
    # Totals of what workers did since the table was made. Never erased: nothing in it is personal.
    "delivery_counts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("form", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("total", Float, nullable=False),
)

erasure_warnings = Table(
    # Parked leads that will be erased, and since when operators have been warned.
    "erasure_warnings",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("warned_at", UtcDateTime, nullable=False),
)

import_jobs = Table(
    # Imports from the dashboard, kept for a day at most: see import_jobs.py.
    "import_jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("form", Text, nullable=False),
    text_column("sender"),
    Column("file_name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("done", Float, nullable=False),  # 0 to 1
    Column("rows", Integer, nullable=False),
    text_column("problem"),
    Column("result", Json, nullable=False),
    Column("contents", LargeBinary),  # NULL once imported
)

undo_records = Table(
    # The state of leads before the last action on them: see undo.py.
    "undo_records",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("action", Text, nullable=False),  # retry, release, discard
    Column("action_id", Text, nullable=False),  # one for all leads of an action; begins with the time
    Column("status", Text, nullable=False),
    text_column("problem"),
    Column("state", Text),  # of the delivery; NULL: there was none
    Column("due_at", UtcDateTime),
    Column("tries", Integer),
    Column("trigger", Text),
    Column("priority", Integer),
    Column("notice", Json),  # of a lead that was still to be fetched; NULL: any other lead
    Index("ix_undo_records_action_id", "action_id"),
    Index("ix_undo_records_action_action_id", "action", "action_id"),
    sqlite_with_rowid=False,
)

sales = Table(
    # The opportunity of each delivered lead, as last seen in the CRM.
    "sales",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("opportunity_id", BigInteger, nullable=False),
    Column("stage_id", BigInteger),
    text_column("stage"),
    text_column("board"),
    Column("status", Text, nullable=False),  # in_progress, won, lost
    Column("value", Float),
    text_column("currency"),
    Column("won_at", UtcDateTime),
    Column("lost_at", UtcDateTime),
    text_column("loss_reason"),
    Column("updated_at", UtcDateTime),  # according to the CRM
    Column("seen_at", UtcDateTime, nullable=False),
    Column("missing_since", UtcDateTime),  # when it was first missed; NULL: it is there
    Column("acknowledged_at", UtcDateTime),  # when an operator accepted it as missing or double
    text_column("reached"),  # the stages it has entered, by name, joined by \x1f; written by triggers only
    Column("responsible_id", BigInteger),  # the owner in the CRM; 0: none; NULL: not seen yet
)
Index("ix_sales_status", sales.c.status, sales.c.lead_id)
for _column in (sales.c.value, sales.c.won_at):
    Index(
        f"ix_sales_{_column.name}",
        _column,
        sales.c.lead_id,
        sqlite_where=_column.is_not(None),
    )

sale_changes = Table(
    # Changes of opportunities, in the order in which they were noticed.
    "sale_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("lead_id", Text, nullable=False),
    Column("kind", Text, nullable=False),  # stage, status
    Column("name", Text, nullable=False),  # name of the stage, or in_progress, won, lost
    Column("at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Index("ix_sale_changes_lead_id", "lead_id"),
)

conversions = Table(
    # Conversions that were reported to an ad platform.
    "conversions",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("exported_at", UtcDateTime, nullable=False),
)

crm_reads = Table(
    # How far each account of the CRM was read.
    "crm_reads",
    metadata,
    Column("account", Text, primary_key=True),
    Column("polled_at", UtcDateTime),  # when a process last claimed the poll for changes
    Column("read_until", UtcDateTime),  # the newest change that was seen
    text_column("problem"),  # why it could not be read; "" while it can be
    Column("reconciled_at", UtcDateTime),  # when a process last claimed the nightly comparison
)

reconciliations = Table(
    # Comparisons of leads received with opportunities in the CRM.
    "reconciliations",
    metadata,
    Column("account", Text, primary_key=True),
    Column("started_at", UtcDateTime, primary_key=True),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("since", UtcDateTime),  # leads received earlier were not compared; NULL: all were
    Column("result", Json, nullable=False),  # counts, discrepancies, remarks
)


count_days = Table(
    # Days whose leads are counted: see daily_counts.py. A trigger watches past days.
    "count_days",
    metadata,
    Column("since", Text, primary_key=True),  # no lead of the day has a smaller id
    text_column("until"),  # ids below it; "": the day is not over
    Column("day", Text, nullable=False),  # in the operator's calendar: 2026-11-24
    Column("counted_at", UtcDateTime),  # NULL: not yet
)

count_changes = Table(
    # Written by the trigger: a lead of a past day has changed, so the day must be counted again.
    "count_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("since", Text, nullable=False, index=True),
)

daily_counts = Table(
    # Number of leads of a day and form that share a value.
    "daily_counts",
    metadata,
    Column("kind", Text, primary_key=True),  # channel, campaign, location, status ...
    Column("form", Text, primary_key=True),  # "": all
    Column("day", Text, primary_key=True, index=True),
    Column("value", Text, primary_key=True),
    Column("leads", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    sqlite_with_rowid=False,
)

delivery_times = Table(
    # Times from arrival to delivery of the leads of a day and form: see waiting_times.py.
    "delivery_times",
    metadata,
    Column("form", Text, primary_key=True),  # "": all
    Column("day", Text, primary_key=True, index=True),
    Column("counted_at", UtcDateTime, nullable=False),  # as the day's; else an older version counted it
    Column("times", LargeBinary, nullable=False),
)

crm_looks = Table(
    # What the worker last saw of an account of the CRM, and a requested look: see account_facts.py.
    "crm_looks",
    metadata,
    Column("account", Text, primary_key=True),
    text_column("base_url"),
    Column("looked_at", UtcDateTime),
    Column("requested_at", UtcDateTime),
    Column("claimed_at", UtcDateTime),
    text_column("problem"),
    Column("contents", Json, nullable=False),
)
