"""Touches. Whether what waits outlives the broker: leaves a message, waits for a restart, comes back."""

import time
from collections.abc import Callable

from tocsin.doctor.finding import Finding, found
from tocsin.doctor.ground import Ground
from tocsin.doctor.keeping import IDLE, PROBE_EXPIRY
from tocsin.doctor.link import NoLink

PATIENCE = 300  # seconds for the administrator
SAVED = 7.0  # seconds in which a broker has written what waits (the shipped one: every 5)
AGAIN = 0.5


def look_through_restart(ground: Ground, tell: Callable[[], None]) -> list[Finding]:
    """`tell` asks the administrator to restart the broker now."""
    said = ground.payload("over a restart")
    with ground.link("k", PROBE_EXPIRY) as link:
        link.subscribe(ground.topic)
    with ground.link("w") as writer:
        writer.publish(ground.topic, [said])
        writer.wait(lambda: False, SAVED)
        tell()
        try:
            writer.wait(lambda: False, PATIENCE)
            return [found("restart_never_came", seconds=PATIENCE)]
        except NoLink:
            pass
    try:
        return _come_back(ground, said)
    finally:
        if not ground.door.stop.is_set():
            ground.clean()


def _come_back(ground: Ground, said: bytes) -> list[Finding]:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with ground.link("k", PROBE_EXPIRY) as link:
                link.quiet(IDLE, 5.0)
                kept = said in link.payloads()
            return [found("restart_kept" if kept else "restart_lost")]
        except NoLink as error:
            if error.kind not in ("closed", "hung_up", "unreachable", "silent") or time.monotonic() > end:
                return [found("restart_gone", why=error.why or error.kind)]
            ground.door.stop.wait(AGAIN)
