"""Thinks. The application data of GB/T 26875.3: states, values, operations, names of one frame's objects.

A panel holds its alarms until it is reset and says the reset only of itself. So which components are in alarm
is learned (`latched:<panel>`), and the reset of a panel is the end of theirs.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ingest.campus.device import Device
from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import Said
from ingest.dialects.gb26875 import state
from ingest.dialects.gb26875.fields import LAYOUT, WRONG, moment, objects, text, when
from ingest.dialects.held import key_of
from ingest.reading import Announced, Decoded, Reading, TimeQuality
from ingest.value import READERS, UNKNOWN

LATCHED = "latched"
MOST_LATCHED = 1000  # components of a panel, and panels: nobody fills the memory with invented ones

# kind of analog value → metric, and what one step is in its unit
_VALUES = {
    2: ("level", 0.01),
    3: ("temperature", 0.1),
    4: ("pressure", 0.1),
    5: ("pressure", 0.0001),
    6: ("gas_level", 0.1),
    8: ("voltage", 0.1),
    9: ("current", 0.1),
    10: ("flow", 0.1),
    11: ("flow", 100 / 60),
}
_UNKEPT_VALUES = (1, 7, 12)  # counts, seconds and the speed of air: no metric of ours
_NO_MEASUREMENT = (0x7FFF, -0x8000)
_OWN_LENGTH = (6, 26)  # types that are one text with its length before it


class Hearing:
    """What the frames of one message say, gathered by device: a device is heard once in a frame."""

    def __init__(self, said: Said, transmitter: str) -> None:
        self.said = said
        self.transmitter = transmitter
        self.announced: dict[str, Announced] = {}
        self.learned: dict[str, Any] = {}
        self._done: list[Decoded] = []
        self._now: dict[str, Decoded] = {}
        self._numbered: tuple[int | None, int | None] = None, None
        self.when: tuple[int, TimeQuality] = said.received, TimeQuality.RECEIVED

    def begin(self, boot: int | None, number: int) -> None:
        """The next frame; it is a sign of life of its transmitter, whatever it says."""
        self._done += self._now.values()
        self._now = {}
        self._numbered = (None, None) if boot is None else (boot, number)
        self.of(self.meet("", "gateway"))

    def heard(self) -> list[Decoded]:
        return [*self._done, *self._now.values()]

    def device(self, below: str) -> Device:
        """The device of an address below the transmitter, "" for the transmitter itself."""
        return self.said.known.find(self.address(below))

    def address(self, below: str) -> str:
        return f"{self.transmitter}/{below}" if below else self.transmitter

    def meet(self, below: str, kind: str, name: bytes = b"") -> Device:
        """The same; one that nobody registered is announced as what it most likely is."""
        device = self.device(below)
        if device.kind == UNREGISTERED:
            address = self.address(below)
            if name or address not in self.announced:
                self.announced[address] = Announced(address, kind, text(name))
        return device

    def of(self, device: Device) -> Decoded:
        if device.id not in self._now:
            self._now[device.id] = Decoded(device.id, [], *self._numbered, alive=not self.said.retained)
        return self._now[device.id]

    def say(self, device: Device, metric: str, value: float | str, note: str = "") -> None:
        said, (moment, quality) = self.said, self.when
        reading = Reading(device.id, metric, value, said.received, moment, quality, said.retained, note)
        self.of(device).readings.append(reading)

    def latched(self, panel: str) -> dict[str, str]:
        """The components of a panel that are in alarm: address → metric."""
        key = key_of(LATCHED, panel)
        if key in self.learned:
            return self.learned[key] or {}
        found: dict[str, str] = self.said.known.learned.get(key) or {}
        return found

    def latch(self, panel: str, latched: dict[str, str]) -> None:
        key, known = key_of(LATCHED, panel), self.said.known.learned
        if len(latched) <= MOST_LATCHED and (not latched or key in known or len(known) < MOST_LATCHED):
            self.learned[key] = latched or None


def unit(raw: bytes, hearing: Hearing) -> Iterator[str]:
    """Hear an application data unit; yields what cannot be understood in it."""
    if not raw:
        return
    kind = raw[0]
    if len(raw) < 2:
        yield f"data of type {kind} without a count"
    elif kind in _OWN_LENGTH:
        yield from _lengthy(raw, hearing)
    elif kind not in LAYOUT:
        yield f"data of type {kind} is {'of the maker’s own' if kind >= 128 else 'not known'}"
    else:
        found, trouble = objects(raw)
        hear = _TYPES[kind]
        for body, time in found:
            hearing.when = when(time, hearing.said.received, hearing.said.retained)
            yield from hear(body, time, hearing)
        if trouble:
            yield trouble


def _lengthy(raw: bytes, hearing: Hearing) -> Iterator[str]:
    """The configuration of a panel (6) or of the transmitter (26): a text behind its length."""
    head = 2 if raw[0] == 6 else 0
    at = 2
    for _ in range(raw[1] or 1):
        length = raw[at + head] if len(raw) > at + head else 0
        end = at + head + 1 + length
        if len(raw) <= at + head or len(raw) < end:
            yield f"data of type {raw[0]} is too short: a text is cut off or missing"
            return
        if head:
            _panel(raw[at:end], hearing, raw[at + head + 1 : end])
        at = end


def _panel(body: bytes, hearing: Hearing, name: bytes = b"") -> Device:
    return hearing.meet(_panel_of(body), "fire_panel", name)


def _panel_of(body: bytes) -> str:
    return f"{body[0]}.{body[1]}"


def _component(body: bytes, hearing: Hearing, name: bytes = b"") -> tuple[str, Device, str]:
    """The address below the transmitter, the device, and the kind that it is or most likely is."""
    point, zone = int.from_bytes(body[3:5], "little"), int.from_bytes(body[5:7], "little")
    below = f"{_panel_of(body)}.{body[2]}.{zone}-{point}"
    likely = state.likely_kind(body[0], body[2])
    device = hearing.meet(below, likely, name)
    return below, device, likely if device.kind == UNREGISTERED else device.kind


def _system_state(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    device, bits = _panel(body, hearing), int.from_bytes(body[2:4], "little")
    kind = "fire_panel" if device.kind == UNREGISTERED else device.kind
    for said in state.states(bits, kind, state.hazard(kind, 0)):
        hearing.say(device, *said)
    if bits & state.RESET and not bits & state.FIRE:
        _reset(_panel_of(body), hearing)
    return ()


def _component_state(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    below, device, kind = _component(body, hearing, body[9:40])
    bits = int.from_bytes(body[7:9], "little")
    metric = state.hazard(device.kind, body[2])
    for said in state.states(bits, kind, metric):
        hearing.say(device, *said)
    _remember(_panel_of(body), below, metric if bits & state.FIRE else "", hearing)
    return ()


def _remember(panel: str, below: str, metric: str, hearing: Hearing) -> None:
    """Which of a panel's components are in alarm; `metric` is "" for one that is not."""
    if hearing.said.retained:
        return
    key = hearing.address(panel)
    latched = hearing.latched(key)
    if latched.get(below, "") != metric:
        others = {address: one for address, one in latched.items() if address != below}
        hearing.latch(key, others | ({below: metric} if metric else {}))


