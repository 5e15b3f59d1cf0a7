"""Outcomes of leads for reports: their visits, both touches, stages reached, counts of blocks, costs.

Safe while processes of the previous version run: columns that they do not write are filled in afterwards, and triggers
maintain the stages and note changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

NOTE = """
INSERT INTO outcome_changes (since) SELECT since FROM outcome_blocks
WHERE level = 1 AND until > {id}
AND since = (SELECT max(since) FROM outcome_blocks WHERE level = 1 AND since <= {id});
"""
"""Leads that arrive belong to no block yet: for them it writes nothing."""

REACH = """
UPDATE sales SET reached = coalesce({stages}, '') WHERE lead_id = {id};
"""

STAGES = {
    "sqlite": "(SELECT group_concat(name, char(31)) FROM (SELECT DISTINCT name FROM sale_changes"
    " WHERE lead_id = {id} AND kind = 'stage' ORDER BY name))",
    "postgresql": '(SELECT string_agg(name, chr(31) ORDER BY name COLLATE "C") FROM (SELECT DISTINCT name'
    " FROM sale_changes WHERE lead_id = {id} AND kind = 'stage') AS stages)",
}
"""The stages that a lead has entered, in alphabetical order."""

OF_LEADS = (
    *("form", "account", "status", "delivered_at", "utm_source", "utm_medium", "utm_campaign"),
    *("channel", "lead_source", "origin", "landing_page", "location"),
)
OF_SALES = ("status", "value", "currency", "won_at", "reached")
OF_TOUCHES = ("utm_source", "utm_medium", "utm_campaign", "channel", "lead_source", "origin", "landing_page")

WATCHED = (
    ("leads", "id", OF_LEADS),
    ("sales", "lead_id", OF_SALES),
    ("lead_touches", "lead_id", OF_TOUCHES),
)
"""Table, its column of the lead, the columns that reports read."""


def upgrade() -> None:
    """Apply."""
    _add_columns()
    _create_tables()
    dialect = op.get_bind().dialect.name
    stages = STAGES[dialect]
    op.execute(REACH.format(stages=stages.format(id="sales.lead_id"), id="sales.lead_id"))
    reach = REACH.format(stages=stages, id="{id}")
    for table, column, columns in WATCHED:
        reached = reach if table == "sales" else ""
        _trigger(f"{table}_outcome_kept", "INSERT", table, (reached + NOTE).format(id=f"NEW.{column}"))
        _trigger(f"{table}_outcome_changed", "UPDATE", table, NOTE.format(id=f"NEW.{column}"), columns)
        _trigger(f"{table}_outcome_gone", "DELETE", table, NOTE.format(id=f"OLD.{column}"))
    _trigger("sale_changes_kept", "INSERT", "sale_changes", reach.format(id="NEW.lead_id"))
    _trigger("sale_changes_changed", "UPDATE", "sale_changes", reach.format(id="NEW.lead_id"), ("kind", "name"))
    _trigger("sale_changes_gone", "DELETE", "sale_changes", reach.format(id="OLD.lead_id"))


def _add_columns() -> None:
    for name in ("origin", "landing_page", "location"):
        op.add_column("leads", sa.Column(name, sa.Text()))
    is_unread = sa.text("landing_page IS NULL")
    op.create_index("ix_leads_unread", "leads", ["id"], sqlite_where=is_unread, postgresql_where=is_unread)
    op.add_column("sales", sa.Column("reached", sa.Text(), server_default="", nullable=False))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _create_tables() -> None:
    op.create_table(
        "lead_touches",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("lead_id", "touch")),
        *(_text(name) for name in ("utm_source", "utm_medium", "utm_campaign", "channel")),
        sa.Column("lead_source", sa.Integer(), nullable=False),
        *(_text(name) for name in ("origin", "landing_page")),
        sa.PrimaryKeyConstraint("lead_id", "touch", name="pk_lead_touches"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outcome_blocks",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("is_counted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("level", "since", name="pk_outcome_blocks"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outcome_changes",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outcome_changes"),
    )
    op.create_index("ix_outcome_changes_since", "outcome_changes", ["since"])
    keys = ("block", "kind", "value", "account", "form", "left_out", "stages", "currency")
    op.create_table(
        "outcome_cells",
        sa.Column("level", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in keys),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("leads", "delivered", "won", "lost")),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("timed", sa.Integer(), nullable=False),
        sa.Column("to_win_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("level", *keys, name="pk_outcome_cells"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "costs",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        *(_text(name) for name in ("account", "campaign", "campaign_id", "currency")),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_costs"),
    )
    op.create_index("ix_costs_day_source", "costs", ["day", "source"])


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
