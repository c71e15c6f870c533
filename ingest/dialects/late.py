"""Thinks. What was replayed from a device's memory: for the history; an alarm in it is told once, as late."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from ingest.bilingual import both
from ingest.campus.kinds import METRICS
from ingest.moment import AHEAD
from ingest.reading import Reading, TimeQuality

_ALARMS = {metric.name for metric in METRICS.values() if "alarm" in metric.words}
EPOCH_2000 = 946_684_800_000  # a clock that says less was never set: that is no moment of the past


def historic(readings: Iterable[Reading], moment: int | None, received: int) -> list[Reading]:
    """The same readings as of `moment` (ms), judged by no rule, and a `late_alarm` for each alarm of them."""
    plausible = moment is not None and EPOCH_2000 < moment <= received + AHEAD
    when = moment if moment is not None and plausible else received
    made: list[Reading] = []
    for reading in readings:
        made.append(msgspec.structs.replace(reading, event_time=when, time_quality=TimeQuality.HISTORIC))
        if reading.value == "alarm" and reading.metric in _ALARMS and not reading.retained:
            said = datetime.fromtimestamp(when / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            metric, at = METRICS[reading.metric].zh, said if plausible else ""
            note = both(f"{metric}，{at or '时间不明'}", f"{reading.metric} at {at or 'an unknown time'}")
            made.append(Reading(reading.device, "late_alarm", "alarm", received, received, note=note))
    return made
