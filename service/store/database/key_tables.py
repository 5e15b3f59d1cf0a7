"""The table of keys: what programs call the API with."""

from sqlalchemy import Column, Table, Text, UniqueConstraint

from service.store.database.columns import UtcDateTime
from service.store.database.tables import metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of the token, which is stored nowhere
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # separated by spaces
    Column("accounts", Text, nullable=False),  # a sorted JSON list; "all"
    Column("made_at", UtcDateTime, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    # A maker learns of no key that it does not see: those of the same accounts it sees.
    UniqueConstraint("name", "accounts", name="uq_api_keys_name_accounts"),
    sqlite_with_rowid=False,
)
