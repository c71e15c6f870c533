"""Touches. What rules in shadow would have raised."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_shadow",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=8), nullable=False, comment="of the rule"),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False, comment="ms: when it would have been raised"),
        sa.Column(
            "until", sa.BigInteger(), nullable=True, comment="ms: when it no longer held; empty while it does"
        ),
        sa.Column(
            "said", sa.Text(), nullable=False, comment="the readings, and what they were compared with"
        ),
        sa.Column(
            "suppressed", sa.String(length=64), nullable=False, comment="the rule that would have hidden it"
        ),
        sa.PrimaryKeyConstraint("id"),
        comment="what rules in shadow would have raised: told to nobody; the last 2,000 of each rule",
    )
    op.create_index(op.f("ix_rule_shadow_rule"), "rule_shadow", ["rule"], unique=False)
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column(
            "rule_change",
            "what",
            existing_type=sa.String(length=8),
            existing_nullable=False,
            existing_comment="added | changed | removed",
            comment="added | changed | removed | promoted",
        )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