def _reset(panel: str, hearing: Hearing) -> None:
    """The panel lets go of its alarms: who is still in alarm says so again."""
    if hearing.said.retained:
        return
    key = hearing.address(panel)
    latched = hearing.latched(key)
    for below, metric in latched.items():
        hearing.say(hearing.device(below), metric, "normal", "the panel was reset")
    if latched:
        hearing.latch(key, {})


def _value(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    _, device, kind = _component(body, hearing)
    which, raw = body[7], int.from_bytes(body[8:10], "little", signed=True)
    if which in _UNKEPT_VALUES:
        return ()
    if which not in _VALUES:
        return (f"analog value of kind {which} is not known",)
    metric, step = _VALUES[which]
    if metric == "current" and kind == "electrical_fire":
        metric, step = "residual_current", 100.0
    value = READERS[metric](round(raw * step, 6))
    if raw in _NO_MEASUREMENT:
        value = UNKNOWN, f"no measurement: {raw}"
    if value is not None:
        hearing.say(device, metric, *value)
    return ()


def _panel_operation(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    device = _panel(body, hearing)
    metric = state.hazard(device.kind, 0)
    _operation(device, metric, body[2], f"operator {body[3]}", hearing)
    if body[2] & state.OP_RESET and not body[2] & state.OP_MANUAL_ALARM:
        _reset(_panel_of(body), hearing)
    return ()


def _own_operation(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    _operation(hearing.device(""), "fire", body[0], f"operator {body[1]}", hearing)
    return ()


def _operation(device: Device, metric: str, flags: int, who: str, hearing: Hearing) -> None:
    """What somebody did at a panel or at the transmitter. An old one, replayed, is no act of now."""
    if hearing.said.retained:
        return
    if flags & state.OP_MANUAL_ALARM:
        hearing.say(device, metric, "alarm", f"raised by hand, {who}")
    elif flags & (state.OP_RESET | state.OP_CLEARED):
        note = "reset" if flags & state.OP_RESET else "alarm cleared"
        hearing.say(device, metric, "normal", f"{note}, {who}")


def _own_state(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    device = hearing.device("")
    for said in state.transmitter(body[0]):
        hearing.say(device, *said)
    return ()


def _named(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    _component(body, hearing, body[7:38])
    return ()


def _panel_clock(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    return _clock(_panel(body, hearing), time, hearing)


def _own_clock(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    return _clock(hearing.device(""), time, hearing)


def _clock(device: Device, time: bytes, hearing: Hearing) -> Iterable[str]:
    received = hearing.said.received
    at = moment(time, received)
    if at != WRONG and not hearing.said.retained:
        hearing.when = received, TimeQuality.RECEIVED
        hearing.say(device, "clock_error", (at - received) / 1000)
    return ()


def _version(body: bytes, time: bytes, hearing: Hearing) -> Iterable[str]:
    return ()


_TYPES: dict[int, Callable[[bytes, bytes, Hearing], Iterable[str]]] = {
    1: _system_state,
    2: _component_state,
    3: _value,
    4: _panel_operation,
    5: _version,
    7: _named,
    8: _panel_clock,
    21: _own_state,
    24: _own_operation,
    25: _version,
    28: _own_clock,
}
