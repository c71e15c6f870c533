"""Thinks. Readings from the spool as columns, the cheapest shape to hand to DuckDB.

Every microsecond here holds the interpreter lock that an alarm may be waiting for: so readings are decoded
once, turned into columns at one stroke, every text is replaced by a number, and columns become arrays, which
DuckDB reads without the lock, before the next piece of the spool drives their values out of the cache.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any, TypeVar

import msgspec
import numpy as np

from ingest.reading import TimeQuality

K = TypeVar("K")

QUALITY = {str(word): number for number, word in enumerate(TimeQuality)}
RETAINED = 8  # added to the number of the quality
QUALITY_OF = f"{[*QUALITY]!r}[(flags % {RETAINED}) + 1]"  # in SQL: the word of a reading's quality

# A Reading as it lies in the spool: device, metric, value, received, event_time, quality, retained, note.
_Row = tuple[str, str, float | str, int, int, str, bool, str]
_decode = msgspec.msgpack.Decoder(list[_Row]).decode


class Numbered(dict[K, int]):
    """Everything it is asked for has a number: what is new gets the next one, from 1."""

    def __missing__(self, key: K) -> int:
        number = self[key] = len(self) + 1
        return number


class Batch:
    """Readings on their way into one transaction. `points` numbers (device, metric)."""

    def __init__(self, points: Numbered[tuple[str, str]]) -> None:
        self._points = points
        self._known = len(points)
        self._texts: Numbered[str] = Numbered()  # word or note → its place in `texts()`
        self._pieces: list[dict[str, Any]] = []
        self._count = 0
        self.position = 0

    def __len__(self) -> int:
        return self._count

    def add(self, position: int, blob: bytes) -> None:
        """Append what one batch left in the spool. Raises msgspec.MsgspecError, appending nothing."""
        rows = _decode(blob)
        if rows:
            self._pieces.append(self._piece(*zip(*rows, strict=True)))
        self._count += len(rows)
        self.position = position

    def _piece(
        self,
        devices: Iterable[str],
        metrics: Iterable[str],
        values: Iterable[float | str],
        received: Iterable[int],
        event_times: Iterable[int],
        qualities: Iterable[str],
        retained: Iterable[bool],
        notes: Iterable[str],
    ) -> dict[str, Any]:
        text, time = self._texts.__getitem__, np.array(event_times, np.int64)
        flags = np.array([QUALITY.get(quality, 0) for quality in qualities], np.uint8)
        return {
            "point": np.array([*map(self._points.__getitem__, zip(devices, metrics, strict=True))], np.int32),
            "time": time,
            "delay": np.array(received, np.int64) - time,
            "value": np.array([one if one.__class__ is float else 0.0 for one in values], np.float64),
            "word": np.array([text(one) if one.__class__ is str else 0 for one in values], np.int32),
            "flags": flags + np.array(retained, np.uint8) * np.uint8(RETAINED),
            "note": np.array([text(note) if note else 0 for note in notes], np.int32),
        }

    def columns(self) -> dict[str, Any]:
        """As arrays of one length; `word` and `note` are places in `texts()`, counted from 1, 0 for none."""
        return {name: np.concatenate([piece[name] for piece in self._pieces]) for name in self._pieces[0]}

    def texts(self) -> list[str]:
        return list(self._texts) or [""]

    def new(self) -> list[tuple[int, str, str]]:
        """The points that nobody knew before this batch: the caller must store them with it."""
        found = islice(self._points.items(), self._known, None)
        return [(number, device, metric) for (device, metric), number in found]
