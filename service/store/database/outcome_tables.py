"""The tables of outcomes: the touch that a form does not use, leads added up, and what campaigns cost."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from service.store.database.columns import UtcDateTime
from service.store.database.tables import leads, metadata, text_column

Index(
    "ix_leads_unread",
    leads.c.id,
    sqlite_where=leads.c.landing_page.is_(None),
)  # leads of earlier versions whose visit reports have still to read

lead_touches = Table(
    # The attribution by the touch that the lead's form does not use; no row where both touches say the same.
    "lead_touches",
    metadata,
    Column("lead_id", Text, primary_key=True),
    Column("touch", Text, primary_key=True),  # first, last
    text_column("utm_source"),
    text_column("utm_medium"),
    text_column("utm_campaign"),
    text_column("channel"),
    Column("lead_source", Integer, nullable=False),
    text_column("origin"),
    text_column("landing_page"),
    sqlite_with_rowid=False,
)

outcome_blocks = Table(
    # Stretches of leads, in the order of ids, that are added up: see outcome_blocks.py.
    "outcome_blocks",
    metadata,
    Column("level", Integer, primary_key=True),  # 1: of leads; 2 and more: of blocks of the level below
    Column("since", Text, primary_key=True),  # no lead of the block has a smaller id
    Column("until", Text, nullable=False),  # its ids are below this one
    Column("is_counted", Boolean, nullable=False),  # in outcome_cells
    Column("version", Integer, nullable=False),  # grows with every count that begins
    Column("begun_at", UtcDateTime, nullable=False),  # when the block was made, or its last count began
    Column("answers_version", Integer),  # as is_counted, for answers
    Column("packs_version", Integer),  # the count that outcome_packs holds; NULL: none yet
    sqlite_with_rowid=False,
)

outcome_changes = Table(
    # Written by triggers: a lead of a block, or its sale, has changed, so the block must be counted again.
    "outcome_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("since", Text, nullable=False, index=True),
)

outcome_packs = Table(
    # Leads of a block added up: see outcome_packs.py.
    "outcome_packs",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("block", Text, primary_key=True),  # its `since`
    Column("kind", Text, primary_key=True),  # the grouping and its touch
    Column("form", Text, primary_key=True),  # "": all of the account
    Column("account", Text, primary_key=True),
    Column("contents", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

Table(
    # What processes of schema 0027 and before count and read; drop it when no such process can be running.
    "outcome_cells",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("block", Text, primary_key=True),  # its `since`
    Column("kind", Text, primary_key=True),  # the grouping and its touch
    Column("value", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("form", Text, primary_key=True),
    Column("left_out", Text, primary_key=True),  # quarantined, discarded, test, erased; "": the leads count
    Column("stages", Text, primary_key=True),  # the stages they have entered, see sales.reached
    Column("currency", Text, primary_key=True),  # of won opportunities with a value
    Column("leads", Integer, nullable=False),
    Column("delivered", Integer, nullable=False),
    Column("won", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),  # won, in ten-thousandths of the currency
    Column("timed", Integer, nullable=False),  # won at a known time
    Column("to_win_ms", BigInteger, nullable=False),  # for these, the time from arrival
    sqlite_with_rowid=False,
)

costs = Table(
    # The cost of a campaign on one day.
    "costs",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("day", Text, nullable=False),  # 2026-11-24, as the platform's account counts days
    Column("source", Text, nullable=False),  # the platform, or as a plain file writes it
    text_column("account"),  # the account there
    text_column("campaign"),
    text_column("campaign_id"),
    text_column("currency"),  # ISO 4217, "" unknown
    Column("amount", BigInteger, nullable=False),  # in ten-thousandths of the currency
    Column("imported_at", UtcDateTime, nullable=False),
    text_column("operator"),  # the Nexudus account that bears the cost; "": visible only to people who see all accounts
    Index("ix_costs_day_source", "day", "source"),
)

AMOUNT_UNIT = 10_000
"""Fractions of a currency unit in which amounts are stored: sums of whole numbers are exact on every engine."""
