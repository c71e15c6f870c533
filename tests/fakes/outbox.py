"""Touches. A Delivery with a real database and writer, on a clock of ours; its channels are played."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from alerts import store
from alerts.alert import Alert
from alerts.delivery import outbox, stamps
from alerts.delivery.channels.channel import Asked, Channel, Notice, Progress, Receipt
from alerts.delivery.deliver import Delivery
from alerts.delivery.message import Purpose
from alerts.delivery.notification import Lost, Notification
from alerts.duty.people import Contact
from rules.verdict import Class, Text
from tests.servers import wait_for
from tocsin.database import Database

START = 1_795_337_000_000
FIRE = Alert(
    id=7, code="A7K2", rule="smoke", subject="d1", title=Text("烟雾报警", "smoke alarm"),
    alert_class=Class.ALARM, raised_at=START, active_at=START,
)  # fmt: skip
ROW = Notification(
    alert=7, occurrence=1, step=0, person="li-wei", channel="a", purpose=Purpose.RAISE, code="A7K2",
    short="305室", title="t", body="b", facts={"occurrence": 1, "since": START},
)  # fmt: skip


class Clock:
    """Starts at a moment of ours and goes on only when told."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> int:
        return self.moment


class Screen:
    """A channel that records what it brings, and does `act` first (fail, hang, count)."""

    workers = 4

    def __init__(self, name: str, act: Callable[[Notice], Receipt | None] = lambda notice: None) -> None:
        self.name = name
        self.act = act
        self.brought: list[Notice] = []

    def send(self, notice: Notice) -> Receipt:
        receipt = self.act(notice)
        self.brought.append(notice)
        return receipt or Receipt()


class Phone(Screen):
    """One that brings each notice by itself."""

    one_by_one = True


class Gateway(Phone):
    """A phone whose messages are numbered, and which says of each what it is told to say."""

    every = 20

    def __init__(self, name: str, act: Callable[[Notice], Receipt | None] = lambda notice: None) -> None:
        super().__init__(name, lambda notice: act(notice) or Receipt(id=f"SM{len(self.brought) + 1}"))
        self.asked: list[list[Asked]] = []
        self.answer: Callable[[Sequence[Asked]], list[Progress]] = lambda messages: []

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        self.asked.append(list(messages))
        return self.answer(messages)


class Desk:
    """The writer, the database and the reports around one Delivery at a time."""

    def __init__(self, path: Path, database: Database | None = None) -> None:
        self.database = database or Database.open(f"sqlite:///{path / 'state.db'}")
        if database is None:
            self.database.create_all()
        self.writer = ThreadPoolExecutor(1)
        self.clock = Clock()
        self.reports: list[tuple[str, str, str]] = []
        self.settled: set[int] = set()
        self.lost: list[Lost] = []
        self.contacts: list[Contact] = []
        self.used: list[str] = []
        self.broken: Callable[[Connection], None] = lambda tx: None
        self.running: list[Delivery] = []
        self.transact(lambda tx: store.add(tx, [FIRE])).result(20)

    def transact(self, fn: Callable[[Connection], Any]) -> "Future[Any]":
        return self.writer.submit(self._commit, fn)

    def _commit(self, fn: Callable[[Connection], Any]) -> Any:
        with self.database.transaction() as tx:
            result = fn(tx)
            self.broken(tx)
        return result

    def deliver(self, *phones: Channel, transact: Callable[..., Any] | None = None) -> Delivery:
        made = Delivery(
            {phone.name: phone for phone in phones},
            transact or self.transact,
            lambda *report: self.reports.append(report),
            self.clock,
            self.settled.update,
            self.lost.extend,
            lambda person: self.contacts,
            lambda: self.used,
        )
        self.running.append(made)
        return made

    def started(self, *phones: Channel) -> Delivery:
        made = self.deliver(*phones)
        made.start()
        return made

    def owe(self, *rows: Notification) -> list[Notification]:
        return list(self.transact(lambda tx: outbox.owe(tx, rows, self.clock())).result(20))

    def rows(self) -> list[Any]:
        with self.database.read() as conn:
            return list(conn.execute(select(outbox.notification).order_by(outbox.notification.c.id)))

    def stamps(self, row_id: int) -> list[str]:
        with self.database.read() as conn:
            return [stamp["state"] for stamp in stamps.of(conn, [row_id]).get(row_id, [])]

    def states(self) -> list[str]:
        column = outbox.notification.c
        with self.database.read() as conn:
            return list(conn.scalars(select(column.state).order_by(column.id)))

    def await_states(self, *states: str) -> None:
        wait_for(f"{states}", lambda: self.states() == list(states))

    def close(self) -> None:
        for delivery in self.running:
            delivery.stop()
        self.writer.shutdown()
        self.database.close()


def failing(times: int, error: Exception) -> Callable[[Notice], None]:
    """Fails so many times and then works."""
    left = [error] * times

    def act(notice: Notice) -> None:
        if left:
            raise left.pop()

    return act


def waiting_for(event: threading.Event, times: int = 1000) -> Callable[[Notice], None]:
    """Hangs so many times, until the event comes."""
    left = [event] * times

    def act(notice: Notice) -> None:
        if left:
            left.pop().wait(30)

    return act
