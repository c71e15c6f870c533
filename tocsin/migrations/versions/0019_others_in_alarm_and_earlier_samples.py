"""Touches. others in alarm and earlier samples."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pending", sa.Column("crowd", sa.Text(), server_default="", nullable=False))
    op.add_column("quarantine", sa.Column("earlier", sa.LargeBinary(), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
