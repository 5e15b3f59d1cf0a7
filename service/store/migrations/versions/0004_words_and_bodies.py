"""The word index of leads, the bodies sent to the CRM, sessions of the dashboard.

Safe while processes of the previous version run: leads that they take are found by reading them, as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("deliveries", sa.Column("sent", sa.Text(), nullable=True))
    by_bytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "lead_words",
        sa.Column("word", by_bytes, nullable=False),
        sa.Column("lead_id", by_bytes, nullable=False),
        sa.PrimaryKeyConstraint("word", "lead_id", name="pk_lead_words"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
