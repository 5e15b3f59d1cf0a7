"""Undo records, imports from the dashboard, indexes for sorting the list.

Safe while the previous version runs.
"""

import sqlalchemy as sa
from alembic import op

from service.store.database.columns import Json, UtcDateTime

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "undo_records",
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text()),
        sa.Column("due_at", UtcDateTime()),
        sa.Column("tries", sa.Integer()),
        sa.Column("trigger", sa.Text()),
        sa.Column("priority", sa.Integer()),
        sa.Column("notice", Json()),
        sa.PrimaryKeyConstraint("lead_id", name="pk_undo_records"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "import_jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), server_default="", nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("done", sa.Float(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("result", Json(), nullable=False),
        sa.Column("contents", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_import_jobs"),
    )
    op.create_index("ix_undo_records_action_id", "undo_records", ["action_id"])
    op.create_index("ix_undo_records_action_action_id", "undo_records", ["action", "action_id"])
    for name, column in (("name", "full_name"), ("company", "company")):
        has_one = sa.text(f"{column} <> ''")
        columns = [sa.text(f"lower({column})"), sa.text("id")]
        op.create_index(f"ix_leads_{name}", "leads", columns, sqlite_where=has_one, postgresql_where=has_one)
    op.create_index("ix_sales_status", "sales", ["status", "lead_id"])
    for column in ("value", "won_at"):
        has_one = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_sales_{column}", "sales", [column, "lead_id"], sqlite_where=has_one, postgresql_where=has_one
        )
