"""Touches. A whole school on a virtual clock: real pipeline, desk and database; only the far ends are played.

school.say("smoke-305", smoke="alarm")
school.forward(60)
assert school.told("leader")
"""

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from alerts import store
from alerts.alert import Alert, Fact
from alerts.delivery import outbox
from alerts.delivery.channels.channel import Receipt
from alerts.delivery.emergency import Emergency
from alerts.delivery.notification import Notification
from alerts.desk import Outcome
from alerts.duty import roster
from ingest.campus import store as campus_store
from ingest.campus.registry import Registry
from ingest.message import Message
from ingest.settings import BrokerSettings
from rules.evaluate import arm
from rules.load import load as load_rules
from tocsin import campusfile, house
from tocsin.database import Database
from tocsin.document import Document
from tocsin.house import Prepared
from tocsin.writer import Writer

STANDARD = functools.cache(load_rules)  # the standard pack, read once
FULL = OperationalError("COMMIT", {}, Exception("database or disk is full"))
START = 1_795_000_200_000  # ms: a night in November 2026

CAMPUS: dict[str, Any] = {
    "places": [
        {"id": "campus", "zh": "示范学校", "en": "Demo School"},
        {"id": "dorm-2", "zh": "2号宿舍楼", "en": "Dormitory 2", "parent": "campus"},
        {"id": "dorm-2-305", "zh": "305室", "en": "Room 305", "parent": "dorm-2"},
    ],
    "zones": [
        {"id": "dorm-2-z1", "zh": "3层1区", "en": "Floor 3 zone 1"},
        {"id": "dorm-2-z2", "zh": "3层2区", "en": "Floor 3 zone 2"},
    ],
    "devices": [
        {"id": "smoke-305", "kind": "smoke_detector", "place": "dorm-2-305", "zone": "dorm-2-z1"},
        {"id": "smoke-306", "kind": "smoke_detector", "place": "dorm-2", "zone": "dorm-2-z2"},
        {"id": "call-3", "kind": "call_point", "place": "dorm-2"},
        {"id": "panic-1", "kind": "panic_button", "place": "dorm-2"},
        {"id": "lib/smoke", "kind": "smoke_detector", "place": "dorm-2"},
        {"id": "store-1", "kind": "climate", "place": "dorm-2"},
        {"id": "light-1", "kind": "emergency_light", "place": "dorm-2"},
        {"id": "door-1", "kind": "door", "place": "dorm-2"},
    ],
    "persons": [
        {"id": "warden", "zh": "李伟", "en": "Li Wei", "contacts": [{"channel": "phone", "address": "1"}]},
        {"id": "leader", "zh": "王芳", "en": "Wang Fang", "contacts": [{"channel": "phone", "address": "2"}]},
    ],
    "posts": [{"id": "duty", "zh": "值班室", "en": "Security office", "order": ["warden"]}],
    "policies": [
        {
            "id": "fire",
            "match": {"class": ["alarm"]},
            "steps": [
                {"after": "0s", "notify": [{"post": "duty"}], "channels": ["siren"]},
                {"after": "60s", "notify": [{"person": "leader"}]},
            ],
            "repeat": {"every": "120s"},
        }
    ],
}
CAMPUS["devices"][4] = {
    "id": "lib-smoke",
    "kind": "smoke_detector",
    "place": "dorm-2",
    "dialect": "zigbee2mqtt",
    "address": "lib/smoke",
}


