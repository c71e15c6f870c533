"""Touches. drills and tests."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drill",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("alert_class", sa.String(), nullable=False),
        sa.Column("points", sa.Text(), nullable=False),
        sa.Column("zones", sa.Text(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("sirens", sa.Boolean(), nullable=False),
        sa.Column("pair", sa.Boolean(), nullable=False),
        sa.Column("declared_by", sa.String(), nullable=False),
        sa.Column("declared_at", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("agreed_by", sa.String(), nullable=False),
        sa.Column("agreed_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ending", sa.String(), nullable=False),
        sa.Column("spoke", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="drills and tests, with what they were to show and what they showed; kept as evidence",
    )
    op.create_index(
        "drill_standing",
        "drill",
        ["ends_at"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.add_column("alert", sa.Column("drill", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("alert", sa.Column("drill_until", sa.BigInteger(), nullable=True))
    op.add_column("alert", sa.Column("drill_people", sa.Text(), server_default="[]", nullable=False))
    op.add_column(
        "alert", sa.Column("drill_sirens", sa.Boolean(), server_default=sa.text("(false)"), nullable=False)
    )
    op.create_index(
        "alert_drill",
        "alert",
        ["drill"],
        unique=False,
        sqlite_where=sa.text("drill <> 0"),
        postgresql_where=sa.text("drill <> 0"),
    )


def downgrade() -> None:
    raise NotImplementedError("restore the backup made before the upgrade")
