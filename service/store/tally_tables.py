"""The tables of the leads counted by day: see tally.py."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from service.store.tables import UtcDateTime, metadata

count_days = Table(
    # The days of which leads are counted, see tally.py. A trigger watches those that are over.
    "count_days",
    metadata,
    Column("since", Text, primary_key=True),  # no lead of the day has a smaller id
    Column(
        "until", Text, nullable=False, default="", server_default=""
    ),  # nor an id that is not smaller; "" while the day goes on
    Column("day", Text, nullable=False),  # as the operator's calendar calls it: 2026-11-24
    Column("counted_at", UtcDateTime),  # NULL: not yet
)

count_changes = Table(
    # Written by the trigger: something about a day that is over has changed, so that it must be counted again.
    "count_changes",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("since", Text, nullable=False, index=True),
)

daily_counts = Table(
    # How many leads of a day and form have something in common.
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
