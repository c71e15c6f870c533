"""Touches. The tables of this room; the tables of the campus and of the quarantine join the same metadata."""

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

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

point = Table(
    "point",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("metric", String(40), primary_key=True),
    Column("value", Float),
    Column("word", Text),
    Column("received", BigInteger, nullable=False),
    Column("event_time", BigInteger, nullable=False),
    Column("time_quality", String(12), nullable=False),
    Column("retained", Integer, nullable=False),
    Column("note", Text, nullable=False),
    comment="the latest reading of every point, at most half a minute behind the spool",
)

heard = Table(
    "heard",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("moment", BigInteger, nullable=False),
    comment="when each device was last heard, so that a restart does not make the silent look alive",
)
