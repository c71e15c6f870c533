"""Thinks. The payload of Sparkplug B (protobuf), read as far as it is needed, and the one command we write.

It is read in one pass and two levels deep: what is in data sets, templates and files is stepped over by its
length. A field that is not known is stepped over too, so that a newer version can be read.
"""

from struct import unpack_from
from typing import Any

import msgspec

from ingest.guard import Malformed

MOST_METRICS = 4096
_MOST_FIELDS = MOST_METRICS + 4  # of a payload; a metric has fewer
INT8, INT64, BOOLEAN = 1, 4, 11  # data types; between the first two are Int16 and Int32
GOOD = 192  # the property "Quality" of a value that can be used
REBIRTH = "Node Control/Rebirth"

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # wire types
_LONGEST = 10  # bytes of a varint


def _key(field: int, wire: int) -> int:
    return field << 3 | wire


_TIMESTAMP, _METRICS, _SEQ = _key(1, _VARINT), _key(2, _BYTES), _key(3, _VARINT)  # of a payload
_NAME, _ALIAS, _AT, _DATATYPE = _key(1, _BYTES), _key(2, _VARINT), _key(3, _VARINT), _key(4, _VARINT)
_HISTORICAL, _NULL, _PROPERTIES = _key(5, _VARINT), _key(7, _VARINT), _key(9, _BYTES)
_INT, _LONG, _FLOAT, _DOUBLE = _key(10, _VARINT), _key(11, _VARINT), _key(12, _FOUR), _key(13, _EIGHT)
_BOOL, _STRING = _key(14, _VARINT), _key(15, _BYTES)
_PROPERTY_KEY, _PROPERTY_VALUE, _PROPERTY_INT = _key(1, _BYTES), _key(2, _BYTES), _key(3, _VARINT)


class Metric(msgspec.Struct, gc=False):
    """One metric. `value` is None where it is null, of bad quality, or of a form that says nothing to us."""

    name: str = ""
    alias: int | None = None
    timestamp: int | None = None
    datatype: int = 0
    historical: bool = False
    null: bool = False
    value: Any = None


class Payload(msgspec.Struct, gc=False):
    timestamp: int | None
    seq: int | None
    metrics: list[Metric]


def read(data: bytes) -> Payload:
    """Raises Malformed with the reason."""
    payload = Payload(None, None, [])
    try:
        for key, value in _fields(data, 0, len(data)):
            if key == _METRICS:
                payload.metrics.append(_metric(data, *value))
            elif key == _TIMESTAMP:
                payload.timestamp = value
            elif key == _SEQ:
                payload.seq = value
    except IndexError:
        raise Malformed("no Sparkplug B payload: it is cut off") from None
    return payload


def signed(value: Any, datatype: int) -> Any:
    """Integers travel without a sign, and a sloppy sender's Boolean as a number: the data type tells."""
    if type(value) is not int:
        return value
    if INT8 <= datatype <= INT64:
        top = 1 << (8 << datatype - INT8) - 1
        return ((value & 2 * top - 1) ^ top) - top
    return value != 0 if datatype == BOOLEAN else value


def rebirth(moment: int) -> bytes:
    """The command by which a node says anew what it is and how everything stands."""
    name, when = REBIRTH.encode(), _written(moment)
    metric = b"\x0a%c%b\x18%b\x20%c\x70\x01" % (len(name), name, when, BOOLEAN)
    return b"\x08%b\x12%c%b" % (when, len(metric), metric)


def _written(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)


def _fields(data: bytes, at: int, end: int) -> list[tuple[int, Any]]:
    """Field and wire type as one number, with its number, or with where it begins and ends.

    A field may reach beyond `end` and even read there: it is found out at last, when `at` is not `end`.
    """
    found: list[tuple[int, Any]] = []
    while at < end:
        key, at = data[at], at + 1
        if key > 0x7F:
            key, at = _varint(data, at - 1)
        wire = key & 7
        if wire in (_VARINT, _BYTES):
            value: Any = data[at]
            at += 1
            if value > 0x7F:
                value, at = _varint(data, at - 1)
            if wire == _BYTES:
                value, at = (at, at + value), at + value
        elif wire in (_EIGHT, _FOUR):
            size = 8 if wire == _EIGHT else 4
            value, at = (at, at + size), at + size
        else:
            raise Malformed(f"no Sparkplug B payload: wire type {wire} before byte {at}")
        found.append((key, value))
        if len(found) > _MOST_FIELDS:
            raise Malformed(f"more than {MOST_METRICS} metrics")
    if at != end:
        raise Malformed("no Sparkplug B payload: a field is cut off")
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    for at in range(at, at + _LONGEST):  # noqa: B020 - goes on from where it began
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at + 1
        shift += 7
    raise Malformed("no Sparkplug B payload: a number of more than ten bytes")


def _metric(data: bytes, at: int, end: int) -> Metric:
    made = Metric()
    for key, value in _fields(data, at, end):
        if key == _ALIAS:
            made.alias = value
        elif key == _AT:
            made.timestamp = value
        elif key == _DATATYPE:
            made.datatype = value
        elif key == _NAME:
            made.name = _text(data, value)
        elif key in (_NULL, _HISTORICAL):
            made.null = made.null or (key == _NULL and value != 0)
            made.historical = made.historical or (key == _HISTORICAL and value != 0)
        elif key == _PROPERTIES:
            made.null = made.null or not _good(data, *value)
        else:
            made.value = _value(data, key, value, made.value)
    made.value = None if made.null else signed(made.value, made.datatype)
    return made


def _value(data: bytes, key: int, value: Any, before: Any) -> Any:
    if key in (_INT, _LONG):
        return value
    if key == _BOOL:
        return value != 0
    if key == _DOUBLE:
        return unpack_from("<d", data, value[0])[0]
    if key == _FLOAT:  # the seven digits that it has: 22.1, not 22.100000381
        return float(f"{unpack_from('<f', data, value[0])[0]:.7g}")
    return _text(data, value) if key == _STRING else before


def _text(data: bytes, where: tuple[int, int]) -> str:
    return data[where[0] : where[1]].decode("utf-8", "replace")


def _good(data: bytes, at: int, end: int) -> bool:
    """Whether a value can be used: the property "Quality", where there is one, says so."""
    names: list[str] = []
    values: list[tuple[int, int]] = []
    for key, where in _fields(data, at, end):
        if key == _PROPERTY_KEY:
            names.append(_text(data, where))
        elif key == _PROPERTY_VALUE:
            values.append(where)
    for name, where in zip(names, values, strict=False):
        if name == "Quality":
            return bool(dict(_fields(data, *where)).get(_PROPERTY_INT, GOOD) == GOOD)
    return True
