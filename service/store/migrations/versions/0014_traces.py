"""The request that brought a lead, and its trace, stored with its delivery. Safe while the previous version runs."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for table in ("deliveries", "notices"):
        op.add_column(table, sa.Column("request_id", sa.Text()))
        op.add_column(table, sa.Column("traceparent", sa.Text()))
