"""Touches. What people do on an alert: the second person, the post, ticked steps, plans; address and phone."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="plans: the steps for a class of alert at these hours",
    )
    op.add_column("alert", sa.Column("pair", sa.String(), server_default="not_needed", nullable=False))
    op.add_column("alert", sa.Column("joined_by", sa.String(), server_default="", nullable=False))
    op.add_column("alert", sa.Column("joined_at", sa.BigInteger(), nullable=True))
    op.add_column("alert", sa.Column("left_by", sa.String(), server_default="", nullable=False))
    op.add_column("alert", sa.Column("ticks", sa.Text(), server_default="[]", nullable=False))
    op.add_column("place", sa.Column("address", sa.Text(), server_default="", nullable=False))
    op.add_column("place", sa.Column("phone", sa.Text(), server_default="", nullable=False))
    op.execute(
        "UPDATE alert SET pair = 'if_confirmed' WHERE open AND life_safety AND alert_class = 'alarm'"
        " AND verification <> 'confirmed'"
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
