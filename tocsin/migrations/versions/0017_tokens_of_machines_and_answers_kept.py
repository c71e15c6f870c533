"""Touches. tokens of machines and answers kept."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answered",
        sa.Column(
            "key",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of who asked and their idempotency key",
        ),
        sa.Column(
            "request", sa.String(length=64), nullable=False, comment="SHA-256 of method, path and body"
        ),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        comment="what was answered to acts with an idempotency key, for a day",
    )
    op.create_index(op.f("ix_answered_moment"), "answered", ["moment"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False, comment="what the machine is called"),
        sa.Column(
            "token", sa.String(length=64), nullable=False, comment="SHA-256 of the token, kept nowhere"
        ),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(), nullable=False, comment="JSON: place ids; none: everywhere"),
        sa.Column(
            "person", sa.String(length=64), nullable=False, comment="in whose name it acts; empty: in its own"
        ),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True, comment="to the minute"),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.UniqueConstraint("token"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
