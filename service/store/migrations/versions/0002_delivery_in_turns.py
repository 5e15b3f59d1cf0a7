"""Lanes of deliveries by form and priority, pauses of kinds of calls, alerts, corrections.

Safe while processes of the previous version run: everything new has a default.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NEXT = "state = 'owed' AND claimed_by IS NULL AND waits_for IS NULL"


def upgrade() -> None:
    """Apply."""
    op.add_column("deliveries", sa.Column("form", sa.Text(), server_default="", nullable=False))
    op.add_column("deliveries", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.add_column("deliveries", sa.Column("waits_for", sa.Text(), nullable=True))
    op.execute("UPDATE deliveries SET form = (SELECT form FROM leads WHERE leads.id = lead_id) WHERE state = 'owed'")
    op.drop_index("ix_deliveries_owed", "deliveries")
    op.create_index(
        "ix_deliveries_next",
        "deliveries",
        ["account", "priority", "form", "due_at"],
        sqlite_where=sa.text(_NEXT),
        postgresql_where=sa.text(_NEXT),
    )
    op.create_index(
        "ix_deliveries_waits_for",
        "deliveries",
        ["account", "waits_for", "priority", "due_at"],
        sqlite_where=sa.text("waits_for IS NOT NULL"),
        postgresql_where=sa.text("waits_for IS NOT NULL"),
    )
    op.add_column("accounts", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("accounts", sa.Column("failing_since", sa.BigInteger(), nullable=True))
    op.create_table(
        "holds",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("times", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", "what", name="pk_holds"),
    )
    op.create_table(
        "concerns",
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("over_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("cause", name="pk_concerns"),
    )
    op.add_column("leads", sa.Column("corrections", sa.Text(), nullable=True))
