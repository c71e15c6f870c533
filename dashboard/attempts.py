"""Thinks. How often one source may try to sign in: a leaking bucket for each network, in bounded memory.

It counts by network and never by account, so that nobody can lock a guard out by guessing at his name.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

BURST = 6
PER_MINUTE = 12
_MOST_SOURCES = 10_000


def network(source: str) -> str:
    """IPv4: the address. IPv6: its /64, since one machine owns all of that."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return address.exploded[:19]
    return str(address)


class Attempts:
    """`allow(source, moment)` is True when the source may try now. Moments are ms; callers hold a lock."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def allow(self, source: str, moment: int) -> bool:
        key = network(source)
        level, at = self._buckets.pop(key, (0.0, moment))
        level = max(0.0, level - max(0, moment - at) * PER_MINUTE / 60_000)
        allowed = level + 1 <= BURST
        self._buckets[key] = (level + 1 if allowed else level, moment)
        if len(self._buckets) > _MOST_SOURCES:
            self._buckets.popitem(last=False)
        return allowed

    def forgive(self, source: str) -> None:
        """A success: earlier mistakes of this source no longer count."""
        self._buckets.pop(network(source), None)
