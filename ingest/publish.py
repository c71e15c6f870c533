"""Thinks. Reads PUBLISH packets out of a receive buffer, and writes their acknowledgements.

Nearly all that a broker sends us are PUBLISH packets at QoS 0 and 1, and a general client takes some 25 µs
for each. These few lines of MQTT 3.1.1 §3.3 and MQTT 5 §3.3 take two; any other packet is left to paho.
"""

from typing import NamedTuple

PUBLISH = 3  # the packet's kind, in the high half of its first byte


class Publish(NamedTuple):
    """One PUBLISH: `end` is where the next packet begins in the buffer."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    mid: int
    end: int


def packet_end(buffer: bytearray, at: int) -> int | None:
    """Where the packet that begins at `at` ends; None while not all of it has arrived."""
    have = len(buffer)
    length = shift = 0
    position = at + 1
    while position < have:
        digit = buffer[position]
        length |= (digit & 0x7F) << shift
        position += 1
        if digit < 0x80:
            return position + length if position + length <= have else None
        shift += 7
    return None


def read(buffer: bytearray, at: int, end: int, mqtt5: bool) -> Publish | None:
    """The PUBLISH at `at` that ends at `end`; None for any other packet, and for QoS 2."""
    first = buffer[at]
    qos = (first >> 1) & 3
    if first >> 4 != PUBLISH or qos > 1:
        return None
    position = at + 2
    while buffer[position - 1] >= 0x80:
        position += 1
    named = position + 2
    position = named + (buffer[named - 2] << 8 | buffer[named - 1])
    topic = buffer[named:position].decode("utf-8", "replace")
    mid = 0
    if qos:
        mid = buffer[position] << 8 | buffer[position + 1]
        position += 2
    if mqtt5:
        position = _after_properties(buffer, position)
    payload = bytes(buffer[position:end])
    return Publish(topic, payload, qos, bool(first & 1), bool(first & 8), mid, end)


def _after_properties(buffer: bytearray, position: int) -> int:
    length = shift = 0
    while True:
        digit = buffer[position]
        length |= (digit & 0x7F) << shift
        position += 1
        if digit < 0x80:
            return position + length
        shift += 7


def puback(mid: int) -> bytes:
    """The acknowledgement of a QoS 1 PUBLISH; in MQTT 5 the short form that means success."""
    return b"\x40\x02" + mid.to_bytes(2, "big")
