"""Touches. What the rules were, and who changed them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("moment", sa.BigInteger(), nullable=False, comment="ms: when it came into force"),
        sa.Column(
            "loaded", sa.String(length=8), nullable=False, comment="version of the whole set from then on"
        ),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False, comment="added | changed | removed"),
        sa.Column("version", sa.String(length=8), nullable=False, comment="of the rule; empty when removed"),
        sa.Column(
            "former", sa.String(length=8), nullable=False, comment="its version before; empty when added"
        ),
        sa.Column("difference", sa.Text(), nullable=False, comment="JSON: key, old and new value"),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON: the whole rule as it reads now"),
        sa.Column("source", sa.Text(), nullable=False, comment="file:line"),
        sa.Column("changed_by", sa.Text(), nullable=False, comment="as the file states; empty: not stated"),
        sa.Column("reason", sa.Text(), nullable=False, comment="as the file states; empty: not stated"),
        sa.PrimaryKeyConstraint("id"),
        comment="every change of a rule that came into force",
    )
    op.create_index(op.f("ix_rule_change_rule"), "rule_change", ["rule"], unique=False)
    op.create_table(
        "rule_file",
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="the user's rule files as they are in force: what a start falls back on when they are broken",
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
