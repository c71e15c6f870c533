"""Touches. The table of this room: what rules remember about every (rule, subject) that is not at rest."""

from sqlalchemy import BigInteger, Boolean, Column, MetaData, String, Table, Text

metadata = MetaData()

rule_memory = Table(
    "rule_memory",
    metadata,
    Column("rule", String(64), primary_key=True),
    Column("subject", String(160), primary_key=True, comment="point 'device/metric', or device"),
    Column("device", String(64), nullable=False),
    Column("state", String(8), nullable=False, comment="pending | active | clearing | unknown | waiting"),
    Column("told", String(8), nullable=False, comment="what the last verdict said: yes | no | unknown"),
    Column("since", BigInteger, nullable=False, comment="ms since 1970 UTC: when the condition began"),
    Column("due_at", BigInteger, nullable=True, comment="ms: when the passing of time changes the state"),
    Column("version", String(8), nullable=False, comment="of the rule"),
    Column("value", Text, nullable=False, comment="JSON: a number or a word, of the last evidence"),
    Column("event_time", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("retained", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    comment="what rules remember; a pair at rest has no row",
)
