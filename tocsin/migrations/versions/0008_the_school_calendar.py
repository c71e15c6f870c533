"""Touches. the school calendar, and what a schedule withholds."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column(
            "what",
            sa.String(length=16),
            nullable=False,
            comment="term | exam | holiday | workday | event | complete",
        ),
        sa.Column("first", sa.String(length=10), nullable=False),
        sa.Column("last", sa.String(length=10), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="the school calendar: days as YYYY-MM-DD, both included (last empty: one day)",
    )
    op.create_table(
        "hours",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False, comment="JSON: spans such as 22:00-06:00"),
        sa.Column("days", sa.Text(), nullable=False, comment="JSON: kinds of day; none: every day"),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="hours that the campus has a name for",
    )
    op.add_column(
        "rule_memory",
        sa.Column(
            "withheld",
            sa.String(length=8),
            server_default="",
            nullable=False,
            comment="what it would say were its schedule on: yes | unknown",
        ),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
