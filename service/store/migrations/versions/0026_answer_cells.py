"""Answers counted in blocks, for reports of answers.

Safe while processes of the previous version run: a block that one of them counts has no `answers_version` of that
count, and is counted once more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NOTE = """
INSERT INTO outcome_changes (since) SELECT since FROM outcome_blocks
WHERE level = 1 AND until > {id}
AND since = (SELECT max(since) FROM outcome_blocks WHERE level = 1 AND since <= {id});
"""
"""Leads that arrive belong to no block yet: for them it writes nothing."""

WATCHED = (
    ("answer_clocks", ("account", "form", "started_at", "due_at", "answered_at", "working_s")),
    ("owner_turns", ("email",)),
)
"""Table, the columns that reports of answers read."""


def upgrade() -> None:
    """Apply."""
    op.add_column("outcome_blocks", sa.Column("answers_version", sa.Integer()))
    keys = ("block", "account", "form", "owner")
    op.create_table(
        "answer_cells",
        sa.Column("level", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in keys),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("leads", "answered", "due", "in_time")),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("open", "elapsed", "working")),
        sa.PrimaryKeyConstraint("level", *keys, name="pk_answer_cells"),
        sqlite_with_rowid=False,
    )
    for table, columns in WATCHED:
        _trigger(f"{table}_outcome_kept", "INSERT", table, NOTE.format(id="NEW.lead_id"))
        _trigger(f"{table}_outcome_changed", "UPDATE", table, NOTE.format(id="NEW.lead_id"), columns)
        _trigger(f"{table}_outcome_gone", "DELETE", table, NOTE.format(id="OLD.lead_id"))


def _trigger(name: str, event: str, table: str, body: str, columns: tuple[str, ...] = ()) -> None:
    """Create a trigger. columns: an update that leaves them unchanged does not count."""
    of = f" OF {', '.join(columns)}" if columns else ""
    if op.get_bind().dialect.name == "postgresql":
        old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
        when = f" WHEN (ROW({old}) IS DISTINCT FROM ROW({new}))" if columns else ""
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$")
        op.execute(f"CREATE TRIGGER {name} AFTER {event}{of} ON {table} FOR EACH ROW{when} EXECUTE FUNCTION {name}()")
    else:
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
        when = f" WHEN {changed}" if columns else ""
        op.execute(f"CREATE TRIGGER {name} AFTER {event}{of} ON {table}{when} BEGIN {body} END")
