"""Touches. The latest readings, one row for each device instead of one for each point."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NO_READINGS = b"\x90"  # an empty list in msgpack: the next readings fill it


def upgrade() -> None:
    if sa.inspect(op.get_bind()).has_table("latest"):
        return  # made by an early copy of 0001 that had this shape already
    latest = op.create_table(
        "latest",
        sa.Column("device", sa.String(length=64), nullable=False),
        sa.Column("heard", sa.BigInteger(), nullable=True),
        sa.Column("readings", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("device"),
        comment="the latest reading of each point of a device, and when it was heard; a little behind the spool",
    )
    heard = sa.table("heard", sa.column("device"), sa.column("moment"))
    known = sa.select(heard.c.device, heard.c.moment, sa.literal(NO_READINGS, sa.LargeBinary()))
    op.execute(latest.insert().from_select(["device", "heard", "readings"], known))
    op.drop_table("heard")
    op.drop_table("point")
