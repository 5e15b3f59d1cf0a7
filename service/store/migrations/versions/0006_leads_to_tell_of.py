"""Leads whose recipients are still to be notified.

Safe while processes of the previous version run: leads that they store are not notified, nor are those stored before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("leads", sa.Column("untold", sa.Boolean(), nullable=True))
    is_pending = sa.text("untold IS NOT NULL")
    op.create_index(
        "ix_leads_untold",
        "leads",
        ["form", "status", "id"],
        sqlite_where=is_pending,
        postgresql_where=is_pending,
    )
