"""Thinks. The ids of Shelly devices: their ways of being written, whose they are, and what they tell."""

import re
from typing import Any

from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import Said
from ingest.dialects.hazard import hazard_of

# The id as shipped: the model, and the MAC or the end of it.
_ID = re.compile(r"(shelly[a-z0-9]*)-([0-9a-f]{6}|[0-9a-f]{12}|[0-9a-f]{14})", re.IGNORECASE)
_MAC = re.compile(r"[0-9a-f]{12,14}", re.IGNORECASE)

_KINDS = (  # part of the model → the kind of device
    ("smoke", "smoke_detector"),
    ("gas", "gas_detector"),
    ("flood", "water_leak"),
    ("ht", "climate"),
    ("dw", "door"),
    ("button", "panic_button"),
    ("motion", "perimeter"),
)
_SLEEPY = ("smoke", "flood", "ht", "dw", "button")  # run on a battery and connect only to report


class Impostor(Exception):
    """The payload names another device than the topic."""


def spellings(name: str) -> tuple[str, ...]:
    """An id as the topic may write it: the MAC comes in capitals or in small letters."""
    head, dash, mac = name.rpartition("-")
    return tuple(dict.fromkeys((name, head + dash + mac.lower(), head + dash + mac.upper(), name.lower())))


def model(name: str) -> str:
    found = _ID.match(name.rpartition("/")[2])
    return found[1].lower().removeprefix("shelly") if found else ""


def kind_of(name: str) -> str:
    """The kind that an id tells; "" where a person has given it another name."""
    of = model(name)
    return next((kind for part, kind in _KINDS if part in of), "")


def sleepy(name: str) -> bool:
    of = model(name)
    return any(part in of for part in _SLEEPY)


def hazard(said: Said) -> str:
    """The metric of an alarm that does not name it: that of the registered kind, else of the model."""
    kind = said.device.kind
    guess = kind_of(said.address)
    return hazard_of(kind, guess) if kind != UNREGISTERED or hazard_of(guess) else ""


def same(said: Said, told: Any) -> None:
    """`told`, an id or a MAC in the payload, must be that of the topic, where the topic has an id in it."""
    if not isinstance(told, str) or said.address.endswith(told):
        return
    ours = _ID.fullmatch(said.address.rpartition("/")[2])
    if ours is None:
        return
    theirs = _ID.fullmatch(told) or _MAC.fullmatch(told)
    short, long = sorted((ours[2].lower(), theirs[theirs.lastindex or 0].lower() if theirs else ""), key=len)
    if not long.endswith(short):
        raise Impostor(f"the topic is of {said.address[:60]!r}, the payload says {told[:60]!r}")
