"""The last look at each account of the CRM. Safe while the previous version runs: it does not look."""

import sqlalchemy as sa
from alembic import op

from service.store.database.columns import Json, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "crm_looks",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False, server_default=""),
        sa.Column("looked_at", UtcDateTime()),
        sa.Column("requested_at", UtcDateTime()),
        sa.Column("claimed_at", UtcDateTime()),
        sa.Column("problem", sa.Text(), nullable=False, server_default=""),
        sa.Column("contents", Json(), nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_crm_looks"),
    )
