"""Touches. Accounts, one-time setup tokens and sessions. Secrets are stored only as hashes."""

import hashlib
import re
import secrets
from collections.abc import Container
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from dashboard.account import Account as Account
from dashboard.tables import ACCOUNT, SESSION, SETUP_TOKEN

HOUR = 3_600_000
SESSION_LASTS = 12 * HOUR  # renewed while it is used
WALL_LASTS = 90 * 24 * HOUR
TOKEN_LASTS = 24 * HOUR
_NAME = re.compile(r"[\w.@-]{1,64}")


class AccountError(Exception):
    """Something a person can mend; `key` names the sentence in the word catalogue."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def first_token(tx: Connection, now: int) -> str | None:
    """For a fresh installation: a token that creates the first administrator; None when there is an account.
    Tokens of earlier starts that were never used stop working, so the one printed last is the only one."""
    if tx.execute(select(func.count()).select_from(ACCOUNT)).scalar():
        return None
    tx.execute(delete(SETUP_TOKEN))
    return invite(tx, now, "administrator")


def invite(tx: Connection, now: int, role: str, person: str = "") -> str:
    """A one-time token that makes one account of this role, within a day."""
    token = secrets.token_urlsafe(24)
    row = {"token": digest(token), "role": role, "person": person, "created": now, "until": now + TOKEN_LASTS}
    tx.execute(delete(SETUP_TOKEN).where(SETUP_TOKEN.c.until < now))
    tx.execute(insert(SETUP_TOKEN).values(row))
    return token


def token_row(conn: Connection, token: str, now: int) -> Any | None:
    found = select(SETUP_TOKEN).where(SETUP_TOKEN.c.token == digest(token), SETUP_TOKEN.c.until >= now)
    return conn.execute(found).first()


def redeem(
    tx: Connection,
    token: str,
    name: str,
    password: str,
    language: str,
    now: int,
    persons: Container[str] = (),
) -> int:
    """Use up a setup token: makes the account and returns its id. `password` is already hashed. An invitation
    that names no person cannot take the name of one (`persons`): the log would hold their acts for theirs."""
    row = token_row(tx, token, now)
    if row is None:
        raise AccountError("token_wrong")
    name = name.strip().lower()
    if not _NAME.fullmatch(name):
        raise AccountError("name_wrong")
    if name in persons and row.role != "administrator" and row.person != name:
        raise AccountError("name_of_a_person")
    tx.execute(delete(SETUP_TOKEN).where(SETUP_TOKEN.c.token == row.token))
    values = {
        "name": name, "person": row.person or name, "role": row.role, "password": password,
        "language": language, "theme": "auto", "disabled": False, "created": now,
    }  # fmt: skip
    try:
        made = tx.execute(insert(ACCOUNT).values(values))
    except IntegrityError:
        raise AccountError("name_taken") from None
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def stored_password(conn: Connection, name: str) -> tuple[int, str] | None:
    """(account id, argon2 hash) of an account that may sign in."""
    wanted = select(ACCOUNT.c.id, ACCOUNT.c.password).where(
        ACCOUNT.c.name == name.strip().lower(), ACCOUNT.c.disabled.is_(False)
    )
    row = conn.execute(wanted).first()
    return None if row is None else (row.id, row.password)


def open_session(tx: Connection, account: int, now: int, source: str, wall: bool = False) -> str:
    """A new session; returns the secret for the cookie, which is not stored."""
    secret = secrets.token_urlsafe(32)
    until = now + (WALL_LASTS if wall else SESSION_LASTS)
    row = {"token": digest(secret), "account": account, "created": now, "until": until, "wall": wall}
    tx.execute(delete(SESSION).where(SESSION.c.until < now))
    tx.execute(insert(SESSION).values(**row, source=source[:64]))
    return secret


def find_session(conn: Connection, secret: str, now: int) -> Account | None:
    wanted = (
        select(ACCOUNT, SESSION.c.token, SESSION.c.until, SESSION.c.wall)
        .join(SESSION, SESSION.c.account == ACCOUNT.c.id)
        .where(SESSION.c.token == digest(secret), SESSION.c.until >= now, ACCOUNT.c.disabled.is_(False))
    )
    row = conn.execute(wanted).first()
    if row is None:
        return None
    return Account(
        row.id, row.name, row.person, row.role, row.language, row.theme, row.token, row.until, bool(row.wall)
    )


def renew_session(tx: Connection, session: str, now: int) -> None:
    tx.execute(update(SESSION).where(SESSION.c.token == session).values(until=now + SESSION_LASTS))


def close_session(tx: Connection, session: str) -> None:
    tx.execute(delete(SESSION).where(SESSION.c.token == session))


def close_sessions(tx: Connection, account: int) -> list[str]:
    """Sign an account out everywhere; returns the sessions, so that their streams can be ended."""
    mine = SESSION.c.account == account
    tokens = list(tx.execute(select(SESSION.c.token).where(mine)).scalars())
    tx.execute(delete(SESSION).where(mine))
    return tokens


def set_preference(tx: Connection, account: int, **values: str) -> None:
    """`language` and `theme` follow the account to any screen."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(**values))


def set_password(tx: Connection, account: int, password: str) -> None:
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(password=password))


def set_role(tx: Connection, account: int, role: str) -> None:
    """What holds where the person has no role of their own; from the next request on."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(role=role))
    _keep_one_administrator(tx)


def set_disabled(tx: Connection, account: int, disabled: bool) -> list[str]:
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account).values(disabled=disabled))
    _keep_one_administrator(tx)
    return close_sessions(tx, account) if disabled else []


def _keep_one_administrator(tx: Connection) -> None:
    """The last administrator who can sign in cannot be shut out."""
    left = select(func.count()).where(ACCOUNT.c.role == "administrator", ACCOUNT.c.disabled.is_(False))
    if not tx.execute(left).scalar():
        raise AccountError("last_administrator")


def listing(conn: Connection) -> list[Any]:
    return list(conn.execute(select(ACCOUNT).order_by(ACCOUNT.c.name)))
