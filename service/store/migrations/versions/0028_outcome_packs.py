"""Leads added up in packs, for reports of outcomes and of attribution.

Safe while processes of the previous version run: a block that one of them counts has no `packs_version` of that count,
and is counted once more; of a block that this version has counted they read the leads themselves.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

NOTE = """
INSERT INTO outcome_changes (since) SELECT since FROM outcome_blocks
WHERE level = 1 AND until > NEW.id
AND since = (SELECT max(since) FROM outcome_blocks WHERE level = 1 AND since <= NEW.id);
"""

WATCHED = ("rule", "utm_content", "utm_term", "codes")
"""Columns of leads that the report of attribution reads; the others are watched already."""


def upgrade() -> None:
    """Apply."""
    # Blocks are made again, smaller ones. First, as nobody waits for it.
    op.execute("DELETE FROM outcome_cells")
    op.execute("DELETE FROM outcome_blocks")
    op.execute("DELETE FROM outcome_changes")
    op.execute("DELETE FROM answer_cells")
    op.add_column("outcome_blocks", sa.Column("packs_version", sa.Integer()))
    keys = ("block", "kind", "form", "account")
    op.create_table(
        "outcome_packs",
        sa.Column("level", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in keys),
        sa.Column("contents", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", *keys, name="pk_outcome_packs"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        old, new = (", ".join(f"{row}.{column}" for column in WATCHED) for row in ("OLD", "NEW"))
        body = f"BEGIN {NOTE} RETURN NULL; END"
        op.execute(f"CREATE FUNCTION leads_tags_changed() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        op.execute(
            f"CREATE TRIGGER leads_tags_changed AFTER UPDATE OF {', '.join(WATCHED)} ON leads FOR EACH ROW"
            f" WHEN (ROW({old}) IS DISTINCT FROM ROW({new})) EXECUTE FUNCTION leads_tags_changed()"
        )
    else:
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in WATCHED)
        op.execute(
            f"CREATE TRIGGER leads_tags_changed AFTER UPDATE OF {', '.join(WATCHED)} ON leads WHEN {changed}"
            f" BEGIN {NOTE} END"
        )
