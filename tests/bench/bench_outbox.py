"""Touches. What delivery carries: notices a second, and how much one hung gateway delays the others.

Real rows on SQLite with fsync, real threads, gateways that take 50 ms. Each notice is for another person, so
none may share a message. The promises: 200 notices a second; at most one second of delay.
"""

import tempfile
import threading
import time
from pathlib import Path

from msgspec.structs import replace

from alerts.delivery.notification import State
from tests.fakes.outbox import ROW, Desk, Phone
from tests.servers import wait_for
from tocsin.clock import now

TAKES = 0.05  # seconds
WORKERS = 16
NOTICES = 2_000
OTHERS = ("b", "c", "d", "e")
EACH = 100


class Gateway(Phone):
    workers = WORKERS

    def __init__(self, name: str) -> None:
        super().__init__(name, lambda notice: time.sleep(TAKES))


class Hung(Phone):
    workers = WORKERS

    def __init__(self, name: str, until: threading.Event) -> None:
        super().__init__(name, lambda notice: _hang(until))


def _hang(until: threading.Event) -> None:
    until.wait(60)


def outbox() -> None:
    print(f"{_throughput():.0f} notices/s, {WORKERS} senders, a gateway of {TAKES * 1000:.0f} ms")
    alone, beside = _others(hung=False), _others(hung=True)
    print(f"{EACH} notices on each of {len(OTHERS)} gateways: {alone:.2f} s; one more hangs: {beside:.2f} s")


def _throughput() -> float:
    with tempfile.TemporaryDirectory() as folder:
        desk = _desk(Path(folder))
        delivery = desk.started(Gateway("a"))
        began = time.monotonic()
        for start in range(0, NOTICES, 100):
            rows = (replace(ROW, person=f"p{n}", life_safety=True) for n in range(start, start + 100))
            delivery.send(desk.owe(*rows))
        wait_for("all accepted", lambda: set(desk.states()) == {State.ACCEPTED}, 120)
        took = time.monotonic() - began
        desk.close()
    return NOTICES / took


def _others(hung: bool) -> float:
    """Seconds until every notice on the gateways that work is brought."""
    release = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        desk = _desk(Path(folder))
        gateways = [Gateway(name) for name in OTHERS]
        delivery = desk.started(*gateways, Hung("a", release))
        if hung:
            delivery.send(desk.owe(*(replace(ROW, person=f"p{n}") for n in range(EACH))))
        began = time.monotonic()
        for n in range(EACH):
            delivery.send(desk.owe(*(replace(ROW, person=f"p{n}", channel=name) for name in OTHERS)))
        wait_for("the others", lambda: all(len(one.brought) == EACH for one in gateways), 60)
        took = time.monotonic() - began
        release.set()
        desk.close()
    return took


def _desk(folder: Path) -> Desk:
    desk = Desk(folder)
    desk.clock = now  # type: ignore[assignment]
    return desk


if __name__ == "__main__":
    outbox()
