"""Touches. What became of each notification."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notification_stamp",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("notification", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="every change of state of a notification, in order; never changed",
    )
    op.create_index("notification_stamp_of", "notification_stamp", ["notification", "id"], unique=False)
    op.add_column("notification", sa.Column("patience", sa.Integer(), server_default="0", nullable=False))
    op.add_column("notification", sa.Column("next_at", sa.BigInteger(), nullable=True))
    op.add_column("notification", sa.Column("ask_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "notification_ask",
        "notification",
        ["channel", "ask_at"],
        unique=False,
        sqlite_where=sa.text("ask_at IS NOT NULL"),
        postgresql_where=sa.text("ask_at IS NOT NULL"),
    )
    op.create_index(
        "notification_next",
        "notification",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
