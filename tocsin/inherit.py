"""Touches. An alert of a device that nobody had registered goes over to the registered one: the same alert,
with its code and whoever has taken it, and from now on with the place and the words of that device."""

from collections.abc import Collection, Iterator, Mapping

from msgspec.structs import replace

from alerts.alert import TOCSIN, Alert, Registered
from ingest.campus.device import Device
from rules.evaluate import evaluate
from rules.verdict import Holds, Text, Verdict
from tocsin.house import House

_EARLIER = Text("登记前的报警：请核实", "Alarm from before it was registered: verify it")


def inherited(
    house: House,
    alerts: Collection[Alert],
    found: Mapping[str, str],
    lost: list[Verdict],
    now: int,
) -> list[Registered | Verdict]:
    """`found`: stand-in → device. `lost`: what is known no more since the stand-ins are gone; what goes over
    is not lost. What else the registered devices' alarms mean is found as well."""
    facts: list[Registered | Verdict] = []
    for alert in alerts:
        device = house.registry.devices.get(found.get(alert.device, ""))
        if device is None:
            continue
        metric = alert.subject.partition("/")[2]
        verdicts = list(_judged(house, alert.device, device, metric, now))
        taken = {one.rule for one in facts if isinstance(one, Verdict)}
        mine = next((one for one in verdicts if one.subject == f"{device.id}/{metric}"), None)
        facts.append(Registered(alert.id, TOCSIN, device.id, device.kind, device.place, _EARLIER, mine))
        facts += [one for one in verdicts if one is not mine and one.rule not in taken]
    moved = {(alert.rule, alert.subject) for alert in alerts if alert.device in found}
    still = {(one.rule, one.subject) for one in lost if one.holds is Holds.UNKNOWN} - moved
    return [
        *facts,
        *(one for one in lost if (one.rule, one.subject) in still or one.holds is not Holds.UNKNOWN),
    ]


def _judged(house: House, stranger: str, device: Device, metric: str, now: int) -> Iterator[Verdict]:
    reading = house.latest.points(stranger).get(metric)
    if reading is None or reading.value != "alarm":
        return
    again = replace(reading, device=device.id, received=now)
    found = evaluate(house.rules, house.memories, again, device, house.registry, [], house.baselines)
    yield from (one for one in found if one.holds is Holds.YES and not one.shadow)
