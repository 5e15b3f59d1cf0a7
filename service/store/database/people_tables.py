"""The tables of people and their means of access: passwords, second steps, passkeys, providers, API keys."""

from sqlalchemy import BigInteger, Column, Index, Table, Text, UniqueConstraint

from service.store.database.columns import Json, UtcDateTime
from service.store.database.tables import metadata, text_column

people = Table(
    # Who may sign in to the dashboard.
    "people",
    metadata,
    Column("id", Text, primary_key=True),  # 32 hexadecimal digits
    Column("email", Text, nullable=False),  # folded
    text_column("name"),
    Column("role", Text, nullable=False),
    Column("accounts", Json),  # names; NULL: all
    text_column("password_hash"),  # "": cannot sign in by password yet
    Column("link_digest", Text),  # of the one valid link that sets a password; NULL: none
    Column("link_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("signed_in_at", UtcDateTime),  # the last sign-in
    Column("disabled_at", UtcDateTime),  # NULL: may sign in
    Index("ix_people_email", "email", unique=True),
)

api_keys = Table(
    # The API keys of programs.
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
    # Names are unique among the keys that one maker can see: others' keys must not show through a clash.
    UniqueConstraint("name", "accounts", name="uq_api_keys_name_accounts"),
    sqlite_with_rowid=False,
)

second_steps = Table(
    # The app whose codes a person enters after the password.
    "second_steps",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("tokens", Json),  # its seed, encrypted; NULL: the encryption key was lost
    Column("begun_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),  # NULL: no code was entered yet, and none is required
    Column("used_step", BigInteger, nullable=False, default=0, server_default="0"),  # 30 s since 1970, of the last code
    sqlite_with_rowid=False,
)

recovery_codes = Table(
    # Recovery codes for a person whose app is lost; each works once.
    "recovery_codes",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("person_id", Text, nullable=False, index=True),
    sqlite_with_rowid=False,
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Text, primary_key=True),  # as the authenticator named it, in base64url
    Column("person_id", Text, nullable=False, index=True),
    Column("public_key", Text, nullable=False),  # base64url
    Column("sign_count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    sqlite_with_rowid=False,
)

identities = Table(
    # A person's identity at a provider.
    "identities",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person_id", Text, nullable=False, index=True),
    Column("linked_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)
