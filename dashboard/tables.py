"""Touches. The dashboard's tables: what people sign in with. Moments are ms since 1970 UTC."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table

metadata = MetaData()

ACCOUNT = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True, comment="what is typed at sign-in, lower case"),
    Column("person", String(64), nullable=False, comment="the person who acts; facts carry this id"),
    Column("role", String(32), nullable=False, comment="viewer, guard, duty, manager or administrator"),
    Column("password", String(255), nullable=False, comment="argon2id hash"),
    Column("language", String(8), nullable=False, comment="zh or en"),
    Column("theme", String(8), nullable=False, comment="auto, light or dark"),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created", BigInteger, nullable=False),
)

SESSION = Table(
    "session",
    metadata,
    Column("token", String(64), primary_key=True, comment="SHA-256 of the cookie, which is kept nowhere"),
    Column("account", Integer, nullable=False, index=True),
    Column("created", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("wall", Boolean, nullable=False, default=False, comment="a wall screen: stays signed in"),
    Column("source", String(64), nullable=False, comment="network address at sign-in"),
)

SETUP_TOKEN = Table(
    "setup_token",
    metadata,
    Column("token", String(64), primary_key=True, comment="SHA-256 of the one-time token"),
    Column("role", String(32), nullable=False),
    Column("person", String(64), nullable=False, default="", comment="for whom; empty: chosen at setup"),
    Column("created", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

API_TOKEN = Table(
    "api_token",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True, comment="what the machine is called"),
    Column("token", String(64), nullable=False, unique=True, comment="SHA-256 of the token, kept nowhere"),
    Column("role", String(32), nullable=False),
    Column("scope", String, nullable=False, comment="JSON: place ids; none: everywhere"),
    Column("person", String(64), nullable=False, comment="in whose name it acts; empty: in its own"),
    Column("made_by", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("used_at", BigInteger, comment="to the minute"),
    Column("revoked_at", BigInteger),
)

ANSWERED = Table(
    "answered",
    metadata,
    Column("key", String(64), primary_key=True, comment="SHA-256 of who asked and their idempotency key"),
    Column("request", String(64), nullable=False, comment="SHA-256 of method, path and body"),
    Column("status", Integer, nullable=False),
    Column("body", String, nullable=False),
    Column("moment", BigInteger, nullable=False, index=True),
    comment="what was answered to acts with an idempotency key, for a day",
)

POST_FEED = Table(
    "post_feed",
    metadata,
    Column("post", String(64), primary_key=True),
    Column("token", String(64), nullable=False, comment="SHA-256 of the secret in the feed's address"),
    Column("made_by", String(64), nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
