"""The tables of what became of leads: sales, their changes, told conversions, and how the accounts agree."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

from service.store.tables import Instant, Json, leads, metadata

Index(
    "ix_leads_opportunity_id",
    leads.c.opportunity_id,
    sqlite_where=leads.c.opportunity_id.is_not(None),
    postgresql_where=leads.c.opportunity_id.is_not(None),
)  # the lead of an opportunity that bears no mark any more

sales = Table(
    # How the opportunity of each delivered lead stands in the CRM, as it was last seen.
    "sales",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("opportunity_id", BigInteger, nullable=False),
    Column("stage_id", BigInteger),
    Column("stage", Text, nullable=False, default="", server_default=""),
    Column("board", Text, nullable=False, default="", server_default=""),
    Column("status", Text, nullable=False),  # in_progress, won, lost
    Column("value", Float),
    Column("currency", Text, nullable=False, default="", server_default=""),
    Column("won_at", Instant),
    Column("lost_at", Instant),
    Column("loss_reason", Text, nullable=False, default="", server_default=""),
    Column("updated_at", Instant),  # as the CRM tells it
    Column("seen_at", Instant, nullable=False),
    Column("gone_at", Instant),  # when it was first found to be there no more
    Column("excused_at", Instant),  # when an operator said that this, or a double, is right
)

sale_changes = Table(
    # What happened to them, in the order in which it was noticed.
    "sale_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("lead_id", Text, nullable=False),
    Column("kind", Text, nullable=False),  # stage, status
    Column("name", Text, nullable=False),  # of the stage, or in_progress, won, lost
    Column("at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_sale_changes_lead_id", "lead_id"),
)

conversions = Table(
    # Which conversions an ad platform was told of.
    "conversions",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("lead_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("exported_at", Instant, nullable=False),
)

ledgers = Table(
    # How far each account of the CRM was read.
    "ledgers",
    metadata,
    Column("account", Text, primary_key=True),
    Column("polled_at", Instant),  # when somebody last took the turn to look for changes
    Column("read_until", Instant),  # the newest change that was seen
    Column("problem", Text, nullable=False, default="", server_default=""),  # why it could not be read; "" while it can
    Column("reconciled_at", Instant),  # when somebody last took the turn of the night
)

reconciliations = Table(
    # How the accounts agreed, comparison by comparison.
    "reconciliations",
    metadata,
    Column("account", Text, primary_key=True),
    Column("started_at", Instant, primary_key=True),
    Column("ended_at", Instant, nullable=False),
    Column("since", Instant),  # leads received before were not compared; NULL: all were
    Column("told", Json, nullable=False),  # counts, findings, remarks
)
