"""Touches. The simulated school after a hundred days: a real history, and what went wrong."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.decode import Decoder
from ingest.history.history import History
from ingest.message import Message
from ingest.reading import Decoded, Reading, TimeQuality
from ingest.settings import BrokerSettings, HistorySettings
from tests.fakes.service import FakeHouse
from tests.servers import wait_for
from tests.spools import Spool, Told
from tocsin import campusfile
from tocsin.document import Document
from tocsin.simulate.campus import build, campus_file
from tocsin.simulate.stage import Stage

DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000
NOW = 1_795_305_600_000 // DAY * DAY + 9 * HOUR + 17 * MINUTE  # in the middle of a UTC day
AGE = 100  # days
DEVICES = 120
LIGHTS = ("emergency_light", "exit_sign")


class Source:
    name = "all"

    def settle(self, messages: Sequence[Message]) -> None:
        pass


class AgedHouse:
    """`campus` is the plain data it was registered from, `folder` where its raw rows lie."""

    def __init__(self, folder: Path, seed: int = 7, devices: int = DEVICES) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.seed = seed
        self.campus = _aged(campus_file(seed, devices), self.chance)
        document = Document()
        document.value = self.campus
        self.house = FakeHouse(folder)
        self.house.now.moment = NOW
        self.house.registry, self.house.directory = campusfile.whole(campusfile.parse(document))[:2]
        (folder / "spool").mkdir()
        self.spool = Spool(folder / "spool", NOW)
        self.history = History(
            folder / "history", self.spool.read, self.spool.epoch, HistorySettings(), Told(), self.spool.now
        )
        self.house.service = replace(self.house.service, history=self.history)

    def grow_old(self) -> None:
        """A hundred days happen: the last hours as the simulator tells them, the rest drawn by lot."""
        readings = [*self._drawn(), *self._told()]
        readings.sort(key=lambda reading: reading.event_time)
        position = self.spool.add_all([readings[at : at + 500] for at in range(0, len(readings), 500)])
        latest = self.house.latest
        latest.note(readings)
        for reading in readings:
            if reading.metric != "supervision":
                latest.hear(reading.device, reading.received)
        self.house.transact(lambda tx: latest.save(tx, 0, most=100_000)).result()
        self.history.start()
        self.history.wake()
        wait_for("the history has taken everything", lambda: self.history.cursor >= position)
        self.spool.moment += 2 * HOUR  # it may have looked for days to seal before it had them all
        wait_for("all days are sealed", self._all_sealed, 120)

    def _all_sealed(self) -> bool:
        return len(list((self.folder / "history" / "days").glob("*.parquet"))) >= AGE - 1

    def _told(self) -> Iterator[Reading]:
        """What the simulated school says in its first minutes, through the production decoder."""
        stage = Stage(build(self.seed, len(self.campus["devices"])), self.seed, NOW - 2 * HOUR)
        decoder = Decoder(self.house.registry, BrokerSettings())
        for saying in stage.due(10 * MINUTE):
            at = NOW - 2 * HOUR + saying.offset
            found = decoder.decode(Message(Source(), saying.topic, saying.payload, 1, False, False, at, 1, 1))
            if isinstance(found, Decoded):
                yield from found.readings

    def _drawn(self) -> Iterator[Reading]:
        silent = set(self.chance.sample([d["id"] for d in self.campus["devices"]], 6))
        for device in self.campus["devices"]:
            for day in range(AGE, -1, -1):
                start = (NOW // DAY - day) * DAY
                yield from _a_day(device, start, self.chance)
            yield from _now_and_then(device, self.chance, device["id"] in silent)


def _aged(campus: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """With days of installation and expiry, owners that are gone, and devices nobody ever heard."""
    places = campus["places"][-1]["id"]
    for number, device in enumerate(campus["devices"]):
        if chance.random() < 0.4:
            device["installed"] = _date(NOW - chance.randrange(500) * DAY)
        if device["kind"] in ("extinguisher", "gas_detector") and chance.random() < 0.8:
            device["expires"] = _date(NOW + chance.randrange(-60, 200) * DAY)
        if number % 11 == 0:
            device.pop("owner", None)
    campus["devices"] += [
        {"id": "never-1", "kind": "smoke_detector", "place": places},
        {"id": "never-2", "kind": "water_leak", "place": places, "owner": campus["persons"][0]["id"]},
        {"id": "quiet", "kind": "extinguisher", "place": places, "interval": 0},
    ]
    return campus


def _date(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).date().isoformat()


def _a_day(device: dict[str, Any], start: int, chance: random.Random) -> Iterator[Reading]:
    if device["id"] in ("never-1", "never-2", "quiet") or chance.random() < 0.1:
        return
    age = (NOW - start) / DAY
    battery = bool(hash_of(device["id"]) % 3)
    replaced = hash_of(device["id"]) % 7 == 1
    metric = "link_quality" if device.get("dialect") == "zigbee2mqtt" else "rssi"
    for _ in range(chance.randrange(1, 5)):
        at = start + chance.randrange(DAY)
        if at > NOW - 3 * HOUR:
            continue
        if battery:
            level = 30 + age * 0.5 if not replaced or age > 40 else 99 - (40 - age) * 0.3
            yield _reading(device, "battery", min(100.0, round(level + chance.uniform(-1, 1), 1)), at)
        if not battery or hash_of(device["id"]) % 4 == 0:  # 255 %, which is no level
            yield _reading(device, "battery", "unknown", at - 1)
        best = 120 if metric == "link_quality" else -60
        weaker = 40 if hash_of(device["id"]) % 5 == 0 and age < 7 else 0
        yield _reading(device, metric, float(best - chance.randrange(30) - weaker), at)
        for state, words in (("tamper", ("normal", "tamper")), ("fault", ("normal", "fault"))):
            odd = chance.random() < (0.4 if hash_of(device["id"]) % 9 == 0 else 0.01)
            kept = chance.random() < 0.05
            yield _reading(device, state, words[odd], at, kept)
        if chance.random() < 0.05:
            yield _reading(device, "sequence_gap", float(chance.randrange(1, 9)), at)
        if chance.random() < 0.05:
            yield _reading(device, "clock_error", float(chance.randrange(-200, 200)), at)


def _now_and_then(device: dict[str, Any], chance: random.Random, silent: bool) -> Iterator[Reading]:
    if device["kind"] in LIGHTS:
        for metric, most in (("function_test", 60), ("duration_test", 99), ("self_test", 99)):
            for _ in range(chance.randrange(3)):
                at = NOW - chance.randrange(4 * HOUR, most * DAY)
                yield _reading(device, metric, chance.choice(("passed", "passed", "failed")), at)
    if silent:
        at = NOW - chance.randrange(10 * MINUTE, 3 * DAY)
        word = chance.choice(("late", "silent", "silent", "unknown"))
        yield _reading(device, "supervision", word, at)


def _reading(device: dict[str, Any], metric: str, value: float | str, at: int, kept: bool = False) -> Reading:
    return Reading(device["id"], metric, value, at, at, TimeQuality.RECEIVED, kept)


def hash_of(name: str) -> int:
    """The same in every process."""
    return sum(ord(letter) * place for place, letter in enumerate(name, 7))
