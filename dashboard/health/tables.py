"""Touches. The tables of the weekly report: what each said, and who was sent what."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from dashboard.tables import metadata

WEEK = Table(
    "health_week",
    metadata,
    Column("due_at", BigInteger, primary_key=True, autoincrement=False, comment="when it is to be made"),
    Column("made_at", BigInteger, comment="when it was; null while it is planned"),
    Column("findings", Text, nullable=False, comment="JSON: device and what was found about it"),
    comment="weekly device-health reports: the next one planned, and what the past ones found",
)

LETTER = Table(
    "health_letter",
    metadata,
    Column("week", BigInteger, primary_key=True, autoincrement=False, comment="due_at of its report"),
    Column("person", String(64), primary_key=True),
    Column("scope", String(8), primary_key=True, comment="campus, or own: the devices the person owns"),
    Column("state", String(12), nullable=False, comment="queued, sent, failed, no_address or replaced"),
    Column("owed_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, comment="when it is tried next; null when nothing more is owed"),
    Column("attempts", Integer, nullable=False),
    Column("settled_at", BigInteger),
    Column("note", Text, nullable=False, comment="the last failure, in words"),
    comment="who was sent the weekly device-health report, and with what outcome",
)
Index("health_letter_due", LETTER.c.due_at)
