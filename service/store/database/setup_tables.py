"""The tables of what people set up in the dashboard: versions of the set-up, secrets, requests to workers, channels."""

from sqlalchemy import Column, Index, Integer, Table, Text

from service.store.database.columns import Json, UtcDateTime
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

secrets = Table(
    # Secrets that the set-up and alert channels refer to. A changed secret gets another name: no row's value changes.
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Json, key="tokens"),  # {"text": encrypted}; NULL: given up after its key was lost
    text_column("made_by"),
    Column("made_at", UtcDateTime, nullable=False),
)

worker_requests = Table(
    # Requests of people at the dashboard to a worker, and the answers. Neither holds a secret.
    "worker_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("account", Text),  # whose request; NULL: of the whole installation
    Column("details", Json, nullable=False),
    text_column("requested_by"),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("claimed_by", Text),
    Column("lease_until", UtcDateTime),
    Column("answered_at", UtcDateTime),
    Column("answer", Json),
)
Index(
    "ix_worker_requests_open",
    worker_requests.c.requested_at,
    sqlite_where=worker_requests.c.answered_at.is_(None),
)

alert_channels = Table(
    # Alert channels besides ALERT_URLS.
    "alert_channels",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account", Text),  # whose alerts; NULL: all
    Column("name", Text, nullable=False),
    text_column("service"),  # "slack", "mailto" ...
    Column("secret", Text, nullable=False),  # name of the secret that holds its address
    text_column("made_by"),
    Column("made_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),  # time of the last message, accepted or not
    text_column("failure"),  # why it was not accepted
)
