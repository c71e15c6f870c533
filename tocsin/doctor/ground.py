"""Touches. Where the probes of one visit are made, what they leave behind, and how that is removed."""

import contextlib
import threading
from dataclasses import dataclass, field, replace

from ingest.campus.device import OWN
from tocsin.doctor.link import Door, Interrupted, Link, Login, NoLink

CLEANING = 10.0  # seconds


@dataclass
class Ground:
    """Every client id and topic of a visit bears its `mark`. The topic is one that Tocsin never reads."""

    door: Door
    own: Login
    base: str
    mark: str
    admitted: bool  # whether the broker takes our own account
    sessions: set[str] = field(default_factory=set)  # client ids whose sessions the broker may still keep
    retained: set[str] = field(default_factory=set)  # topics that may still hold a message of ours
    _cleaning: threading.Lock = field(default_factory=threading.Lock)

    @property
    def topic(self) -> str:
        return f"{self.base}/doctor-probe-{self.mark}/command"

    @property
    def own_link(self) -> str:
        """An empty message there means nothing to anybody: it is Tocsin's own, and no device's."""
        return f"{self.base}/{OWN}/link"

    def name(self, letter: str) -> str:
        """A client id: at most 23 characters, which every broker must take."""
        return f"tocsin-doctor-{self.mark}-{letter}"

    def payload(self, what: str) -> bytes:
        return f"tocsin doctor {self.mark} {what}".encode()

    def link(self, letter: str, expiry: int = 0, holding: bool = False) -> Link:
        """A connection with Tocsin's own account; a session that outlives it is written down first."""
        if expiry:
            self.sessions.add(self.name(letter))
        return Link(self.door, self.name(letter), self.own, expiry, holding)

    def clean(self) -> bool:
        """Remove what is left, also after an interruption; whether nothing is."""
        with self._cleaning:  # a probe that ends may be at it
            self._clean()
        return not (self.sessions or self.retained)

    def _clean(self) -> None:
        door = replace(self.door, stop=threading.Event())
        end = threading.Timer(CLEANING, door.stop.set)
        end.start()
        while (self.sessions or self.retained) and not door.stop.wait(0.05):
            with contextlib.suppress(
                NoLink, Interrupted
            ):  # a probe that ends may take the name away once more
                self._remove(door)
        end.cancel()

    def _remove(self, door: Door) -> None:
        for name in sorted(self.sessions):
            with Link(door, name, self.own):
                self.sessions.discard(name)
        while self.retained:
            topic = next(iter(self.retained))
            with Link(door, self.name("c"), self.own) as link:
                link.publish(topic, [b""], retain=True)
                self.retained.discard(topic)
