"""Thinks. Chance without randomness: the same seed and keys always give the same number, on every machine."""

from collections.abc import Sequence
from typing import TypeVar
from zlib import crc32

T = TypeVar("T")
_MASK = 0xFFFFFFFFFFFFFFFF


def chance(seed: int, *keys: str | int) -> float:
    """A number in [0, 1) that looks drawn and is only calculated (splitmix64 over the keys)."""
    mixed = (seed * 0x9E3779B97F4A7C15) & _MASK
    for key in keys:
        part = crc32(key.encode()) if isinstance(key, str) else key
        mixed = (mixed ^ (part & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        mixed ^= mixed >> 31
    return (mixed >> 11) / (1 << 53)


def between(low: float, high: float, seed: int, *keys: str | int) -> float:
    return low + (high - low) * chance(seed, *keys)


def pick(choices: Sequence[T], seed: int, *keys: str | int) -> T:
    """One of `choices`; an empty sequence is a mistake of the caller (IndexError)."""
    return choices[int(chance(seed, *keys) * len(choices))]
