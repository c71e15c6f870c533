"""Touches. The tables of the campus: place, zone, device, definition. `rank` keeps the order they came in."""

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

definition = Table(
    "definition",
    metadata,
    Column("dialect", String(40), primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("document", Text, nullable=False),
    comment="what a dialect was told: mappings, approved proposals; each a JSON object",
)
