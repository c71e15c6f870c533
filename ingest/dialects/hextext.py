"""Thinks. Terminals that send a binary frame as hex text: Meokon (铭控) pressure and hydrant, V3.0.

    A5 5A | command | length 2 | id 12 | battery | signal | interval 2 | records 2 | type | alarms | limits |
    value | time 4 | records | CRC-16/MODBUS 2 | 55 AA

A terminal sleeps, measures every `interval` seconds and sends what it has measured in one piece. The value of
now is judged; the records before it are for the history. The topic ends in the id, and the frame has it too.
"""

from collections.abc import Iterator
from typing import Any

from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import IGNORED, Known, Result, Said, malformed, no_definitions, rejected
from ingest.guard import check_size
from ingest.moment import event_time
from ingest.reading import Announced, Decoded, Parts, Reading, Reason, Rejected, TimeQuality
from ingest.value import READERS, UNKNOWN

NAME = "hextext"
BASES = ("GIOT-GW/UL",)
INTERVAL = {"": 90_000}  # the maker names none; a terminal that is well reports once a day at least
define = no_definitions

_Value = tuple[str, Any, str]  # metric, raw value, note

_START, _END = b"\xa5\x5a", b"\x55\xaa"
_LEAST = 25 + 4 + 4  # bytes: up to the alarms, the time, the end
_PRESSURES = {0: 0.0001, 1: 0.001, 2: 0.001}  # type → MPa a step: 0.1 kPa, 0.001 MPa, 0.01 bar
_HYDRANTS = (24, 34)  # with bits of their own: water let out, and of 24 tilted and hit
_FAULTS = ((0, "low alarm"), (1, "high alarm"), (3, "sensor fault"), (4, "hardware fault"))
_MORE_FAULTS = ((5, "second sensor: low"), (6, "second sensor: high"), (7, "third sensor"))


def topics(known: Known) -> list[str]:
    return ["+"]


def filters(address: str, known: Known) -> list[str]:
    return [address]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    return (rest,) if rest and "/" not in rest else None


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check_size(payload)


def decode(said: Said) -> Result:
    data = said.payload
    if not data.strip():
        return IGNORED if said.retained else malformed("empty payload", said)
    try:
        if not data.startswith(_START):
            data = bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return malformed(_no_frame(data), said)
    return _wrong(data, said) or (_frame(data, said) if data[2] == 0 else IGNORED)


def _wrong(data: bytes, said: Said) -> Rejected | None:
    if data[:2] != _START or len(data) < _LEAST:
        return malformed(_no_frame(data), said)
    length = int.from_bytes(data[3:5], "big")
    if length != len(data) or data[-2:] != _END:
        why = f"a broken frame: {length} bytes claimed, {len(data)} there, the end is {data[-2:].hex()}"
        return malformed(why, said)
    if (check := _crc(data[:-4])) != int.from_bytes(data[-4:-2], "big"):
        return malformed(f"wrong checksum {data[-4:-2].hex()}, the bytes make {check:04x}", said)
    named = data[5:17].decode("ascii", "replace").strip("\0 ")
    if named != said.rest:
        return rejected(Reason.IDENTITY, f"the topic is of {said.rest!r}, the frame says {named!r}", said)
    return None


def _no_frame(data: bytes) -> str:
    if data.startswith(b"\x1b6"):
        return "text of the printer of a fire panel is not read: connect the panel's transmitter instead"
    return "no frame A5 5A … 55 AA in hex text"


def _crc(data: bytes) -> int:
    """CRC-16/MODBUS."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc


def _entry(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


_TABLE = [_entry(byte) for byte in range(256)]


def _frame(data: bytes, said: Said) -> Parts:
    kind, parts = data[23], Parts()
    fits = kind in _PRESSURES and len(data) == _LEAST + 6 + 2 * int.from_bytes(data[21:23], "big")
    said_at = int.from_bytes(data[31:35], "big") * 1000 if fits else None
    moment, quality = event_time(said_at, said.received, said.retained)
    heard = Decoded(said.device.id, [], alive=not said.retained)
    for metric, raw, note in _values(data, fits):
        value, more = READERS[metric](raw) or (UNKNOWN, "")
        note = "; ".join(filter(None, (note, more)))
        reading = Reading(said.device.id, metric, value, said.received, moment, quality, said.retained, note)
        heard.readings.append(reading)
    parts.heard.append(heard)
    if fits:
        heard.readings += _records(data, said)
    else:
        why = f"its alarms are read, its values are not: terminals of type {kind} are not known so"
        parts.rejected.append(malformed(why, said))
    if said.device.kind == UNREGISTERED:
        likely = "hydrant" if kind in _HYDRANTS else ""
        parts.announced.append(Announced(said.rest, likely, model="Meokon", note=f"type {kind}"))
    return parts


def _values(data: bytes, fits: bool) -> Iterator[_Value]:
    yield "battery", (data[17] & 31) * 5, ""
    yield "battery_low", bool(data[24] & 4), ""
    yield "rssi", int.from_bytes(data[18:19], "big", signed=True), ""
    if fits:
        yield "pressure", _pressure(data, 29), ""
    yield from _alarms(data[23], data[24])


def _alarms(kind: int, alarms: int) -> Iterator[_Value]:
    """A limit that the terminal watches itself is a fault of what it measures: somebody must look."""
    bits = _FAULTS if kind in _HYDRANTS else (*_FAULTS, *_MORE_FAULTS)
    faults = "; ".join(word for bit, word in bits if alarms >> bit & 1)
    yield "fault", bool(faults), faults
    if kind in _HYDRANTS:
        yield "leak", bool(alarms & 128), "water is let out" if alarms & 128 else ""
    if kind == 24:
        yield "tamper", bool(alarms & 96), "tilted or hit" if alarms & 96 else ""


def _pressure(data: bytes, at: int) -> float:
    return round(int.from_bytes(data[at : at + 2], "big", signed=True) * _PRESSURES[data[23]], 6)


def _records(data: bytes, said: Said) -> Iterator[Reading]:
    """What was measured since the last frame, the newest last at the time of the frame."""
    at, interval = int.from_bytes(data[31:35], "big") * 1000, int.from_bytes(data[19:21], "big") * 1000
    count, received = int.from_bytes(data[21:23], "big"), said.received
    if not interval or said.retained or event_time(at, received)[1] is not TimeQuality.DEVICE:
        return
    for number in range(count):
        value, note = READERS["pressure"](_pressure(data, 35 + 2 * number)) or (UNKNOWN, "")
        when = at - (count - 1 - number) * interval
        yield Reading(said.device.id, "pressure", value, received, when, TimeQuality.HISTORIC, False, note)
