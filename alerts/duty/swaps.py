"""Touches. Swaps of shifts: one person offers, the other accepts, and only then it counts. Both are kept.

Nothing is ever changed but the answer: who signed, and when.
"""

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, insert, select, update

from alerts.duty.people import Directory
from alerts.duty.shift import Swap
from alerts.tables import shift_swap as table
from rules.verdict import Text

STRANGER = Text("没有这个人员。", "There is no such person.")
NO_POST = Text("没有这个值班岗。", "There is no such post.")
ONESELF = Text("不能与自己换班。", "Nobody swaps with themselves.")
NO_SHIFT = Text("{person} 那天没有班。", "{person} has no shift on that day.")
ANSWERED = Text("这次换班已经处理过了。", "This swap has been answered already.")
NOT_YOURS = Text("这次换班等待 {person} 签字。", "This swap waits for {person} to sign.")


Act = Callable[[Connection], Swap]


class SwapRefused(Exception):
    """What cannot be done, and the name that its sentence has."""

    def __init__(self, said: Text, person: str = "") -> None:
        super().__init__(said.en)
        self.said, self.person = said, person


def every(conn: Connection) -> list[Swap]:
    """All that were ever offered, the oldest first."""
    return [_swap(row) for row in conn.execute(select(table).order_by(table.c.id)).mappings()]


def offer(tx: Connection, wanted: Swap, directory: Directory) -> Swap:
    """`wanted.giver` signs by offering it. Raises SwapRefused."""
    if wanted.post not in directory.rotas:
        raise SwapRefused(NO_POST)
    if wanted.taker not in directory.persons:
        raise SwapRefused(STRANGER)
    if wanted.giver == wanted.taker:
        raise SwapRefused(ONESELF)
    for person, day in ((wanted.giver, wanted.day), (wanted.taker, wanted.back)):
        if day and not directory.has_shift(wanted.post, person, day):
            raise SwapRefused(NO_SHIFT, person)
    row = msgspec.structs.asdict(wanted)
    row.pop("id")
    made = tx.execute(insert(table).values(row))
    return msgspec.structs.replace(wanted, id=int(made.inserted_primary_key[0]))  # type: ignore[index]


def answer(
    tx: Connection, number: int, by: str, word: Literal["accepted", "declined", "withdrawn"], now: int
) -> Swap:
    """The taker accepts or declines; the giver withdraws. Raises SwapRefused."""
    row = tx.execute(select(table).where(table.c.id == number)).mappings().first()
    if row is None or row["answer"]:
        raise SwapRefused(ANSWERED)
    signs = row["giver"] if word == "withdrawn" else row["taker"]
    if by != signs:
        raise SwapRefused(NOT_YOURS, signs)
    tx.execute(update(table).where(table.c.id == number).values(answer=word, answered_at=now))
    return msgspec.structs.replace(_swap(row), answer=word, answered_at=now)


def _swap(row: Any) -> Swap:
    return Swap(**{str(column): value for column, value in row.items()})
