"""The table of the set-up that is kept in the database."""

from sqlalchemy import Column, Integer, Table, Text

from service.store.database.columns import UtcDateTime
from service.store.database.tables import metadata, text_column

setups = Table(
    # Versions of one TOML document; the newest is in force.
    "setups",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("toml", Text, nullable=False),
    text_column("note"),
    text_column("published_by"),  # as the record of acts names people
    Column("published_at", UtcDateTime, nullable=False),
)
