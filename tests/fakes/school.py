"""Thinks. The simulated school as the product sees it: its registry, and a decoder to hear it with."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Reading, Rejected
from ingest.settings import BrokerSettings
from tocsin.simulate.campus import Campus, build, campus_file
from tocsin.simulate.speech import Saying
from tocsin.simulate.stage import Stage

SEED = 7
START = 1_795_337_000_123
MINUTE = 60_000


class Nowhere:
    """A source that needs no telling."""

    name = "nowhere"

    def settle(self, messages: Sequence[Message]) -> None:
        pass


def registry(file: dict[str, Any]) -> Registry:
    return Registry.build(
        msgspec.convert(file["places"], list[Place]),
        msgspec.convert(file["zones"], list[Zone]),
        msgspec.convert(file["devices"], list[Device]),
    )


class School:
    """The simulated campus, heard through our own decoder."""

    def __init__(self, seed: int = SEED, devices: int = 300, start: int = START, rate: float = 1.0) -> None:
        self.campus: Campus = build(seed, devices)
        self.stage = Stage(self.campus, seed, start, rate)
        self.registry = registry(campus_file(seed, devices))
        self.rejected: list[Rejected] = []
        self.sayings: list[Saying] = []
        self._start = start
        self._decoder = Decoder(self.registry, BrokerSettings())

    def pass_time(self, until: int) -> list[Reading]:
        """What the product reads of all that is said up to offset `until` (ms)."""
        said = self.stage.due(until)
        self.sayings += said
        return [reading for saying in said for reading in self.hear(saying)]

    def hear(self, saying: Saying, retained: bool = False) -> list[Reading]:
        received = self._start + saying.offset
        result = self._decoder.decode(
            Message(Nowhere(), saying.topic, saying.payload, received, saying.qos, retained)
        )
        if isinstance(result, Rejected):
            self.rejected.append(result)
        return result.readings if isinstance(result, Decoded) else []

    def said_by(self, device: str) -> list[dict[str, Any]]:
        """The payloads a device of Tocsin's own dialect has sent so far."""
        topic = f"campus/{device}/reading"
        return [json.loads(saying.payload) for saying in self.sayings if saying.topic == topic]
