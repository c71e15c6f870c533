"""Thinks. What is known of an edge node of Sparkplug B: its births, its aliases, how far it has counted.

It is learned, so that it survives a restart: `node:` how far a node has come, `names:` the aliases of a birth
certificate, `now:` the states of a device that last until another is told (it tells only what has changed).
With every birth and death of the node a new `life` begins; aliases of an earlier one are not trusted.
"""

from collections.abc import Mapping
from typing import Any

from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import Said
from ingest.dialects.held import key_of
from ingest.dialects.sparkplug.payload import Metric, Payload, rebirth
from ingest.reading import Decoded, Parts, Reading

ROOM = 600  # keys learned in all while strangers may add some: who is registered always may
STRANGERS_NAMES = 256  # aliases kept of a stranger, whose names may be invented
_AGAIN = 60_000  # ms between two requests to one node
_NUMBERS = 256  # the sequence number begins again after so many
_SHORT = 100  # characters of a name or a text that are remembered


class Node:
    """The node that a message is of, and what the message changes about it."""

    def __init__(self, said: Said, payload: Payload, address: str) -> None:
        self.said, self.payload, self.address = said, payload, address
        self.parts = Parts()
        self._learned = said.known.learned
        self._before: dict[str, Any] = self._learned.get(key_of("node", address)) or {}
        self.state = dict(self._before)
        self.registered = said.device.kind != UNREGISTERED or said.known.registered(address) is not None

    @property
    def life(self) -> int:
        return int(self.state.get("life", 0))

    @property
    def born(self) -> bool:
        """Whether this life began with a birth that was heard."""
        return bool(self.state.get("born"))

    @property
    def dead(self) -> bool:
        return bool(self.state.get("dead"))

    def count(self) -> None:
        """Follow the sequence number. That one comes twice happens, and means nothing."""
        sequence, last = self.payload.seq, self.state.get("seq")
        if self.said.retained:
            return
        if sequence is not None and sequence != last:
            self.state["seq"] = sequence
            missed = (sequence - last - 1) % _NUMBERS if last is not None else 0
            if missed:
                known = self.state.get("missed", 0)
                self.state["missed"] = known + (missed if missed <= _NUMBERS // 2 else 0)
                self.state["wanted"] = True
        if "wanted" in self.state:
            self.want()

    def want(self) -> bool:
        """A rebirth is wanted, and asked for once in a while until it comes. Whether it is asked for now."""
        said = self.said
        if said.retained or not self._may_learn(key_of("node", self.address)):
            return False
        self.state["wanted"] = True
        asked = self.state.get("asked")
        if asked is None or not 0 <= said.received - asked < _AGAIN:
            self.state["asked"] = said.received
            group, node = self.address.split("/")
            base = f"{said.known.base}/" if said.known.base else ""
            self.parts.replies.append((f"{base}{group}/NCMD/{node}", rebirth(said.received)))
            self._missed()
        return bool(self.parts.replies)

    def _missed(self) -> None:
        number, device = self.state.pop("missed", 0), self.said.known.registered(self.address)
        if number and device is not None:
            received = self.said.received
            note = "of this node and its devices together"
            reading = Reading(device.id, "sequence_gap", float(number), received, received, note=note)
            self.parts.heard.append(Decoded(device.id, [reading]))

    def begin(self, number: int | None) -> None:
        """A birth of the node: what was known of it and of its devices is over."""
        if not self.said.retained:
            kept = {key: self.state[key] for key in ("asked", "missed") if key in self.state}
            self.state = {
                "life": self.life + 1,
                "born": True,
                "bdSeq": number,
                "seq": self.payload.seq,
            } | kept

    def die(self) -> None:
        if not self.said.retained:
            kept = ("asked", "bdSeq", "missed")
            kept_now = {key: self.state[key] for key in kept if key in self.state}
            self.state = {"life": self.life + 1, "dead": True} | kept_now

    def revive(self) -> None:
        """It lives after all: its birth was missed."""
        del self.state["dead"]

    def stale(self, number: int | None) -> bool:
        """Whether a last will is that of an earlier connection: it is told late, and the node lives."""
        known = self.state.get("bdSeq")
        return self.born and known is not None and number is not None and number != known

    def children(self) -> list[str]:
        """The addresses of the devices that were born below the node."""
        begin = key_of("names", f"{self.address}/")
        return [key.removeprefix("names:") for key in self._learned if key.startswith(begin)]

    # ---- names -------------------------------------------------------------------------------------------

    def name_all(self, address: str, metrics: list[Metric], twice: list[str]) -> None:
        """A birth of the node or of a device says what its aliases mean."""
        if self.said.retained:
            return
        table = {
            str(metric.alias): [metric.name[:_SHORT], metric.datatype]
            for metric in (metrics if self.registered else metrics[:STRANGERS_NAMES])
            if metric.alias is not None
        }
        self._learn("names", address, {"life": self.life, "names": table, "twice": twice})

    def names(self, address: str) -> tuple[Mapping[str, Any], bool, list[str]]:
        """Alias → name and data type; whether they are those of the last birth; which metrics are named
        twice."""
        found = self._learned.get(key_of("names", address))
        if not found:
            return {}, True, []
        return found["names"], found["life"] == self.life, found["twice"]

    # ---- states ------------------------------------------------------------------------------------------

    def states(self, address: str) -> dict[str, Any]:
        return self._learned.get(key_of("now", address)) or {}

    def keep(self, address: str, states: dict[str, Any]) -> None:
        if states != self.states(address) and not self.said.retained:
            short = {name: raw[:_SHORT] if type(raw) is str else raw for name, raw in states.items()}
            self._learn("now", address, short or None)

    def result(self) -> Parts:
        if self.state != self._before:
            self._learn("node", self.address, self.state)
        return self.parts

    def _learn(self, what: str, address: str, value: Any) -> None:
        key = key_of(what, address)
        if self._may_learn(key):
            self.parts.learned[key] = value

    def _may_learn(self, key: str) -> bool:
        return self.registered or key in self._learned or len(self._learned) < ROOM
