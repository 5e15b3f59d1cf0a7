"""Totals of workers' deliveries, for /metrics. Safe while the previous version runs."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "delivery_counts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("total", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("account", "form", "what", name="pk_delivery_counts"),
    )
    for column in (sa.Column("cpu_s", sa.Float()), sa.Column("memory_bytes", sa.BigInteger())):
        op.add_column("workers", column)
    op.add_column("workers", sa.Column("open_files", sa.Integer()))
