"""The table of the people who may sign in to the dashboard."""

from sqlalchemy import Column, Index, Table, Text

from service.store.database.columns import Json, UtcDateTime
from service.store.database.tables import metadata, text_column

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),  # 32 hexadecimal digits
    Column("email", Text, nullable=False),  # folded
    text_column("name"),
    Column("role", Text, nullable=False),
    Column("accounts", Json),  # names; NULL: all
    text_column("password_hash"),  # "": cannot sign in by password yet
    Column("link_digest", Text),  # of the one link, an invitation or a reset, that still sets a password; NULL: none
    Column("link_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("signed_in_at", UtcDateTime),  # for the last time
    Column("disabled_at", UtcDateTime),  # NULL: may sign in
    Index("ix_people_email", "email", unique=True),
)
