"""Thinks. What the state words of GB/T 26875.3 say, and what the types of component are.

A fire bit is an alarm, whatever else is set: the standard calls bit 0 = 0 a test, and the frames caught from
real panels have it so in a real fire. Fault and fire may stand together, so fault is a point of its own.
"""

from collections.abc import Iterator

from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.dialects.hazard import hazard_of

Said = tuple[str, str, str]  # metric, word, note

NORMAL, FIRE, FAULT, DISABLED, SUPERVISORY, STARTED, FEEDBACK, DELAY = (1 << bit for bit in range(8))
POWER, BACKUP, BUS, MANUAL, CHANGED, RESET = (1 << bit for bit in range(8, 14))

# operations on a panel or at the transmitter
OP_RESET, OP_MANUAL_ALARM, OP_CLEARED = 1, 4, 8

_TYPES = (
    (1, 1, "fire_panel", "fire"),
    (10, 13, "gas_detector", "gas"),
    (16, 18, "electrical_fire", "arc"),
    (23, 24, "call_point", "call_point"),
    (30, 37, "heat_detector", "heat"),
    (40, 44, "smoke_detector", "smoke"),
    (50, 53, "smoke_detector", "fire"),
    (61, 62, "flame_detector", "flame"),
    (69, 69, "flame_detector", "flame"),
    (74, 74, "gas_detector", "gas"),
    (81, 88, "module", "fire"),
    (91, 91, "pump", "fire"),
    (96, 96, "flow_switch", "water_flow"),
    (97, 99, "module", "fire"),
    (102, 102, "fire_door", "fire"),
    (103, 117, "module", "fire"),
    (118, 118, "fire_door", "fire"),
    (121, 121, "module", "fire"),
)
_COMPONENTS = {
    number: (kind, hazard) for low, high, kind, hazard in _TYPES for number in range(low, high + 1)
}
LIGHTING = 22  # the system of emergency lights and exit signs


def likely_kind(system: int, component: int) -> str:
    """The kind of device that a type of component most likely is, "" for none."""
    kind = _COMPONENTS.get(component, ("", ""))[0]
    return kind or ("emergency_light" if system == LIGHTING else "")


def hazard(kind: str, component: int) -> str:
    """The metric of a fire bit: that of the registered kind, else that of the type of component."""
    own = "" if kind == UNREGISTERED else hazard_of(kind)
    return own or _COMPONENTS.get(component, ("", "fire"))[1]


def states(state: int, kind: str, metric: str) -> Iterator[Said]:
    """What the 16 bits of a panel or a component say of a device of this kind."""
    has = KINDS[kind or UNREGISTERED].metrics
    notes = [word for bit, word in _NOTES if state & bit and not (bit & _RUN and "running" in has)]
    if not state & NORMAL:
        notes.insert(0, "test bit clear")
    yield metric, _hazard_word(state), "; ".join(notes)
    faults = [word for bit, own, word in _FAULTS if state & bit and own not in has]
    yield "fault", "fault" if faults else "normal", "; ".join(faults[1:] if state & FAULT else faults)
    if "power" in has:
        yield "power", "battery" if state & POWER else "mains", "power fault" if state & POWER else ""
    for own, bit in (("backup", BACKUP), ("bus", BUS)):
        if own in has:
            yield own, "fault" if state & bit else "normal", ""
    if "control" in has:
        yield "control", "manual" if state & MANUAL else "automatic", ""
    if "running" in has:
        yield "running", "running" if state & _RUN else "stopped", "feedback" if state & FEEDBACK else ""


_RUN = STARTED | FEEDBACK
_NOTES = (
    (SUPERVISORY, "supervisory signal"),
    (DISABLED, "disabled"),
    (STARTED, "started"),
    (FEEDBACK, "feedback"),
    (DELAY, "delayed"),
    (CHANGED, "configuration changed"),
    (RESET, "reset"),
)
_FAULTS = (
    (FAULT, "", "fault"),
    (POWER, "power", "power fault"),
    (BACKUP, "backup", "fault of the backup supply"),
    (BUS, "bus", "fault of the loop"),
)


def _hazard_word(state: int) -> str:
    if state & FIRE:
        return "alarm"
    if state & SUPERVISORY:  # 监管: somebody must go and look, and it is no fire
        return "prealarm"
    return "disabled" if state & DISABLED else "normal"


def transmitter(state: int) -> Iterator[Said]:
    """What the 8 bits of the transmitter itself say."""
    faults = [
        word
        for bit, word in ((4, "fault"), (32, "no link to the centre"), (64, "fault of a line"))
        if state & bit
    ]
    yield "fire", "alarm" if state & 2 else "normal", "" if state & 1 else "normal bit clear"
    yield "fault", "fault" if faults else "normal", "; ".join(faults)
    yield "power", "battery" if state & 8 else "mains", ""
    yield "backup", "fault" if state & 16 else "normal", ""
