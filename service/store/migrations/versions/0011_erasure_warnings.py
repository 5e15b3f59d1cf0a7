"""Warnings before parked leads are erased, and an index of unreadable bodies.

Safe while the previous version runs.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "erasure_warnings",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("warned_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name="pk_erasure_warnings"),
    )
    has_raw = sa.text("raw IS NOT NULL")
    op.create_index("ix_leads_raw", "leads", ["id"], sqlite_where=has_raw, postgresql_where=has_raw)
