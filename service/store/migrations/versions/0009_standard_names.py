"""Standard names for tables and columns.

Web processes of the previous version go on taking leads: no column that a new lead is written to is renamed. Their
dashboard and workers of the previous version get errors until they are restarted; waiting leads are delivered
afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (("concerns", "alerts"), ("holds", "call_pauses"), ("ledgers", "crm_reads"))

COLUMNS = (
    ("deliveries", "doubt_step", "unknown_step"),
    ("deliveries", "doubt_at", "unknown_since"),
    ("deliveries", "looks", "verify_count"),
    ("deliveries", "waits_for", "blocked_by"),
    ("deliveries", "sent", "request_body"),
    ("accounts", "pauses", "pause_streak"),
    ("call_pauses", "what", "call"),
    ("call_pauses", "times", "streak"),
    ("alerts", "times", "occurrences"),
    ("alerts", "told_at", "notified_at"),
    ("alerts", "told", "notified_count"),
    ("alerts", "over_at", "resolved_at"),
    ("connections", "rests_until", "paused_until"),
    ("connections", "rests", "pause_streak"),
    ("connections", "ends_at", "expires_at"),
    ("connections", "looked_at", "checked_at"),
    ("sales", "gone_at", "missing_since"),
    ("sales", "excused_at", "acknowledged_at"),
    ("reconciliations", "told", "result"),
)


def upgrade() -> None:
    """Apply."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for old, new in TABLES:
        op.rename_table(old, new)
        if is_postgresql:  # SQLite's constraints take the name from the table's own definition
            op.execute(f"ALTER TABLE {new} RENAME CONSTRAINT pk_{old} TO pk_{new}")
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    op.drop_index("ix_deliveries_waits_for", "deliveries")
    is_blocked = sa.text("blocked_by IS NOT NULL")
    op.create_index(
        "ix_deliveries_blocked_by",
        "deliveries",
        ["account", "blocked_by", "priority", "due_at"],
        sqlite_where=is_blocked,
        postgresql_where=is_blocked,
    )
