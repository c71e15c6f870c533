"""Thinks. How wrong the clocks of devices are: what they say, less when it was heard.

A message may be late but never early, so of some messages the one with the smallest lag tells the clock best:
a clock is behind only if every one of them says so, and ahead only if two of them do.
"""

from collections.abc import Mapping, Sequence

from ingest.bilingual import both
from ingest.reading import Decoded, Reading, TimeQuality

TOLERANCE = 5_000  # ms by which a clock may be off
SPAN = 600_000  # ms that the messages compared must spread over: what was held back comes together
LEAST = 3  # messages compared at least
AGAIN = 6 * 3_600_000  # ms until a clock that is still wrong, by about as much, is told again
IMPLAUSIBLE = both(
    "时间不可信：落后一天以上，或超前数分钟",
    "no plausible time: more than a day behind, or some minutes ahead",
)

_RECEIVED, _DEVICE, _HISTORIC = TimeQuality.RECEIVED, TimeQuality.DEVICE, TimeQuality.HISTORIC
_FAR = 1 << 60


class _Clock:
    """One device: the messages of the present span, and what was told last (None: its clock is right)."""

    __slots__ = ("began", "count", "implausible", "least", "second", "told", "told_at")

    def __init__(self, began: int, told: float | str | None = None) -> None:
        self.told = told
        self.told_at = began
        self.start(began)

    def start(self, began: int) -> None:
        self.began = began
        self.count = 0
        self.implausible = 0
        self.least = self.second = _FAR  # the two smallest lags


class Clocks:
    """`hear` is called for every live message, and most devices send no time at all."""

    def __init__(self, told: Mapping[str, Reading] | None = None, now: int = 0) -> None:
        """`told`: the latest reading of every device's clock, as stored."""
        values = {device: reading.value for device, reading in (told or {}).items()}
        self._clocks = {device: _Clock(now, error) for device, error in values.items() if not _right(error)}

    def hear(self, decoded: Decoded, moment: int) -> Sequence[Reading]:
        """The reading of the clock's error when it is found wrong, much more wrong, or right again."""
        if not decoded.readings:
            return ()
        first = decoded.readings[0]
        quality = first.time_quality
        if quality is _RECEIVED or quality is _HISTORIC:
            return ()
        clock = self._clocks.get(decoded.device)
        if clock is None:
            clock = self._clocks[decoded.device] = _Clock(moment)
        clock.count += 1
        if quality is _DEVICE:
            lag = first.received - first.event_time
            if lag < clock.second:
                clock.least, clock.second = (lag, clock.least) if lag < clock.least else (clock.least, lag)
        else:
            clock.implausible += 1
        if moment - clock.began < SPAN or clock.count < LEAST:
            return ()
        return _judge(decoded.device, clock, moment)


def _judge(device: str, clock: _Clock, moment: int) -> Sequence[Reading]:
    error: float | str = 0.0
    if clock.implausible * 2 > clock.count:
        error = "unknown"
    elif clock.least > TOLERANCE:
        error = -clock.least / 1000
    elif clock.second < -TOLERANCE:
        error = -clock.second / 1000
    clock.start(moment)
    if not _news(clock, error, moment):
        return ()
    clock.told, clock.told_at = (None if error == 0.0 else error), moment
    return (Reading(device, "clock_error", error, moment, moment, note=_note(error)),)


def _news(clock: _Clock, error: float | str, moment: int) -> bool:
    told = clock.told
    if told is None or error == 0.0:
        return (told is None) != (error == 0.0)
    if isinstance(error, str) or isinstance(told, str):
        return error != told or moment - clock.told_at >= AGAIN
    return abs(error - told) > max(TOLERANCE / 1000, abs(told) / 2) or moment - clock.told_at >= AGAIN


def _right(value: float | str) -> bool:
    return not isinstance(value, str) and abs(value) <= TOLERANCE / 1000


def _note(error: float | str) -> str:
    if isinstance(error, str):
        return IMPLAUSIBLE
    if error == 0.0:
        return both("已恢复准确", "right again")
    if error > 0:
        return both("超前", "ahead")
    return both("落后，或消息积压了这么久", "behind, or it holds its messages back for so long")
