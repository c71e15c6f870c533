"""Touches. The table of what people answered."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text, UniqueConstraint

from alerts.tables import Id, metadata

answer = Table(
    "answer",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("channel", String, nullable=False),
    Column("gateway_id", String, nullable=False),
    Column("person", String, nullable=False),  # "" for a sender nobody registered
    Column("alert", BigInteger),
    Column("words", Text, nullable=False),  # washed; "" after 90 days
    Column("at", BigInteger, nullable=False),
    Column("result", String, nullable=False),  # the act that was done, or why none was
    Column("sender", String, nullable=False, server_default=""),  # of strangers, with its middle left out
    UniqueConstraint("channel", "gateway_id", name="answer_once"),
    Index("answer_at", "at"),
    comment="what people answered, each once; no addresses",
)
