"""Touches. The weekly device-health report and its letters."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "health_week",
        sa.Column(
            "due_at", sa.BigInteger(), autoincrement=False, nullable=False, comment="when it is to be made"
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=True, comment="when it was; null while it is planned"),
        sa.Column("findings", sa.Text(), nullable=False, comment="JSON: device and what was found about it"),
        sa.PrimaryKeyConstraint("due_at"),
        comment="weekly device-health reports: the next one planned, and what the past ones found",
    )
    op.create_table(
        "health_letter",
        sa.Column(
            "week", sa.BigInteger(), autoincrement=False, nullable=False, comment="due_at of its report"
        ),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column(
            "scope",
            sa.String(length=8),
            nullable=False,
            comment="campus, or own: the devices the person owns",
        ),
        sa.Column(
            "state",
            sa.String(length=12),
            nullable=False,
            comment="queued, sent, failed, no_address or replaced",
        ),
        sa.Column("owed_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "due_at",
            sa.BigInteger(),
            nullable=True,
            comment="when it is tried next; null when nothing more is owed",
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False, comment="the last failure, in words"),
        sa.PrimaryKeyConstraint("week", "person", "scope"),
        comment="who was sent the weekly device-health report, and with what outcome",
    )
    op.create_index("health_letter_due", "health_letter", ["due_at"])
