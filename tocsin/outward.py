"""Touches. The interfaces to other systems, put together as the settings say, each on a thread of its own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from alerts import store
from alerts.alert import Alert
from alerts.desk import Outcome
from alerts.outward import prometheus
from alerts.outward.alertmanagerpush import AlertmanagerPush
from alerts.outward.board import Board
from alerts.outward.events import Events, forget_others
from ingest.campus.registry import Registry
from tocsin.hand_over import apply_facts
from tocsin.web import VERSION

if TYPE_CHECKING:
    from tocsin.run import Tocsin

POINT = "interfaces"
WITHIN = 2.0  # seconds for each to end


class Outward:
    """`follow` hears of alerts after their commit, on the writer's thread: it only remembers them."""

    def __init__(self, tocsin: "Tocsin") -> None:
        self._tocsin = tocsin
        self._followers: list[Board | AlertmanagerPush] = []
        settings, now, writer = tocsin.settings.interfaces, tocsin.now, tocsin.writer
        if settings.states:
            broker = tocsin.settings.broker
            board = Board(settings.states, broker, self._registry, self._ready, now, self._say, VERSION)
            self._followers.append(board)
        if settings.alertmanager:
            self._followers.append(AlertmanagerPush(settings.alertmanager, self._registry, now, self._say))
        self._events = [
            Events(name, one, tocsin.database.read, writer.transact_soon, self._registry, now, self._say)
            for name, one in settings.cloudevents.items()
        ]

    def start(self) -> None:
        names = [one.name for one in self._events]
        self._tocsin.writer.transact_soon(lambda tx: forget_others(tx, names))
        for one in (*self._followers, *self._events):
            one.start()

    def stop(self) -> None:
        for within in (0.0, WITHIN):  # first all are told, so that they end side by side
            for one in (*self._followers, *self._events):
                one.stop(within)

    def follow(self, alerts: Sequence[Alert]) -> None:
        """These were changed, and are committed."""
        if not alerts:
            return
        for follower in self._followers:
            follower.follow(alerts)
        for one in self._events:
            one.wake()

    def look(self) -> None:
        """Now and then: what Prometheus raised and an Alertmanager has forgotten."""

        def forgotten(tx: Connection) -> Outcome:
            now = self._tocsin.now()
            found = list(prometheus.unheard(store.open_with(tx, rule=prometheus.RULE), now))
            return apply_facts(self._tocsin.house, tx, found, now)

        self._tocsin.writer.act(forgotten)

    def _registry(self) -> Registry:
        return self._tocsin.house.registry

    def _ready(self) -> bool:
        return bool(self._tocsin.status()["ready"]) and not self._tocsin.heartbeat.ailments()

    def _say(self, part: str, word: str, note: str) -> None:
        self._tocsin.own.report_part(part, POINT, word, note)
