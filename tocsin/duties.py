"""Touches. What the watch does now and then: is the writer alive, does a message still come back, does every
alert have its next step, what need not be kept."""

import json
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from alerts import desk, store
from alerts.delivery.setback import set_back
from ingest.campus.device import OWN
from tocsin.canary import Canaries
from tocsin.watch import ClockLook, Watch, watch_service

if TYPE_CHECKING:
    from tocsin.run import Tocsin

LOOPS_KEPT = 24 * 3600 * 1000  # ms


class Duties:
    """None of them touches the data folder or waits for what does."""

    def __init__(self, tocsin: "Tocsin") -> None:
        self._tocsin = tocsin
        self._boot, self._loops, self._marked = tocsin.now(), 0, 0
        self._canaries = Canaries(tocsin)

    def watch(self) -> Watch:
        t = self._tocsin
        clock = ClockLook(t.own.report, t.now, self._set_back)
        others = t.own.look, clock, self._canaries.look
        return watch_service(self._listen, self._loop, self._audit, self._forget, *others)

    def _listen(self) -> None:
        t = self._tocsin
        t.writer.look()
        failing = t.writer.failing
        t.ear.listen(bool(failing))
        t.own.report("commit", "fault" if failing else "normal", failing)
        if self._marked != t.life_grant():
            self._loop()

    def _set_back(self, by: int) -> None:
        t = self._tocsin
        t.writer.transact(lambda tx: set_back(tx, by)).add_done_callback(lambda _: t.delivery.poke())

    def _loop(self) -> None:
        """To the broker and back through rule, desk and channel; it also marks what `life` has as well."""
        t = self._tocsin
        self._loops += 1
        body = {"boot": self._boot, "seq": self._loops, "values": {"loop": "alarm"}}
        payload, self._marked = json.dumps(body).encode(), t.life_grant()
        t.house.copies.mark(self._marked, payload)
        t.all.publish(f"{t.settings.broker.base}/{OWN}/reading", payload)

    def _audit(self) -> None:
        t = self._tocsin

        def audit(tx: Connection) -> Sequence[str]:
            if t.house.tray.concerned:  # to read every open alert is dear
                t.house.see_to_strangers(store.all_open(tx), t.now())
            return desk.audit_escalations(tx, t.now())

        t.writer.transact(audit).add_done_callback(self._audited)

    def _audited(self, audit: Future[Sequence[str]]) -> None:
        if audit.exception() is not None:
            return  # nothing can be written, which is said already
        t, broken = self._tocsin, "; ".join(audit.result())[:500]
        t.heartbeat.audited(broken)
        if broken:
            t.writer.look_again()
        t.own.report("escalation", "fault" if broken else "normal", broken)

    def _forget(self) -> None:
        t = self._tocsin
        t.checks.routing(t.now())  # gaps and numbers that run out come nearer by themselves
        t.checks.calendar(t.now())
        t.writer.transact_soon(lambda tx: desk.forget_loops(tx, t.now() - LOOPS_KEPT))
        t.outward.look()
