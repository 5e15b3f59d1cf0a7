"""PostgreSQL's indexes of names and companies contain the texts, too: a walk along them reads no lead.

Safe while the previous version runs.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for order, column in (("name", "full_name"), ("company", "company")):
        op.execute(f"DROP INDEX ix_leads_{order}")
        op.execute(
            f"CREATE INDEX ix_leads_{order} ON leads (lower({column}), id) INCLUDE ({column}) WHERE {column} != ''"
        )
