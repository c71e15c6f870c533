"""Touches. The tables of the campus: its places, devices, calendar … `rank` keeps the order they came in."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from ingest.tables import metadata

# No foreign keys between them: Registry.build checks every reference, of the whole at once, before a write.
place = Table(
    "place",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("parent", String(64)),
    Column("level", String(16)),
    Column(
        "address", Text, nullable=False, server_default=""
    ),  # of the unit, for the call to the fire brigade
    Column("phone", Text, nullable=False, server_default=""),  # of its duty room
    comment="campus, building, floor, room: only the campus itself has no parent",
)

zone = Table(
    "zone",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    comment="sets of devices that confirm one another",
)

device = Table(
    "device",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("place", String(64), nullable=False),
    Column("zone", String(64)),
    Column("owner", String(64)),
    Column("dialect", String(40), nullable=False),
    Column("address", Text, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("gateway", String(64)),
    Column("interval", Integer),
    Column("sleepy", Boolean, nullable=False),
    Column("labels", Text, nullable=False),
    Column("installed", String(10)),
    Column("expires", String(10)),
    Column("position", Text),
    comment="registered devices: interval in seconds (null: the kind's, 0: not supervised), "
    "labels and position as JSON, days as YYYY-MM-DD",
)

calendar = Table(
    "calendar",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("what", String(16), nullable=False, comment="term | exam | holiday | workday | event | complete"),
    Column("first", String(10), nullable=False),
    Column("last", String(10), nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    comment="the school calendar: days as YYYY-MM-DD, both included (last empty: one day)",
)

hours = Table(
    "hours",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("at", Text, nullable=False, comment="JSON: spans such as 22:00-06:00"),
    Column("days", Text, nullable=False, comment="JSON: kinds of day; none: every day"),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    comment="hours that the campus has a name for",
)

definition = Table(
    "definition",
    metadata,
    Column("dialect", String(40), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("document", Text, nullable=False),
    comment="what a dialect was told: mappings, approved proposals; each a JSON object",
)
