"""Thinks. How long a device may say nothing while all is well."""

from collections.abc import Iterable, Mapping

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS
from ingest.dialects import DIALECTS

SHORTEST, LONGEST = 10, 14 * 86_400  # seconds that a device may state


def expected_interval(device: Device) -> int:
    """Seconds; 0 is not supervised. The registered interval, else the dialect's for its kind, else the
    kind's: a dialect knows that its sleepy devices speak once a day, whatever they sense."""
    usual = KINDS[device.kind].interval
    if device.interval is not None or not usual:
        return device.interval or 0
    if KINDS[device.kind].mute and not _speaks(device):
        return 0
    said = DIALECTS[device.dialect].INTERVAL if device.dialect in DIALECTS else {}
    return said.get(device.kind, said.get("", usual))


def _speaks(device: Device) -> bool:
    """Something of its registration names a way it would be heard."""
    return bool(device.address or device.gateway) or device.dialect != "tocsin"


class Intervals(dict[str, int]):
    """device → ms. What a device says itself of how often it speaks counts where nothing is registered."""

    def __init__(self, devices: Iterable[Device], stated: Mapping[str, int]) -> None:
        super().__init__()
        self._open: set[str] = set()
        for device in devices:
            self[device.id] = expected_interval(device) * 1000
            if device.interval is None and KINDS[device.kind].interval:
                self._open.add(device.id)
        self.stated: dict[str, int] = {}
        for name, seconds in stated.items():
            self.state(name, seconds)

    def state(self, device: str, seconds: int) -> bool:
        """True if this is news."""
        if device not in self._open or not SHORTEST <= seconds <= LONGEST:
            return False
        if self.stated.get(device) == seconds:
            return False
        self.stated[device] = seconds
        self[device] = seconds * 1000
        return True
