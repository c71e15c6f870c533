"""Thinks. Supervision: which devices report as they should, which are late, and which have fallen silent.

A device is late when nothing was heard for its interval and a grace, silent after one and a half intervals,
or at once when its last will says that it is gone. What is found are readings of the metric `supervision`,
for the rules to judge like any other. Moments are ms; an interval of 0 means: only the last will counts.
"""

import heapq
from collections.abc import Mapping

from ingest.campus.registry import Registry
from ingest.reading import Reading

REPORTING, LATE, SILENT = "reporting", "late", "silent"
START_GRACE = 120_000  # after our own start nobody is late for so long: they could not be heard before
MOST_GRACE = 60_000  # the grace is a tenth of the interval, and at most this
SET_BACK = 60_000  # a moment so far before the last one: our own clock was set back


class Supervision:
    """Who was heard when. `hear` is called for every message, so it only notes the moment.

    Deadlines wait in a heap and are looked at again when they come up: whoever was heard in between goes
    back into it with the new one. Of a device only the entry named in `_queued` is valid.
    """

    def __init__(self, registry: Registry, started: int, heard: Mapping[str, int]) -> None:
        """`started`: since when this process listens. `heard`: when each device was last heard, as stored;
        a device that never was counts from `started`."""
        self._started = started
        self._intervals = {d.id: d.expected_interval * 1000 for d in registry.devices.values()}
        self._sleepy = {d.id for d in registry.devices.values() if d.sleepy}
        # a stored moment in the future (our clock was wrong then) must not make us wait for it
        self._heard = {device: min(heard.get(device, started), started) for device in self._intervals}
        self._worse: dict[str, str] = {}  # only the devices that are late or silent
        self._queue_all()

    def restore(self, states: Mapping[str, str]) -> None:
        """The last word of each device's supervision before a restart, so that nothing is said twice."""
        self._worse = {d: s for d, s in states.items() if d in self._intervals and s in (LATE, SILENT)}
        self._queue_all()

    def replace(self, registry: Registry, now: int) -> "Supervision":
        """The same knowledge for a changed registry; a device that is new in it has its interval from now."""
        new = Supervision(registry, self._started, {})
        new._heard = {device: self._heard.get(device, now) for device in new._intervals}
        new.restore(self._worse)
        return new

    def hear(self, device: str, moment: int) -> Reading | None:
        """A sign of life; the reading "reporting" if the device was late or silent."""
        if device in self._worse or moment < self._heard.get(device, 0):
            return self._hear_again(device, moment)
        self._heard[device] = moment
        return None

    def offline(self, device: str, moment: int) -> Reading | None:
        """Its last will: silent at once, unless it disconnects on purpose or is silent already."""
        if device not in self._intervals or device in self._sleepy or self._worse.get(device) == SILENT:
            return None
        self._worse[device] = SILENT
        return _said(device, SILENT, moment, "its connection was lost (last will)")

    def due(self, until: int) -> list[Reading]:
        """Who became late or silent up to this moment, in order of time, each with its own moment."""
        found: list[Reading] = []
        while self._heap and self._heap[0][0] <= until:
            moment, device = heapq.heappop(self._heap)
            if self._queued.get(device) != moment:
                continue
            del self._queued[device]
            if self._deadline(device) == moment:
                found.append(self._worsen(device, moment))
            self._queue(device)  # also whoever was heard since, or fell silent: its place was out of date
        return found

    def next_due(self) -> int | None:
        """When to call `due` next; None while nothing is waited for. By then it may find that all is well."""
        return self._heap[0][0] if self._heap else None

    def _hear_again(self, device: str, moment: int) -> Reading | None:
        last = self._heard.get(device, 0)
        if moment > last or last - moment > SET_BACK:
            self._heard[device] = moment
        was = self._worse.pop(device, None)
        if device in self._intervals:
            self._queue(device)
        return None if was is None else _said(device, REPORTING, moment, f"was {was}")

    def _worsen(self, device: str, moment: int) -> Reading:
        silent = self._worse.get(device) == LATE or moment >= self._silent_at(device)
        word = self._worse[device] = SILENT if silent else LATE
        return _said(device, word, moment, f"nothing heard for {_span(moment - self._heard[device])}")

    def _deadline(self, device: str) -> int | None:
        interval, state = self._intervals[device], self._worse.get(device)
        if interval == 0 or state == SILENT:
            return None
        if state == LATE:
            return self._silent_at(device)
        return self._not_at_start(device, self._heard[device] + interval + min(interval // 10, MOST_GRACE))

    def _silent_at(self, device: str) -> int:
        return self._not_at_start(device, self._heard[device] + self._intervals[device] * 3 // 2)

    def _not_at_start(self, device: str, moment: int) -> int:
        return max(moment, self._started + min(self._intervals[device], START_GRACE))

    def _queue(self, device: str) -> None:
        """Put a device's deadline into the heap, unless an entry that comes up no later is there already."""
        deadline = self._deadline(device)
        if deadline is not None and deadline < self._queued.get(device, deadline + 1):
            self._queued[device] = deadline
            heapq.heappush(self._heap, (deadline, device))

    def _queue_all(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._queued: dict[str, int] = {}
        for device in self._intervals:
            self._queue(device)


def _said(device: str, word: str, moment: int, note: str) -> Reading:
    return Reading(device, "supervision", word, moment, moment, note=note)


def _span(ms: int) -> str:
    seconds = ms // 1000
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
