"""Touches. The canary of a shift: written down, published through the broker, and what becomes of it."""

import json
from concurrent.futures import Future
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from alerts.alert import Lapsed
from alerts.delivery import canaries
from alerts.delivery.canaries import Canary, Look
from alerts.duty.canary import due
from ingest.campus.device import OWN

if TYPE_CHECKING:
    from tocsin.run import Tocsin

AGAIN = 60_000  # ms after which one that did not come back is published again


class Canaries:
    """`look` is called now and then, and waits for nothing."""

    def __init__(self, tocsin: "Tocsin") -> None:
        self._tocsin = tocsin
        self._since = tocsin.now()
        self._plan = tocsin.settings.alerts.canary.plan()
        self._published: dict[int, int] = {}  # number → when this process published it

    def look(self) -> None:
        t, now, directory = self._tocsin, self._tocsin.now(), self._tocsin.house.directory
        found = list(due(directory, self._plan, now))  # here: reading a roster takes its time

        def look(tx: Connection) -> Look:
            return canaries.look(tx, directory, self._plan, found, self._since, now)

        t.writer.transact(look).add_done_callback(self._looked)

    def _looked(self, done: "Future[Look]") -> None:
        if done.cancelled() or done.exception() is not None:
            return  # nothing can be written, which is said already
        t, found = self._tocsin, done.result()
        for one in found.publish:
            self._publish(one)
        if found.over:
            t.apply([Lapsed(alert, "drill", until) for alert, until in found.over])
        t.own.report("canary", "fault" if found.faults else "normal", "; ".join(found.faults))

    def _publish(self, one: Canary) -> None:
        """Under a number of its own, so that a copy of it counts once."""
        t = self._tocsin
        if t.now() - self._published.get(one.id, -AGAIN) < AGAIN:
            return
        self._published = {one.id: t.now()}
        body = {"boot": one.said_at, "seq": one.id, "values": {"canary_call": str(one.said())}}
        t.all.publish(f"{t.settings.broker.base}/{OWN}/reading", json.dumps(body).encode())
