"""An index of leads by account, and the account of campaign costs. Safe while the previous version runs."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_leads_account_id", "leads", ["account", "id"])
    op.add_column("costs", sa.Column("operator", sa.Text(), server_default="", nullable=False))
