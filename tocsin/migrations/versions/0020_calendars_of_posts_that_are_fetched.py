"""Touches. Calendars of posts that are fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "post_calendar",
        sa.Column("post", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("ics", sa.Text(), nullable=False),
        sa.Column("good_at", sa.BigInteger(), nullable=True),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("post"),
        comment="calendars of posts as they were fetched: the last good one of each",
    )
    op.add_column("post", sa.Column("calendar", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
