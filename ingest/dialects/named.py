"""Thinks. What the name of a sensor's channel says: `smoke_alarm` is smoke, `hall temp` warmth.

For conventions without a vocabulary (Homie, Wiren Board). A name that says nothing gives None.
"""

import re
from functools import lru_cache
from itertools import pairwise

from ingest.campus.kinds import KINDS
from ingest.dialects.hazard import HAZARDS

_Table = tuple[tuple[frozenset[str], str], ...]
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _table(*rows: tuple[str, str]) -> _Table:
    return tuple((frozenset(words.split()), metric) for words, metric in rows)


# The first row with a word of the name: a smoke detector has a battery too.
_STATES = _table(
    ("silence silenced mute muted hush", ""),
    ("battery", "battery_low"),
    ("tamper cover", "tamper"),
    ("test selftest", "test"),
    ("fault problem trouble error malfunction failure", "fault"),
    ("smoke", "smoke"),
    ("co monoxide", "co"),
    ("gas lpg methane", "gas"),
    ("leak leakage flood moisture wet", "leak"),
    ("flame", "flame"),
    ("overheat", "heat"),
    ("fire", "fire"),
    ("callpoint mcp pullstation breakglass", "call_point"),
    ("panic sos button press", "press"),
    ("door window contact gate open", "contact"),
    ("motion occupancy pir movement intrusion", "intrusion"),
    ("mains", "power"),
)
_NUMBERS = _table(
    ("voltage volt vin", "voltage"),
    ("battery batt", "battery"),
    ("temperature temp", "temperature"),
    ("humidity", "humidity"),
    ("co monoxide", "co_ppm"),
    ("co2 dioxide", "co2"),
    ("rssi signal", "rssi"),
    ("current", "current"),
    ("level", "level"),
)
_ALARM = frozenset(("alarm", "alarms"))
_BESIDE = frozenset(("state", "status", "active", "detected", "sensor", "detector", "input", "zone", "relay"))
_GUESS = {"contact": "door", "temperature": "climate", "humidity": "climate", "press": "panic_button"}


@lru_cache(maxsize=4096)
def words_of(name: str) -> frozenset[str]:
    plain = name[:200].replace("CO2", "dioxide").replace("co2", "dioxide")
    return frozenset(part.lower() for part in _PARTS.findall(plain))


@lru_cache(maxsize=4096)
def joined(name: str) -> frozenset[str]:
    """Each two words that follow one another as one: `call_point` is `callpoint`."""
    parts = [part.lower() for part in _PARTS.findall(name[:200])]
    return frozenset(first + second for first, second in pairwise(parts))


def state_named(name: str, hazard: str = "") -> str | None:
    """The metric of a state; "test" for a self-test that runs, "" for what must not be taken for one.

    `hazard` is that of the registered kind: a name with its word, or with "alarm", is meant for it.
    """
    words = words_of(name)
    found = next((metric for marks, metric in _STATES if marks & (words | joined(name))), None)
    return hazard if found is None and hazard and words & {hazard, "alarm", "detected"} else found


@lru_cache(maxsize=4096)
def bare_alarm(name: str) -> bool:
    """Whether a name says alarm and not of what (`Alarm 1`, not `alarm armed`): of a stranger that is a fire
    until somebody says what it is."""
    words = words_of(name)
    return bool(words & _ALARM) and all(word in _ALARM | _BESIDE or word.isdigit() for word in words)


def number_named(name: str) -> str | None:
    return next((metric for words, metric in _NUMBERS if words & words_of(name)), None)


def kind_of(metrics: set[str]) -> str:
    """The kind that a device with these metrics most likely is, "" where they do not tell."""
    for metric in sorted(metrics & HAZARDS):
        return next((name for name, kind in KINDS.items() if metric in kind.metrics), "")
    return next((_GUESS[metric] for metric in _GUESS if metric in metrics), "")
