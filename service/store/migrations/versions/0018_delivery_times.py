"""Delivery times of each day's leads, for exact medians. Safe while the previous version runs.

Days counted before have no times, and are counted again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "delivery_times",
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("form", "day", name="pk_delivery_times"),
    )
    op.create_index("ix_delivery_times_day", "delivery_times", ["day"])
