"""Thinks. What the events of one DC-09 line say of the panel and its points, and whether it came before."""

from hashlib import blake2s
from typing import Any

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import Said
from ingest.dialects.held import held, key_of
from ingest.dialects.siadc09.codes import HAZARD, Effect, Meaning, hazard
from ingest.dialects.siadc09.line import Event, Line
from ingest.moment import event_time
from ingest.reading import Announced, Decoded, Parts, Reading, Reason
from ingest.value import Value

AGAIN = 600_000  # ms in which a panel repeats what was not confirmed
MOST_NUMBERS = 8  # lines of an account that are remembered

_LIKELY = {
    "smoke": "smoke_detector",
    "heat": "heat_detector",
    "flame": "flame_detector",
    "water_flow": "flow_switch",
    "gas": "gas_detector",
    "co": "co_detector",
    "call_point": "call_point",
    "leak": "water_leak",
    "intrusion": "perimeter",
}


class Told(msgspec.Struct, frozen=True):
    """What a line says of an account; `why` is the reason for which it cannot be read, "" mostly."""

    account: str = ""
    events: tuple[tuple[Event, Meaning | None], ...] = ()
    moment: int | None = None
    why: str = ""
    reason: Reason = Reason.MALFORMED
    data: str = ""

    @property
    def understood(self) -> bool:
        """Whether it means something to us, so that it may be confirmed."""
        return not self.why and (not self.events or any(meaning for _, meaning in self.events))


class Hearing:
    """What one line says, added to `parts`. A whole line is a sign of life of its panel."""

    def __init__(self, said: Said, told: Told, only: frozenset[str] | None, parts: Parts) -> None:
        """`only`: the words that count of a line whose sum is wrong."""
        self.said, self.told, self.account, self.parts = said, told, told.account, parts
        self._only = only
        self._alive = only is None and not said.retained
        self._note = "" if only is None else "the checksum is wrong"
        self._when = event_time(told.moment, said.received, said.retained)
        self._heard: dict[str, Decoded] = {}
        self._of(self.account, "fire_panel", "")

    def repeated(self, line: Line) -> bool:
        """Whether the panel says again what it has said. Nobody but a registered panel is remembered, since
        others may be invented. A message may be decoded twice: with the same moment it is the same message.
        """
        known, received = self.said.known, self.said.received
        if known.registered(self.account) is None:
            return False
        text = "\n".join((line.number, line.receiver, line.line, self.told.data)).encode("utf-8", "replace")
        digest = blake2s(text, digest_size=8).hexdigest()
        stamp = self.told.moment
        key = key_of("numbers", self.account)
        learned = self.parts.learned
        before: list[list[Any]] = (learned[key] if key in learned else known.learned.get(key)) or []
        same = [one for one in before if one[0] == digest]
        if any(one[2] == received for one in same):
            return False
        if stamp and any(one[1] == stamp for one in same):
            return True
        if same and same[-1] is before[-1] and 0 <= received - same[-1][2] <= AGAIN:
            return True
        learned[key] = [*before, [digest, stamp, received]][-MOST_NUMBERS:]
        return False

    def take(self, event: Event, meaning: Meaning) -> None:
        effects = [one for one in meaning.effects if self._only is None or one.word in self._only]
        if not effects:
            return
        address, below = self._place(event, meaning)
        likely = _LIKELY.get(effects[0].family, "") if below else "fire_panel"
        device = self._of(address, likely, event.text)
        where = "" if below else _inside(event, meaning)
        values: dict[str, Value] = {}
        for effect in effects:
            metric = hazard(effect.family, device.kind) if effect.metric == HAZARD else effect.metric
            # The last word of a line on a metric counts: it knows what the others have ended.
            values[metric] = self._held(device, address, metric, effect, f"{effect.part}{where}")
        for metric, (word, note) in values.items():
            self._say(device, metric, word, "; ".join(filter(None, (note, event.text, self._note))))

    def _place(self, event: Event, meaning: Meaning) -> tuple[str, bool]:
        """The address of what an event is of, and whether that is a point below the panel."""
        if not meaning.point or not event.zone:
            return self.account, False
        by_zone = f"{self.account}/{event.zone}"
        by_area = f"{self.account}/{event.area}/{event.zone}" if event.area else by_zone
        registered = self.said.known.registered
        found = next((one for one in (by_area, by_zone) if registered(one) is not None), by_area)
        return found, True

    def _held(self, device: Device, address: str, metric: str, effect: Effect, part: str) -> Value:
        value = effect.word, effect.note
        if device.kind == UNREGISTERED:
            return value
        return held(self.said.known, address, metric, part, value, self.parts.learned)

    def _of(self, address: str, likely: str, name: str) -> Device:
        device = self.said.known.find(address)
        if device.id not in self._heard:
            decoded = self._heard[device.id] = Decoded(device.id, [], alive=self._alive)
            self.parts.heard.append(decoded)
            if device.kind == UNREGISTERED:
                self.parts.announced.append(Announced(address, likely, name))
        return device

    def _say(self, device: Device, metric: str, word: float | str, note: str) -> None:
        said, (moment, quality) = self.said, self._when
        reading = Reading(device.id, metric, word, said.received, moment, quality, said.retained, note)
        self._heard[device.id].readings.append(reading)


def _inside(event: Event, meaning: Meaning) -> str:
    """What tells apart the things of a panel that are no points of their own: lines, modules, areas."""
    number = "" if meaning.point else event.zone
    return "".join(f" {one}" for one in (f"area {event.area}" if event.area else "", number) if one)