class Line:
    """The far end of a broker session: remembers what was settled."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.settled: list[Message] = []

    def settle(self, messages: Sequence[Message]) -> None:
        for message in messages:
            message.acked = True
        self.settled += messages


class School:
    """Drives the production writer by hand. `texts` is everything people and sirens were sent."""

    def __init__(self, database: Database, campus: dict[str, Any] | None = None) -> None:
        self.database = database
        self.moment = START
        self.life, self.all = Line("life"), Line("all")
        self.texts: list[Notification] = []
        self.epoch = 1
        self._mid = 0
        self._fill(campus or CAMPUS)
        self.restart()

    def _fill(self, campus: dict[str, Any]) -> None:
        document = Document()
        document.value = campus
        registry, directory = campusfile.whole(campusfile.parse(document))
        with self.database.transaction() as tx:
            campus_store.replace(tx, registry)
            people = (directory.persons.values(), directory.teams.values(), directory.posts.values())
            roster.replace(tx, *people, directory.policies, directory.plans)

    def restart(self) -> None:
        """As after a kill: everything in memory is gone and comes back from the database."""
        with self.database.transaction() as tx:
            channels = ("phone", "siren", "null")
            self.house = house.load(tx, BrokerSettings(), STANDARD(), self.moment, channels, "Asia/Shanghai")
            arm(self.house.rules, self.house.memories, self.house.registry, self.moment)
            standing = store.all_open(tx)
        self.emergency = Emergency(
            self._send, self._send, lambda: self.house.directory, lambda: self.house.registry
        )
        self.emergency.follow(standing)
        self.writer = Writer(self.house, self.database, self.emergency, lambda: self.moment, self._committed)

    @property
    def registry(self) -> Registry:
        return self.house.registry

    def _committed(self, _: Prepared, outcome: Outcome) -> None:
        self._send(outcome.owed)
        self.emergency.follow(outcome.alerts)

    def _send(self, rows: Sequence[Notification]) -> None:
        for row in rows:
            self._deliver(row)

    def _deliver(self, row: Notification) -> None:
        self.texts.append(row)
        if row.id is not None:
            number = row.id
            self.writer.transact(lambda tx: outbox.settle(tx, number, Receipt(), self.moment))

    # ---- what happens ------------------------------------------------------------------------------------

    def publish(
        self,
        topic: str,
        payload: bytes,
        retain: bool = False,
        dup: bool = False,
        lane: str = "life",
        qos: int = 1,
        turn: bool = True,
    ) -> Message:
        """A message arrives from the broker."""
        line = self.life if lane == "life" else self.all
        self._mid += not dup  # what comes again has the number it had
        message = Message(line, topic, payload, self.moment, qos, retain, dup, self.epoch, self._mid)
        deliver = self.writer.deliver_life if lane == "life" else self.writer.deliver_all
        deliver([message])
        if turn:
            self.turn()
        return message

    def say(self, device: str, retain: bool = False, **values: Any) -> Message:
        """A device reports, in Tocsin's own dialect."""
        payload = json.dumps({"values": values}).encode()
        return self.publish(f"campus/{device}/reading", payload, retain)

    def turn(self) -> None:
        self.writer.turn(flush=True)
        self.writer.turn(flush=True)

    def forward(self, seconds: float) -> None:
        """Time passes, second by second, as the writer's thread would see it."""
        end = self.moment + int(seconds * 1000)
        while self.moment < end:
            self.moment = min(end, self.moment + 1000)
            self.turn()

    @contextmanager
    def outage(self, error: Exception = FULL) -> Iterator[None]:
        """Nothing can be written meanwhile; reading works."""

        @contextmanager
        def failing() -> Iterator[Connection]:
            raise error
            yield

        transaction, self.database.transaction = self.database.transaction, failing  # type: ignore[method-assign]
        try:
            yield
        finally:
            self.database.transaction = transaction  # type: ignore[method-assign]

    def act(self, make: Callable[[int], Fact]) -> None:
        """A person does something to the one open alert; raises what the desk refuses."""
        (alert,) = self.open()
        future = self.writer.apply([make(alert.id)])
        self.turn()
        future.result(0)

    # ---- what can be seen --------------------------------------------------------------------------------

    def open(self) -> list[Alert]:
        with self.database.read() as conn:
            return store.all_open(conn)

    def told(self, person: str) -> list[Notification]:
        return [text for text in self.texts if text.person == person]

    def sirens(self) -> list[Notification]:
        return [text for text in self.texts if text.channel == "siren"]

    def forget(self) -> None:
        """Start a new page of texts."""
        self.texts.clear()
