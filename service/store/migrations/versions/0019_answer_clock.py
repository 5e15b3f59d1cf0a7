"""The answer clock, and owners in turn. Safe while the previous version runs: it starts no clock and gives no turn."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "answer_clocks",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("escalate_at", sa.BigInteger()),
        sa.Column("step", sa.Text(), nullable=False, server_default=""),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("waiting_since", sa.BigInteger()),
        sa.Column("reminded_at", sa.BigInteger()),
        sa.Column("escalated_at", sa.BigInteger()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("how", sa.Text(), nullable=False, server_default=""),
        sa.Column("working_s", sa.Integer()),
        sa.PrimaryKeyConstraint("lead_id", name="pk_answer_clocks"),
        sqlite_with_rowid=False,
    )
    for name, columns, condition in (
        ("ix_answer_clocks_next", ["step", "form", "next_at"], "next_at IS NOT NULL"),
        ("ix_answer_clocks_waiting", ["waiting_since", "due_at"], "waiting_since IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "answer_clocks", columns, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "owner_turns",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", name="pk_owner_turns"),
    )
    op.create_table(
        "turn_order",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "email", name="pk_turn_order"),
    )
    op.add_column("sales", sa.Column("responsible_id", sa.BigInteger()))
