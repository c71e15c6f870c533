"""Thinks. The hazard that a bare alarm bit stands for, and the graver of two words about one metric."""

from ingest.campus.kinds import KINDS, METRICS, UNREGISTERED
from ingest.value import UNKNOWN, Value

HAZARDS = frozenset(m.name for m in METRICS.values() if "prealarm" in m.words and m.name != "alarm_sound")
CALM = frozenset(("normal", "mains", "online", "passed", "present", "closed", "stopped", "automatic"))

_GRAVITY = {"alarm": 6, "prealarm": 5, "test": 4, "disabled": 2, UNKNOWN: 1, **dict.fromkeys(CALM, 0)}
_OTHER_WORDS = 3  # fault, tamper, low, battery, open…


def _hazard(kind: str) -> str:
    if kind == "panic_button":  # a bit that stands is a state; a press would ring again with every report
        return "call_point"
    return next((metric for metric in KINDS[kind].metrics if metric in HAZARDS), "")


_HAZARD = {kind: _hazard(kind) for kind in KINDS} | {UNREGISTERED: "", "": ""}


def hazard_of(kind: str, guess: str = "") -> str:
    """The metric of a bare alarm bit; of an unregistered device that of the kind it may be, else fire.

    "" for a kind that has no hazard.
    """
    return (_HAZARD[guess] or "fire") if kind == UNREGISTERED else _HAZARD[kind]


def bare(value: Value, kind: str, guess: str = "") -> tuple[str, Value] | None:
    """An alarm bit as a metric of the kind. Where the kind has no hazard (a lamp) an alarm is a fault."""
    metric = hazard_of(kind, guess)
    if metric:
        return metric, value
    return ("fault", ("fault", f"alarm; {value[1]}".strip("; "))) if value[0] == "alarm" else None


def graver(first: Value, second: Value) -> Value:
    """An alarm is never hidden by a test, nor anything by "normal"; of two numbers the first stands."""
    if type(first[0]) is float or type(second[0]) is float:
        return first if type(first[0]) is float else second
    return second if _gravity(second) > _gravity(first) else first


def _gravity(value: Value) -> int:
    return _GRAVITY.get(str(value[0]), _OTHER_WORDS)
