"""Touches. The tables of this room: what rules remember of what is not at rest, and how rules changed."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, MetaData, String, Table, Text

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
    Column("trail", LargeBinary, nullable=False, server_default="", comment="moments or samples, packed"),
    Column("hidden", String(64), nullable=False, server_default="", comment="the rule that suppresses it"),
    Column(
        "withheld",
        String(8),
        nullable=False,
        server_default="",
        comment="what it would say were its schedule on: yes | unknown",
    ),
    comment="what rules remember; a pair at rest has no row",
)

rule_change = Table(
    "rule_change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("moment", BigInteger, nullable=False, comment="ms: when it came into force"),
    Column("loaded", String(8), nullable=False, comment="version of the whole set from then on"),
    Column("rule", String(64), nullable=False, index=True),
    Column("what", String(8), nullable=False, comment="added | changed | removed | promoted"),
    Column("version", String(8), nullable=False, comment="of the rule; empty when removed"),
    Column("former", String(8), nullable=False, comment="its version before; empty when added"),
    Column("difference", Text, nullable=False, comment="JSON: key, old and new value"),
    Column("body", Text, nullable=False, comment="JSON: the whole rule as it reads now"),
    Column("source", Text, nullable=False, comment="file:line"),
    Column("changed_by", Text, nullable=False, comment="as the file states; empty: not stated"),
    Column("reason", Text, nullable=False, comment="as the file states; empty: not stated"),
    comment="every change of a rule that came into force",
)
rule_baseline = Table(
    "rule_baseline",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("metric", String(40), primary_key=True),
    Column("hour", BigInteger, primary_key=True, autoincrement=False, comment="full hours since 1970 UTC"),
    Column("weeks", Text, nullable=False, comment="JSON: weeks ago, mean, standard deviation; of each week"),
    comment="what points said at this hour of the weeks before, for the rules that compare with it",
)
rule_file = Table(
    "rule_file",
    metadata,
    Column("name", String(500), primary_key=True),
    Column("text", Text, nullable=False),
    comment="the user's rule files as they are in force: what a start falls back on when they are broken",
)
rule_shadow = Table(
    "rule_shadow",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rule", String(64), nullable=False, index=True),
    Column("version", String(8), nullable=False, comment="of the rule"),
    Column("subject", String(160), nullable=False),
    Column("device", String(64), nullable=False),
    Column("moment", BigInteger, nullable=False, comment="ms: when it would have been raised"),
    Column("until", BigInteger, nullable=True, comment="ms: when it no longer held; empty while it does"),
    Column("said", Text, nullable=False, comment="the readings, and what they were compared with"),
    Column("suppressed", String(64), nullable=False, comment="the rule that would have hidden it"),
    comment="what rules in shadow would have raised: told to nobody; the last 2,000 of each rule",
)
