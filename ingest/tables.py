"""Touches. The tables of this room; the tables of the campus and of the quarantine join the same metadata."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
    comment="single values: the epoch of the spool, how far the latest points are stored, when we last ran",
)

spool = Table(
    "spool",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("moment", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("readings", LargeBinary, nullable=False),
    Column("seen", LargeBinary, nullable=False),
    comment="the readings of one batch on their way to the history, and which messages they came from",
)

latest = Table(
    "latest",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("heard", BigInteger),
    Column("readings", LargeBinary, nullable=False),
    comment="the latest reading of each point of a device, and when it was heard; a little behind the spool",
)
