"""The record of acts, which triggers protect. Safe while the previous version runs: it records none."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

STAY = (*("id", "at", "who", "act", "kind", "subject", "account", "before", "after", "origin", "words_hash", "hash"),)
"""Columns that never change; personal words and their salt may become NULL, together."""

REFUSAL = "the record of acts is append-only"

REFUSE_IN_SQLITE = f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"

REFUSE_IN_POSTGRESQL = " EXECUTE FUNCTION acts_refuse()"

FUNCTION = f"""
CREATE FUNCTION acts_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "acts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("who", "act", "kind")),
        *(_text(name) for name in ("subject", "account")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("before", "after")),
        _text("origin"),
        sa.Column("words", sa.Text()),
        sa.Column("salt", sa.Text()),
        _text("words_hash"),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acts"),
    )
    for name, columns in (
        ("ix_acts_at", ["at", "id"]),
        ("ix_acts_account", ["account", "at", "id"]),
        ("ix_acts_who", ["who", "at", "id"]),
        ("ix_acts_subject", ["subject"]),
    ):
        op.create_index(name, "acts", columns)
    if op.get_bind().dialect.name == "sqlite":
        _keep_in_sqlite()
    else:
        _keep_in_postgresql()


def _keep_in_sqlite() -> None:
    op.execute(f"CREATE TRIGGER acts_stay BEFORE UPDATE ON acts WHEN {_differs('IS NOT')}{REFUSE_IN_SQLITE}")
    op.execute(f"CREATE TRIGGER acts_kept BEFORE DELETE ON acts{REFUSE_IN_SQLITE}")
    known = "EXISTS (SELECT 1 FROM acts WHERE id = NEW.id)"  # INSERT OR REPLACE deletes without a trigger
    op.execute(f"CREATE TRIGGER acts_once BEFORE INSERT ON acts WHEN {known}{REFUSE_IN_SQLITE}")


def _keep_in_postgresql() -> None:
    op.execute(FUNCTION)
    changed = f"FOR EACH ROW WHEN ({_differs('IS DISTINCT FROM')})"
    op.execute(f"CREATE TRIGGER acts_stay BEFORE UPDATE ON acts {changed}{REFUSE_IN_POSTGRESQL}")
    op.execute(f"CREATE TRIGGER acts_kept BEFORE DELETE ON acts FOR EACH ROW{REFUSE_IN_POSTGRESQL}")
    op.execute(f"CREATE TRIGGER acts_whole BEFORE TRUNCATE ON acts FOR EACH STATEMENT{REFUSE_IN_POSTGRESQL}")


def _differs(operator: str) -> str:
    """Return a condition: the update does anything but erase personal words with their salt."""
    changed = [f"OLD.{name} {operator} NEW.{name}" for name in STAY]
    return " OR ".join([*changed, "NEW.words IS NOT NULL", "NEW.salt IS NOT NULL"])


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)
