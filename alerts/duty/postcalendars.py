"""Touches. The calendars of posts that come from elsewhere, in the database: the last good one of each."""

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select

from alerts.duty.fetched import Fetched
from alerts.tables import post_calendar as table


def load(conn: Connection) -> dict[str, Fetched]:
    rows = conn.execute(select(table)).mappings()
    return {row["post"]: Fetched(**{name: row[name] for name in Fetched.__struct_fields__}) for row in rows}


def keep(tx: Connection, post: str, tried: Fetched) -> None:
    tx.execute(delete(table).where(table.c.post == post))
    row = {name: getattr(tried, name) for name in Fetched.__struct_fields__}
    tx.execute(insert(table).values(post=post, **row))


def forget_others(tx: Connection, posts: Collection[str]) -> None:
    """Those of posts that have no address any more."""
    tx.execute(delete(table).where(table.c.post.not_in(list(posts))))
