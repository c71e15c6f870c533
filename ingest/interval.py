"""Thinks. How long a device may say nothing while all is well."""

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.dialects import DIALECTS


def expected_interval(device: Device) -> int:
    """Seconds; 0 is not supervised. The registered interval, else the dialect's for its kind, else the
    kind's: a dialect knows that its sleepy devices speak once a day, whatever they sense."""
    usual = KINDS[device.kind].interval
    if device.interval is not None or not usual:
        return device.interval or 0
    said = DIALECTS[device.dialect].INTERVAL if device.dialect in DIALECTS else {}
    return said.get(device.kind, said.get("", usual))
