"""Touches. Tokens of machines: shown once, stored as a hash, of a role and a scope, with an end."""

import re
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from dashboard.account import Account
from dashboard.accounts import AccountError, digest
from dashboard.permissions import Role
from dashboard.tables import API_TOKEN

DAY = 86_400_000
LONGEST = 3 * 366  # days
PREFIX = "tocsin_"  # so that a scanner of leaked secrets knows what it found
_NAME = re.compile(r"[\w.@-]{1,64}")
_MINUTE = 60_000


def make(
    tx: Connection,
    now: int,
    name: str,
    role: str,
    days: int,
    made_by: str,
    scope: Sequence[str] = (),
    person: str = "",
) -> str:
    """A new token; only its hash is stored. Raises AccountError. A revoked name is free again."""
    if not _NAME.fullmatch(name):
        raise AccountError("name_wrong")
    if role not in tuple(Role) or not 1 <= days <= LONGEST:
        raise AccountError("token_days")
    secret = PREFIX + secrets.token_urlsafe(32)
    places = msgspec.json.encode(list(scope)).decode()
    row = {
        "name": name, "token": digest(secret), "role": role, "scope": places,
        "person": person, "made_by": made_by, "created": now, "until": now + days * DAY,
    }  # fmt: skip
    try:
        with tx.begin_nested():
            tx.execute(insert(API_TOKEN).values(row))
    except IntegrityError:
        raise AccountError("name_taken") from None
    return secret


def find(conn: Connection, secret: str, now: int, language: str) -> Account | None:
    """Whom this token stands for; None when it is unknown, expired or revoked."""
    good = (API_TOKEN.c.until > now) & API_TOKEN.c.revoked_at.is_(None)
    row = conn.execute(select(API_TOKEN).where(API_TOKEN.c.token == digest(secret), good)).first()
    if row is None:
        return None
    scope = tuple(msgspec.json.decode(row.scope))
    session = f"token/{row.id}"
    return Account(
        row.id,
        row.name,
        row.person,
        row.role,
        language,
        "auto",
        session,
        row.until,
        scope=scope,
        machine=True,
    )


def stale(conn: Connection, token: int, now: int) -> bool:
    """Whether the moment of its last use is to be written again."""
    used = conn.execute(select(API_TOKEN.c.used_at).where(API_TOKEN.c.id == token)).scalar()
    return used is None or used < now - _MINUTE


def used(tx: Connection, token: int, now: int) -> None:
    tx.execute(update(API_TOKEN).where(API_TOKEN.c.id == token).values(used_at=now))


def revoke(tx: Connection, token: int, now: int) -> str:
    """It is worth nothing from now on. The session, so that its streams can be ended."""
    mine = (API_TOKEN.c.id == token) & API_TOKEN.c.revoked_at.is_(None)
    row = tx.execute(select(API_TOKEN.c.name).where(mine)).first()
    if row is not None:
        gone = {"revoked_at": now, "name": f"{row.name[:40]} #{token}"}
        tx.execute(update(API_TOKEN).where(mine).values(gone))
    return f"token/{token}"


def listing(conn: Connection) -> list[dict[str, Any]]:
    """All of them, the newest first."""
    rows = conn.execute(select(API_TOKEN).order_by(API_TOKEN.c.id.desc())).mappings()
    return [{**row, "scope": msgspec.json.decode(row["scope"])} for row in rows]
