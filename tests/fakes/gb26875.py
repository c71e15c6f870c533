"""Thinks. A user information transmitter: frames of GB/T 26875.3 as a real one sends them."""

from datetime import UTC, datetime, timedelta

CENTRE, TRANSMITTER = 88888, 889
NORMAL, FIRE, FAULT, DISABLED, SUPERVISORY, STARTED, FEEDBACK, DELAY, POWER = (1 << bit for bit in range(9))


def stamp(now: int) -> bytes:
    at = datetime.fromtimestamp(now / 1000, UTC) + timedelta(hours=8)
    return bytes((at.second, at.minute, at.hour, at.day, at.month, at.year % 100))


def bcd(stamp: bytes) -> bytes:
    return bytes(one // 10 << 4 | one % 10 for one in stamp)


def frame(
    unit: bytes,
    sent: bytes,
    number: int = 1,
    command: int = 2,
    source: int = TRANSMITTER,
    end: bytes = b"##",
    error: int = 0,
) -> bytes:
    """`error` is added to the checksum."""
    middle = number.to_bytes(2, "little") + b"\1\1" + sent
    middle += source.to_bytes(6, "little") + CENTRE.to_bytes(6, "little")
    middle += len(unit).to_bytes(2, "little") + bytes((command,)) + unit
    return b"@@" + middle + bytes(((sum(middle) + error) & 0xFF,)) + end


def unit(kind: int, *bodies: bytes) -> bytes:
    return bytes((kind, len(bodies))) + b"".join(bodies)


def component(
    bits: int,
    type: int = 42,
    point: int = 1,
    zone: int = 2,
    system: int = 1,
    panel: int = 1,
    text: str | bytes = "烟感",
    pad: bytes = b"\0",
) -> bytes:
    """The body of a component's state (type of data 2), without its time."""
    said = text if isinstance(text, bytes) else text.encode("gb18030")
    address = bytes((system, panel, type)) + point.to_bytes(2, "little") + zone.to_bytes(2, "little")
    return address + bits.to_bytes(2, "little") + said[:31].ljust(31, pad)


def system(bits: int, system: int = 1, panel: int = 1) -> bytes:
    return bytes((system, panel)) + bits.to_bytes(2, "little")
