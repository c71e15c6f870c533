"""Thinks. From the named metrics of a Sparkplug B message to readings.

A device tells only what has changed, so of several metrics that mean the same (`Hall 1/Alarm` and
`Hall 2/Alarm`) and of a test the last state is kept: the calm word of one never ends what another has raised.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, Form
from ingest.dialects.late import historic
from ingest.dialects.properties import lasts, understood
from ingest.dialects.sparkplug.node import Node
from ingest.dialects.sparkplug.payload import Metric
from ingest.moment import event_time
from ingest.reading import Decoded, Reading
from ingest.value import UNKNOWN, Value

Named = list[tuple[str, Metric]]

_SECONDS = 100_000_000_000  # in ms this is 1973, in s the year 5138: below it a sloppy sender sent seconds
_EVENTS = {name for name, metric in METRICS.items() if metric.form is Form.EVENT}
_DOUBTED: Value = (UNKNOWN, "told before a birth: its alias may stand for something else by now")


class _Told:
    """The metrics of one message: what is true now, what has no good value, and what was kept for later."""

    def __init__(self, named: Named) -> None:
        self.body: dict[str, Any] = {}
        self.moments: dict[str, int] = {}
        self.gone: dict[str, bool] = {}  # without a value: whether it is said to be null
        self.past: Named = []
        for pair in named:
            name, metric = pair
            if metric.historical:
                self.past.append(pair)
            elif metric.value is None:
                self.gone[name] = metric.null
            else:
                self.body[name] = metric.value
            if metric.timestamp:
                self.moments[name] = metric.timestamp


def heard(node: Node, device: Device, address: str, named: Named, birth: bool, doubted: bool) -> Decoded:
    """What the metrics of one device say. `birth`: they are all it has, and nothing has just happened."""
    said, told = node.said, _Told(named)
    received, retained, whole = said.received, said.retained, _ms(node.payload.timestamp)
    sources: dict[str, str] = {}
    values = understood(told.body, device.kind, sources)
    if told.gone:
        _blank(values, told.gone, device.kind)
    if doubted:  # an alarm is told all the same
        values = {of: value if value[0] == "alarm" else _DOUBTED for of, value in values.items()}
    else:
        _merge(node, address, device.kind, values, told, birth)
    readings = []
    for metric, (value, note) in values.items():
        if retained and metric in _EVENTS:
            continue
        at = told.moments.get(sources[metric]) if told.moments and metric in sources else None
        moment, quality = event_time(_ms(at) if at else whole, received, retained)
        kept = retained or (birth and metric in _EVENTS)
        readings.append(Reading(device.id, metric, value, received, moment, quality, kept, note))
    if told.past:
        readings += _past(node, device, told.past)
        return Decoded(device.id, readings, alive=not retained and len(told.past) < len(named))
    return Decoded(device.id, readings, alive=not retained)


def ambiguous(named: Iterable[tuple[str, Metric]], kind: str) -> list[str]:
    """Numbers that several metrics of one device tell (`Room 1/Temperature`, `Room 2/Temperature`): nobody
    knows which one is meant."""
    names = {name for name, _ in named if lasts(name) is False}
    found = Counter(metric for name in names for metric in understood({name: 0}, kind))
    return sorted(metric for metric, times in found.items() if times > 1)


def _blank(values: dict[str, Value], gone: dict[str, bool], kind: str) -> None:
    """What is null is unknown: of which metric, a value would tell."""
    for metric in understood({name: 0 for name, null in gone.items() if null}, kind):
        if metric not in _EVENTS:
            values.setdefault(metric, (UNKNOWN, "no good value"))


def _merge(node: Node, address: str, kind: str, values: dict[str, Value], told: _Told, birth: bool) -> None:
    """What lasts of what was told before is heard together with what is told now."""
    states = {name: raw for name, raw in told.body.items() if lasts(name)}
    if not (states or told.gone or birth):
        return
    before = {} if birth else node.states(address)
    now = {name: raw for name, raw in (before | states).items() if name not in told.gone}
    if now != before:
        node.keep(address, now)
    if not before or now == states:
        return
    was = understood(before, kind)
    for metric, value in understood(now, kind).items():
        if metric in values or was.get(metric) != value:
            values[metric] = value


def _past(node: Node, device: Device, past: Named) -> list[Reading]:
    """What the node kept while it was not connected: for the history."""
    received = node.said.received
    readings: list[Reading] = []
    for name, metric in past:
        if metric.value is None:
            continue
        told = _ms(metric.timestamp or node.payload.timestamp)
        found = [
            Reading(device.id, of, value, received, received, note=note, retained=node.said.retained)
            for of, (value, note) in understood({name: metric.value}, device.kind).items()
        ]
        readings += historic(found, told, received)
    return readings


def _ms(told: int | None) -> int | None:
    return told * 1000 if told is not None and 0 < told < _SECONDS else told or None
