"""An index of leads by campaign. Safe while the previous version runs."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE INDEX ix_leads_campaign_id ON leads (utm_campaign, id) WHERE utm_campaign != ''")
