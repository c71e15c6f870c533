"""Thinks. A device that floods: its repetitions are merged, what is new in them is not.

While a device sends more than LIMIT messages a second, each word of each metric passes at once, once a
second, and what it said last passes at the end of the second; of a number also the lowest and the highest.
So its first alarm is raised as ever, a peak is judged, the history keeps what changed, and nobody else's
alarm waits behind five thousand equal readings.

What a broker kept for us while we were away comes at once and is no flood: who was not heard for a while may
bring what it would have said meanwhile.
"""

from collections.abc import Mapping

import msgspec

from ingest.bilingual import both
from ingest.campus.kinds import METRICS, Form
from ingest.reading import Reading, TimeQuality

LIMIT = 50  # messages a second: ten times what a busy gateway sends for itself
_TOO_MANY = both(f"一秒内超过 {LIMIT} 条消息", f"more than {LIMIT} messages in a second")
AWAY = 10  # seconds unheard until something can have been kept for us
OWED = 10  # messages that a device may have said in each of them
MOST_OWED = 10_000
CALM = 10_000  # ms without such a second until it is over


class _Pace:
    """One device: the last second in which it was heard, how often in that, and what it may still bring of
    the time in which it was not."""

    __slots__ = ("count", "owed", "second")

    def __init__(self, second: int) -> None:
        self.second = second
        self.count = 0
        self.owed = 0

    def begin(self, second: int) -> None:
        """Its first message of another second."""
        away = second - self.second
        self.second, self.count = second, 0
        if away > AWAY:
            self.owed = min(MOST_OWED, away * OWED)

    def kept_for_us(self) -> bool:
        if not self.owed:
            return False
        self.owed -= 1
        return True


class Floods:
    """Owned by the writer thread. `sift` is called for every message, so it only counts."""

    def __init__(self, heard: Mapping[str, int] | None = None) -> None:
        """`heard`: when each device was last heard (ms), as stored."""
        self._paces = {device: _Pace(at // 1000) for device, at in (heard or {}).items()}
        self._floods: dict[str, _Flood] = {}

    def sift(self, device: str, readings: list[Reading], received: int) -> list[Reading]:
        """What is to be judged and kept of a message."""
        second = received // 1000
        pace = self._paces.get(device)
        if pace is None:
            pace = self._paces[device] = _Pace(second)
        if pace.second != second:
            pace.begin(second)
        count = pace.count = pace.count + 1
        if device not in self._floods and (count <= LIMIT or pace.kept_for_us()):
            return readings
        flood, begun = self._floods.get(device), []
        if flood is None:
            flood = self._floods[device] = _Flood()
            begun = [_said(device, "fault", received, _TOO_MANY)]
        if count > LIMIT:
            flood.busy = received
        return [*begun, *flood.sift(readings, received)]

    def due(self, now: int) -> list[Reading]:
        """What was held back for long enough, and whose flood is over."""
        found: list[Reading] = []
        for device, flood in list(self._floods.items()):
            found += flood.released(now)
            if now - flood.busy >= CALM:
                del self._floods[device]
                found.append(
                    _said(
                        device,
                        "normal",
                        now,
                        both(f"合并了 {flood.merged} 条读数", f"{flood.merged} readings were merged"),
                    )
                )
        return found


class _Flood:
    """One device in flood: what passed in this second, and what is held until its end."""

    def __init__(self) -> None:
        self.busy = 0
        self.merged = 0
        self._second = -1
        self._passed: set[tuple[str, float | str, int]] = set()
        self._last: dict[str, float | str] = {}  # metric → what passed last
        self._held: dict[str, list[Reading]] = {}

    def sift(self, readings: list[Reading], received: int) -> list[Reading]:
        found = self.released(received)
        for reading in readings:
            value = reading.value
            if reading.retained or reading.time_quality is TimeQuality.HISTORIC:
                found += self._of_the_past(reading)
                continue
            key = reading.metric, value if isinstance(value, str) else "", 0
            if key not in self._passed:
                self._passed.add(key)
                self._last[reading.metric] = value
                self._held.pop(reading.metric, None)
                found.append(reading)
            else:
                self.merged += 1
                self._hold(reading)
        return found

    def _of_the_past(self, reading: Reading) -> list[Reading]:
        """What is restored or replayed says nothing of now, so it must not stand for what is said live."""
        replayed = reading.time_quality is TimeQuality.HISTORIC  # each moment of it is news for the history
        value = reading.value if replayed or isinstance(reading.value, str) else ""
        key = reading.metric, value, reading.event_time if replayed else -1
        if key in self._passed:
            self.merged += 1
            return []
        self._passed.add(key)
        return [reading]

    def _hold(self, reading: Reading) -> None:
        form, value = METRICS[reading.metric].form, reading.value
        if form is Form.EVENT:
            return
        held = self._held.get(reading.metric, [])
        if form is Form.NUMBER and held and isinstance(value, float):
            numbers = [one for one in held if isinstance(one.value, float)]
            extremes = [pick([*numbers, reading], key=_number) for pick in (min, max)]
            held = [one for one in held if any(one is extreme for extreme in extremes)]
            self._held[reading.metric] = [*held, reading]
        else:
            self._held[reading.metric] = [reading]

    def released(self, now: int) -> list[Reading]:
        """At the end of its second, what was held, where it says something else than what passed last."""
        if now // 1000 == self._second:
            return []
        held, self._held = self._held, {}
        self._second = now // 1000
        self._passed = set()
        found: list[Reading] = []
        for metric, readings in held.items():
            said = self._last.get(metric)
            for reading in readings:
                if reading.value != said:
                    said = reading.value
                    found.append(msgspec.structs.replace(reading, received=now))
        for reading in found:
            self._last[reading.metric] = reading.value
            self._passed.add((reading.metric, reading.value if isinstance(reading.value, str) else "", 0))
        return found


def _number(reading: Reading) -> float:
    assert isinstance(reading.value, float)
    return reading.value


def _said(device: str, word: str, moment: int, note: str) -> Reading:
    return Reading(device, "flooding", word, moment, moment, note=note)
