"""Touches. The tables of this room: alerts, hazards, impairments, their log; people, posts, policies, plans.

All tables of `alerts` share `metadata`; the notifications owed are declared in alerts/delivery/outbox.py.
Moments are BIGINT ms since 1970 UTC; JSON is kept as text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

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
    Column("plan", String),  # the plan its rule names
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
    Column("pair", String, nullable=False),
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
    Column("acknowledged_via", String, nullable=False, server_default=""),  # by which door, "" if not said
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_until", BigInteger),
    Column("arrived_by", String, nullable=False),
    Column("arrived_at", BigInteger),
    Column("verified_by", String, nullable=False),
    Column("verified_at", BigInteger),
    Column("cause", String, nullable=False),
    Column("joined_by", String, nullable=False),
    Column("joined_at", BigInteger),
    Column("owner", String, nullable=False),  # a person; a post where ownership says so
    Column("left_by", String, nullable=False),  # who had it before the post
    Column("offered_to", String, nullable=False),
    Column("offered_until", BigInteger),
    Column("handovers", Integer, nullable=False),
    Column("incident", BigInteger, nullable=False, server_default="0"),  # handled in this one; 0 for none
    Column("inhibited_by", String, nullable=False),
    Column("inhibited_reason", Text, nullable=False),
    Column("inhibited_until", BigInteger),
    Column("inhibited_at", BigInteger),
    Column("hidden", Integer, nullable=False, server_default="0"),  # activations while it was inhibited
    Column("impairment", BigInteger, nullable=False, server_default="0"),  # the register's row that hides it
    Column("drill", BigInteger, nullable=False, server_default="0"),  # raised in this one; 0 for none
    Column("drill_until", BigInteger),  # then it is real, or closes
    Column("drill_people", Text, nullable=False, server_default="[]"),  # JSON: alone told till then
    Column("drill_sirens", Boolean, nullable=False, server_default=text("false")),
    Column("removed_by", String, nullable=False),
    Column("closed_by", String, nullable=False),
    Column("closed_at", BigInteger),
    Column("close_reason", Text, nullable=False),
    Column("ticks", Text, nullable=False),  # JSON: done steps of the plan: step, by, at
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
_IN_A_DRILL = text("drill <> 0")
Index("alert_drill", alert.c.drill, sqlite_where=_IN_A_DRILL, postgresql_where=_IN_A_DRILL)
Index("alert_incident", alert.c.incident,
      sqlite_where=text("incident <> 0"), postgresql_where=text("incident <> 0"))  # fmt: skip

hazard = Table(
    "hazard",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # given by the desk: 1, 2, 3 …
    Column("subject", String, nullable=False),  # device/…, place/…, contact/…
    Column("cause", String, nullable=False),
    Column("source", String, nullable=False),  # of the last time: rule, drill, false_alarm, delivery, person
    Column("title", Text, nullable=False),  # JSON: zh, en
    Column("device", String, nullable=False),
    Column("place", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("alert", BigInteger, nullable=False),  # the last one that it was found on; 0 for none
    Column("life_safety", Boolean, nullable=False),
    # the axes
    Column("life", String, nullable=False),
    Column("mending", String, nullable=False),
    Column("recheck", String, nullable=False),
    Column("term", String, nullable=False),
    # who and when
    Column("owner", String, nullable=False),  # a person, a team or a post
    Column("found_by", String, nullable=False),
    Column("found_at", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("found_again_at", BigInteger),
    Column("reopened", Integer, nullable=False),
    Column("mended_by", String, nullable=False),
    Column("mended_at", BigInteger),
    Column("evidence", Text, nullable=False),
    Column("rechecked_by", String, nullable=False),
    Column("rechecked_at", BigInteger),
    Column("finding", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),  # the day of mending, or of the recheck
    Column("reminders", Integer, nullable=False),
    Column("remind_at", BigInteger, index=True),  # when its owner is told that the day has passed
    UniqueConstraint("subject", "cause", name="hazard_one"),
    comment="hazards: the same cause of the same subject is one, and comes back with its history",
)

impairment = Table(
    "impairment",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # given by the desk: 1, 2, 3 …
    Column("scope", String, nullable=False),  # device, zone, place
    Column("target", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("patrol", Text, nullable=False),  # who covers it meanwhile, and how
    Column("life_safety", Boolean, nullable=False),
    Column("state", String, nullable=False),  # proposed, in_force, over
    Column("declared_by", String, nullable=False),
    Column("declared_at", BigInteger, nullable=False),
    Column("agreed_by", String, nullable=False),
    Column("since", BigInteger),
    Column("until", BigInteger, nullable=False),
    Column("ended_by", String, nullable=False),
    Column("ended_at", BigInteger),
    Column("end_reason", Text, nullable=False),
    Column("due_at", BigInteger, index=True),  # its end, while that is to come
    comment="the impairment register: what is out of service, until when, and who covers it",
)

alert_log = Table(
    "alert_log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),  # 1, 2, 3 … with no hole
    Column("moment", BigInteger, nullable=False),
    Column("alert", BigInteger, nullable=False),
    Column("fact", String, nullable=False),
    Column("by", String, nullable=False),  # a person's id, or "tocsin"; never a name or a number
    Column("detail", Text, nullable=False),  # JSON
    Column("record", String, nullable=False, server_default=""),  # "hazard/12"; "" for a line of an alert
    Column("hash", String(64), nullable=False),  # SHA-256 of the hash before it and this line
    comment="what befell alerts, hazards and the like, line by line, each chained to the one before it",
)
Index("alert_log_alert", alert_log.c.alert, alert_log.c.seq)
Index("alert_log_record", alert_log.c.record, alert_log.c.seq)

event_cursor = Table(
    "event_cursor",
    metadata,
    Column("receiver", String, primary_key=True),  # its name in the settings
    Column("seq", BigInteger, nullable=False),  # the last line of the log that it has taken
    comment="how far each receiver of CloudEvents has come in the log",
)

caller = Table(
    "caller",
    metadata,
    Column("alert", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("callback", Text, nullable=False),
    comment="who telephoned the office about an alert: contact data, kept out of the log",
)

incident = Table(
    "incident",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # given by the desk: 1, 2, 3 …
    Column("opened_by", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("commander", String, nullable=False),  # a person; a post where command says so
    Column("life", String, nullable=False, index=True),
    Column("command", String, nullable=False),  # owned, offered, or the post's
    Column("left_by", String, nullable=False),  # who commanded before the post
    Column("offered_to", String, nullable=False),
    Column("offered_until", BigInteger, index=True),
    Column("handovers", Integer, nullable=False),
    Column("closed_at", BigInteger),
    comment="several alerts of one event, handled as one; each alert names the incident it is in",
)

drill = Table(
    "drill",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),  # given by the desk: 1, 2, 3 …
    Column("mode", String, nullable=False),  # drill or test
    Column("title", Text, nullable=False),
    Column("places", Text, nullable=False),  # JSON: place ids; the scope, with all that lies in them
    Column("kinds", Text, nullable=False),  # JSON: kinds of device
    Column("alert_class", String, nullable=False),
    Column("points", Text, nullable=False),  # JSON: the devices that are to speak
    Column("zones", Text, nullable=False),  # JSON: where several devices may speak
    Column("people", Text, nullable=False),  # JSON: person ids; nobody else is told
    Column("sirens", Boolean, nullable=False),
    Column("pair", Boolean, nullable=False),  # a second person must agree
    Column("declared_by", String, nullable=False),
    Column("declared_at", BigInteger, nullable=False),
    Column("starts_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),  # its deadline
    Column("agreed_by", String, nullable=False),
    Column("agreed_at", BigInteger),
    Column("ended_by", String, nullable=False),
    Column("ended_at", BigInteger),
    Column("ending", String, nullable=False),  # "", done, broken_off, real, never
    Column("spoke", Text, nullable=False),  # JSON: of the points, those that did
    comment="drills and tests, with what they were to show and what they showed; kept as evidence",
)
_STANDING = text("ended_at IS NULL")
Index("drill_standing", drill.c.ends_at, sqlite_where=_STANDING, postgresql_where=_STANDING)

person = Table(
    "person",
    metadata,
    Column("id", String, primary_key=True),
    Column("zh", String, nullable=False),
    Column("en", String, nullable=False),
    Column("language", String, nullable=False),
    Column("rank", Integer, nullable=False),  # the order in the campus file
    Column("contacts", Text, nullable=False),  # JSON: channel, address, until; in order of preference
    Column("quiet", Text, nullable=False, server_default="[]"),  # JSON: hours
    Column("role", String, nullable=False, server_default=""),
    Column("scope", Text, nullable=False, server_default="[]"),  # JSON: place ids
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
    Column("shifts", Text, nullable=False, server_default="[]"),  # JSON
    Column("overrides", Text, nullable=False, server_default="[]"),  # JSON
    Column("ics", Text, nullable=False, server_default=""),  # an imported calendar
    Column("calendar", Text, nullable=False, server_default=""),  # an address from which one is fetched
    comment="positions that are staffed, and who is on duty",
)

post_calendar = Table(
    "post_calendar",
    metadata,
    Column("post", String, primary_key=True),
    Column("address", Text, nullable=False),  # what was fetched; another address is another calendar
    Column("ics", Text, nullable=False),  # the last good one; "" before there was any
    Column("good_at", BigInteger),
    Column("tried_at", BigInteger, nullable=False),
    Column("problem", Text, nullable=False),  # of the last try; "" when it was good
    comment="calendars of posts as they were fetched: the last good one of each",
)

plan = Table(
    "plan",
    metadata,
    Column("id", String, primary_key=True),
    Column("rank", Integer, nullable=False),  # the first that matches wins
    Column("body", Text, nullable=False),  # JSON: match, hours, call, steps
    comment="plans: the steps for a class of alert at these hours",
)

policy = Table(
    "policy",
    metadata,
    Column("id", String, primary_key=True),
    Column("rank", Integer, nullable=False),  # the first that matches wins
    Column("body", Text, nullable=False),  # JSON: match, steps, repeat
    comment="escalation policies: for which alerts, who is told after how long",
)

shift_swap = Table(
    "shift_swap",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("post", String, nullable=False),
    Column("day", String(10), nullable=False),  # YYYY-MM-DD: the shifts that begin on it
    Column("giver", String, nullable=False),
    Column("taker", String, nullable=False),
    Column("back", String(10), nullable=False),  # the taker's day in return; "" for none
    Column("offered_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("answer", String, nullable=False),  # "" while it waits; accepted, declined or withdrawn
    comment="shifts that one person offered and another took over; only the answer is ever written later",
)

roster_look = Table(
    "roster_look",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("looked_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),  # when a shift changes next
    comment="up to which moment it is known who has gone off shift",
)
