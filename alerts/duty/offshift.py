"""Touches. Who has gone off shift: up to which moment that is known, and when the next shift ends.

Both are stored, so that a restart finds out who left while nothing ran. Persons of posts without shifts are
never off; who is still on duty at another post has not left.
"""

from sqlalchemy import Connection, delete, insert, select, update

from alerts.alert import TOCSIN, Gone
from alerts.duty.people import Directory
from alerts.duty.policy import DUTY
from alerts.tables import roster_look as table

LONGEST = 35 * 86_400_000  # ms that are looked back over, after a long time at rest
_ROW = select(table.c.looked_at, table.c.due_at)


def next_due(tx: Connection) -> int | None:
    row = tx.execute(_ROW).first()
    return None if row is None else row.due_at


def look_again(tx: Connection, now: int) -> None:
    """The rosters are others now: whoever they send home leaves at the next look."""
    tx.execute(update(table).values(due_at=now))


def leavers(tx: Connection, now: int, directory: Directory) -> list[Gone]:
    """A fact for each person whose shift has ended since the last look; none before the next one ends."""
    row = tx.execute(_ROW).first()
    if row is not None and (row.due_at is None or row.due_at > now):
        return []
    since = now if row is None else max(row.looked_at, now - LONGEST)
    tx.execute(delete(table))
    tx.execute(insert(table).values(id=1, looked_at=now, due_at=directory.next_shift(now)))
    return [Gone(person, TOCSIN, "off_shift", post) for person, post in left(directory, since, now).items()]


def left(directory: Directory, since: int, now: int) -> dict[str, str]:
    """Who was on shift between these moments and is not any more: person → the post, or `duty` where their
    own is not one that tells anybody now."""
    here = {one for post in directory.rotas for one in directory.duty(post, now).who}
    found: dict[str, str] = {}
    for post, rota in directory.rotas.items():
        if rota.shifted and since < now:
            names = (one for watch in rota.watches(since, now) for one in watch.who)
            found |= {name: post for name in names if name not in here and name not in found}
    return {name: post if directory.duty(post, now).who else DUTY for name, post in found.items()}


def sent_home(before: Directory, after: Directory, now: int) -> list[Gone]:
    """Whom a change of the rosters takes off duty at this moment."""
    here = {one for post in after.rotas for one in after.duty(post, now).who}
    found: dict[str, str] = {}
    for post, rota in before.rotas.items():
        if rota.shifted:
            found |= {one: post for one in rota.at(now).who if one in after.persons and one not in here}
    return [Gone(person, TOCSIN, "off_shift", post) for person, post in found.items()]
