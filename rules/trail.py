"""Thinks. What a pair remembers of a window: a few moments or samples, packed into its row.

A row is kept for every pair that counts or measures, so a window is a handful of bytes, never a list.
"""

from struct import Struct

_MOMENT = Struct(">q")
_SAMPLE = Struct(">qd")


def moments(trail: bytes) -> list[int]:
    return [moment for (moment,) in _MOMENT.iter_unpack(trail)]


def packed_moments(found: list[int]) -> bytes:
    return b"".join(map(_MOMENT.pack, found))


def samples(trail: bytes) -> list[tuple[int, float]]:
    """(moment, value), the oldest first."""
    return list(_SAMPLE.iter_unpack(trail))


def packed_samples(found: list[tuple[int, float]]) -> bytes:
    return b"".join(_SAMPLE.pack(moment, value) for moment, value in found)
