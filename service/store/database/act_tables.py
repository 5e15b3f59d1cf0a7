"""The table of the record of acts."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from service.store.database.columns import Json, UtcDateTime
from service.store.database.tables import metadata, text_column

acts = Table(
    # Acts. Triggers refuse every change but the erasure of personal words: see acts/recording.py.
    "acts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),  # its place
    Column("at", UtcDateTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("kind", Text, nullable=False),  # of the subject
    text_column("subject"),  # its id
    text_column("account"),  # "": visible only to people who see all accounts; several are separated by U+001F
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    text_column("origin"),
    Column("words", Json),  # members of before and after that may be erased; NULL: none, or erased
    Column("salt", Text),
    text_column("words_hash"),  # of the salt and the words; "": there were none
    Column("hash", Text, nullable=False),
    Index("ix_acts_at", "at", "id"),
    Index("ix_acts_account", "account", "at", "id"),
    Index("ix_acts_who", "who", "at", "id"),
    Index("ix_acts_subject", "subject"),
)
