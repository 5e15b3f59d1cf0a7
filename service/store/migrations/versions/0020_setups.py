"""Versions of the set-up, and the version of each lead. Safe while the previous version runs: its leads have none."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "setups",
        sa.Column("version", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("published_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_setups"),
    )
    op.add_column("leads", sa.Column("setup_version", sa.Integer()))
