"""Touches. The delivery ledger is answered from indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "notification_ledger",
        "notification",
        ["owed_at", "person", "channel", "purpose", "state", "attempts", "id"],
        unique=False,
    )
    op.create_index(
        "notification_stamp_proof",
        "notification_stamp",
        ["notification", "state", "at"],
        unique=False,
        sqlite_where=sa.text("state IN ('delivered', 'read', 'answered')"),
        postgresql_where=sa.text("state IN ('delivered', 'read', 'answered')"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
