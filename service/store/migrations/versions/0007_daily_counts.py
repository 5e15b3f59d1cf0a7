"""Counts of leads by day and shared value, for charts, and triggers that note changed days.

Safe while processes of the previous version run: the triggers note their changes as well.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COUNTED = "form, status, delivered_at, channel, utm_source, utm_medium, utm_campaign, rule, codes, fields"

NOTE = """
INSERT INTO count_changes (since)
SELECT since FROM count_days
WHERE since = (SELECT max(since) FROM count_days WHERE since <= NEW.id) AND until > NEW.id;
"""
"""The present day has no end yet and is counted again anyway, so that taking leads writes nothing here."""

NOTES = (
    ("kept", "INSERT", NOTE),
    ("changed", f"UPDATE OF {COUNTED}", NOTE),
    ("gone", "DELETE", NOTE.replace("NEW.", "OLD.")),
)
"""Trigger, event, action."""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "count_days",
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), server_default="", nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("since", name="pk_count_days"),
    )
    op.create_table(
        "count_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_count_changes"),
    )
    op.create_index("ix_count_changes_since", "count_changes", ["since"])
    op.create_table(
        "daily_counts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("leads", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "form", "day", "value", name="pk_daily_counts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_daily_counts_day", "daily_counts", ["day"])
    if op.get_bind().dialect.name == "postgresql":
        for name, event, note in NOTES:
            body = f"BEGIN {note} RETURN NULL; END"
            op.execute(f"CREATE FUNCTION leads_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
            trigger = f"CREATE TRIGGER leads_{name} AFTER {event} ON leads"
            op.execute(f"{trigger} FOR EACH ROW EXECUTE FUNCTION leads_{name}()")
    else:
        for name, event, note in NOTES:
            op.execute(f"CREATE TRIGGER leads_{name} AFTER {event} ON leads BEGIN {note} END")
