"""Thinks. One metric of which several topics speak: what one of them says never hides what another said.

For dialects with one topic for each fact. What is not calm is learned (persisted), so that the calm word of
one topic does not end what another has raised.
"""

from functools import reduce
from hashlib import blake2s
from typing import Any

import msgspec

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import Known, Said
from ingest.dialects.hazard import CALM, graver
from ingest.reading import Decoded, Parts, Reading, TimeQuality
from ingest.value import Value

_MOST_PARTS = 50
_LONGEST_KEY = 200  # of what is learned, as it is stored


class Hearing(msgspec.Struct, gc=False):
    """What is gathered from one message about one device, to be one Decoded."""

    said: Said
    device: Device
    address: str
    values: dict[str, Value] = {}
    ends: dict[str, Value] = {}
    news: dict[str, Any] = {}

    def take(self, metric: str, value: Value | None, part: str = "") -> None:
        """`part`: which topic or entity says it, where others say the same metric."""
        if value is None:
            return
        if part and self.device.kind != UNREGISTERED:  # strangers may be invented, and would fill the store
            value = held(self.said.known, self.address, metric, part, value, self.news)
        values = self.values
        values[metric] = graver(values[metric], value) if metric in values else value

    def once(self, metric: str, value: Value, end: str, why: str) -> None:
        """What is told once and whose end nobody tells. It is over at once as far as is known, so that the
        next one is a new one; a latched alert stands all the same. What another part holds stands before and
        after: a test ends no alarm. Restored by the broker it says nothing."""
        if self.said.retained:
            return
        stands = self._stands(metric)
        self.take(metric, value if stands is None else graver(stands, value))
        if stands is None or self.values[metric] != stands:
            self.ends[metric] = (end, why) if stands is None else stands

    def _stands(self, metric: str) -> Value | None:
        key, learned = key_of(metric, self.address), self.said.known.learned
        parts: dict[str, str] = (self.news[key] if key in self.news else learned.get(key)) or {}
        words: list[Value] = [(word, name) for name, word in parts.items()]
        return reduce(graver, words) if words else None

    def result(
        self,
        moment: int | None = None,
        quality: TimeQuality = TimeQuality.RECEIVED,
        alive: bool | None = None,
        interval: int | None = None,
    ) -> Decoded | Parts:
        said, device, values = self.said, self.device.id, self.values
        received, retained = said.received, said.retained
        when = received if moment is None else moment
        in_order = [*values.items(), *self.ends.items()] if self.ends else values.items()
        readings = [
            Reading(device, metric, value, received, when, quality, retained, note)
            for metric, (value, note) in in_order
        ]
        if alive is None:
            alive = not (retained or (len(values) == 1 and "link" in values))
        decoded = Decoded(device, readings, None, None, alive, interval)
        return Parts([decoded], learned=self.news) if self.news else decoded


def held(known: Known, address: str, metric: str, part: str, value: Value, news: dict[str, Any]) -> Value:
    """The gravest of what all parts last said. What is not calm is kept in `news`, to be learned."""
    key = key_of(metric, address)
    before: dict[str, str] | None = news[key] if key in news else known.learned.get(key)
    if not before:
        if value[0] in CALM:
            return value  # as nearly always
        before = {}
    word = str(value[0])
    if before.get(part, "") == ("" if word in CALM else word) and len(before) <= (word not in CALM):
        return value  # nothing new, and nobody else has raised anything
    others = {name: word for name, word in before.items() if name != part}
    full = len(others) >= _MOST_PARTS  # a device that invents names must not make every message dear
    now = others if word in CALM or full else {**others, part: word}
    if now != before:
        news[key] = now or None
    for name, other in others.items():
        value = graver(value, (other, name))
    return value


def key_of(what: str, address: str) -> str:
    key = f"{what}:{address}"
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{what}:{blake2s(address.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"
