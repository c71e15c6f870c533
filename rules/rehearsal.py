"""Thinks. The dry run of an expression when its rule is loaded, on every kind and word it may meet."""

from collections.abc import Iterable, Iterator

from ingest.campus.device import Device, Place, Zone
from ingest.campus.kinds import METRICS, Form
from ingest.campus.registry import Registry
from ingest.reading import Reading
from rules.askable import Here
from rules.cel import Parsed, judge
from rules.rule import reportable

_MOMENTS = (1_772_409_600_000, 1_772_299_800_000)  # a Monday morning and a Sunday night of March 2026
_PLACES = (
    Place("campus", "校园", "Campus", level="campus"),
    Place("room", "房间", "Room", "campus", level="room"),
)
_CAMPUS = Registry.build(_PLACES, [Zone("zone", "分区", "Zone")])


def fails(known: Parsed, metrics: Iterable[str], kinds: Iterable[str]) -> str:
    """The first thing that it cannot be asked, in a sentence; "" where it answers everything."""
    wanted = set(metrics)
    for kind in kinds:
        for metric in sorted(wanted.intersection(reportable(kind))):
            for here in _samples(known, kind, metric):
                try:
                    judge(known, here)
                except Exception as error:
                    said = " ".join(str(error).split())[:200]
                    return f"of a {kind} whose {metric} is {here.reading.value!r} it cannot be judged: {said}"
    return ""


def _samples(known: Parsed, kind: str, metric: str) -> Iterator[Here]:
    described = METRICS[metric]
    numbers = (float(described.low), 1.5, float(described.high))
    values: tuple[float | str, ...] = numbers if described.form is Form.NUMBER else described.words
    full = Device(
        "device", kind, "room", "zone", owner="owner", gateway="gateway",
        labels=dict.fromkeys(known.labels, "label"),
    )  # fmt: skip
    bare = Device("device", kind, "campus")
    for value in values:
        for device in (full, bare):
            for moment in _MOMENTS:
                yield Here(Reading("device", metric, value, moment, moment), device, _CAMPUS)
