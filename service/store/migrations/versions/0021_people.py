"""People, and the person of each session. Safe while the previous version runs: it knows only the administrator."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, server_default=""),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("accounts", sa.Text()),
        sa.Column("password_hash", sa.Text(), nullable=False, server_default=""),
        sa.Column("link_digest", sa.Text()),
        sa.Column("link_until", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("signed_in_at", sa.BigInteger()),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )
    op.create_index("ix_people_email", "people", ["email"], unique=True)
    op.add_column("sessions", sa.Column("person_id", sa.Text()))
    op.add_column("sessions", sa.Column("browser", sa.Text(), nullable=False, server_default=""))
