"""Thinks. What is known of a device that nobody registered: what it senses, its own name, where it speaks."""

from alerts.clean import clean
from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, UNREGISTERED
from ingest.crowd import CROWD
from rules.verdict import Text


def senses(device: str, kind: str, subject: str) -> Text | None:
    """What it alarms for; None of one that is registered, and of all the others together."""
    metric = METRICS.get(subject.partition("/")[2])
    if kind != UNREGISTERED or device == CROWD.id or metric is None:
        return None
    return Text(metric.zh, metric.en)


def described(device: Device, subject: str) -> Text:
    """All of it in one line."""
    what = senses(device.id, device.kind, subject)
    if what is None:
        return Text(device.zh, device.en)
    name = clean(device.zh, 60)
    spoken = "" if device.address == device.zh else f" {clean(device.address, 60)}"
    return Text(
        f"{what.zh} {name} · {device.dialect}{spoken}", f"{what.en} {name} · {device.dialect}{spoken}"
    )
