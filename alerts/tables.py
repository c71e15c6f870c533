"""Touches. The tables of this room: alerts and their log, people, teams, posts, policies.

All tables of `alerts` share `metadata`; the notifications owed are declared in alerts/outbox.py.
Moments are BIGINT ms since 1970 UTC; JSON is kept as text.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text, text

metadata = MetaData()

# An autoincrement key that is 64 bits wide on PostgreSQL and still the rowid on SQLite.
Id = BigInteger().with_variant(Integer, "sqlite")

alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # given by the desk: 1, 2, 3 …
    Column("code", String(8), nullable=False),
    Column("rule", String, nullable=False),  # "" when a person raised it
    Column("rule_version", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("device", String, nullable=False),
    Column("device_kind", String, nullable=False),
    Column("place", String, nullable=False),
    Column("title", Text, nullable=False),  # JSON: zh, en
    Column("alert_class", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("life_safety", Boolean, nullable=False),
    Column("policy", String),  # the policy its rule names
    Column("verify", Boolean, nullable=False),  # closes only when verified
    Column("latching", Boolean, nullable=False),  # closes only when reset
    Column("evidence", Text, nullable=False),  # JSON: the readings of the last verdict
    Column("note", Text, nullable=False),
    # the axes
    Column("open", Boolean, nullable=False),
    Column("activity", String, nullable=False),
    Column("acknowledgement", String, nullable=False),
    Column("verification", String, nullable=False),
    Column("ownership", String, nullable=False),
    Column("inhibition", String, nullable=False),
    Column("mode", String, nullable=False),
    Column("latch", String, nullable=False),
    Column("origin", String, nullable=False),
    # who and when
    Column("occurrence", Integer, nullable=False),
    Column("activations", Integer, nullable=False),
    Column("raised_by", String, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("active_at", BigInteger, nullable=False),
    Column("normal_at", BigInteger),
    Column("acknowledged_by", String, nullable=False),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_until", BigInteger),
    Column("arrived_by", String, nullable=False),
    Column("arrived_at", BigInteger),
    Column("verified_by", String, nullable=False),
    Column("verified_at", BigInteger),
    Column("cause", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("offered_to", String, nullable=False),
    Column("offered_until", BigInteger),
    Column("handovers", Integer, nullable=False),
    Column("inhibited_by", String, nullable=False),
    Column("inhibited_reason", Text, nullable=False),
    Column("inhibited_until", BigInteger),
    Column("removed_by", String, nullable=False),
    Column("closed_by", String, nullable=False),
    Column("closed_at", BigInteger),
    Column("close_reason", Text, nullable=False),
    # escalation
    Column("ladder", String, nullable=False),  # the policy in use; "" before it was planned
    Column("sounded_at", BigInteger),
    Column("sound_reason", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("step_due_at", BigInteger),
    Column("due_at", BigInteger),  # the earliest of its deadlines
    comment="alerts, open and closed: one record each, on independent axes",
)

# Written as text so that the condition is the same, literally, in SQLite and PostgreSQL.
_OPEN = text("open")
_OPEN_OF_A_RULE = text("open AND rule <> ''")
Index("alert_one_open", alert.c.subject, alert.c.rule, unique=True,
      sqlite_where=_OPEN_OF_A_RULE, postgresql_where=_OPEN_OF_A_RULE)  # fmt: skip
Index("alert_code_open", alert.c.code, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("alert_open", alert.c.id, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index("alert_due", alert.c.due_at)
Index("alert_device", alert.c.device)
Index("alert_closed", alert.c.closed_at)

alert_log = Table(
    "alert_log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 … with no hole
    Column("moment", BigInteger, nullable=False),
    Column("alert", BigInteger, nullable=False),
    Column("fact", String, nullable=False),
    Column("by", String, nullable=False),  # a person's id, or "tocsin"; never a name or a number
    Column("detail", Text, nullable=False),  # JSON
    Column("hash", String(64), nullable=False),  # SHA-256 of the hash before it and this line
    comment="what befell the alerts, line by line, each chained to the one before it; never changed",
)
Index("alert_log_alert", alert_log.c.alert, alert_log.c.seq)

person = Table(
    "person",
    metadata,
    Column("id", String, primary_key=True),
    Column("zh", String, nullable=False),
    Column("en", String, nullable=False),
    Column("language", String, nullable=False),
    Column("rank", Integer, nullable=False),  # the order in the campus file
    Column("contacts", Text, nullable=False),  # JSON: channel and address, in order of preference
    comment="people who can be told",
)

team = Table(
    "team",
    metadata,
    Column("id", String, primary_key=True),
    Column("zh", String, nullable=False),
    Column("en", String, nullable=False),
    Column("rank", Integer, nullable=False),  # the order in the campus file
    Column("members", Text, nullable=False),  # JSON: person ids
    comment="people who are told together",
)

post = Table(
    "post",
    metadata,
    Column("id", String, primary_key=True),
    Column("zh", String, nullable=False),
    Column("en", String, nullable=False),
    Column("rank", Integer, nullable=False),  # the order in the campus file
    Column("duty_order", Text, nullable=False),  # JSON: person ids on duty, first to last
    comment="positions that are staffed, and who is on duty",
)

policy = Table(
    "policy",
    metadata,
    Column("id", String, primary_key=True),
    Column("rank", Integer, nullable=False),  # the first that matches wins
    Column("body", Text, nullable=False),  # JSON: match, steps, repeat
    comment="escalation policies: for which alerts, who is told after how long",
)
