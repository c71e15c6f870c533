"""Thinks. PUBLISH packets as brokers send them, whole and in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.publish import Publish, packet_end, puback, read
from tests.bench.load import _length

TOPICS = st.text(
    st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=80
)


def packet(topic: str, payload: bytes, qos: int, flags: int, mid: int, properties: bytes | None) -> bytes:
    name = topic.encode()
    body = len(name).to_bytes(2, "big") + name
    body += mid.to_bytes(2, "big") if qos else b""
    body += properties if properties is not None else b""
    body += payload
    return bytes((0x30 | qos << 1 | flags,)) + _length(len(body)) + body


def properties(text: str) -> bytes:
    """As a broker that speaks MQTT 5 attaches them."""
    made = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    made.UserProperty = ("name", text)
    made.MessageExpiryInterval = 60
    return bytes(made.pack())  # type: ignore[no-untyped-call]


@given(
    TOPICS, st.binary(max_size=400), st.integers(0, 1), st.sampled_from([0, 1, 8, 9]), st.integers(1, 65535)
)
def test_every_part_of_a_packet_is_read(topic: str, payload: bytes, qos: int, flags: int, mid: int) -> None:
    raw = bytearray(packet(topic, payload, qos, flags, mid, None))
    end = packet_end(raw, 0)
    assert end == len(raw)
    expected = Publish(topic, payload, qos, bool(flags & 1), bool(flags & 8), mid if qos else 0, end)
    assert read(raw, 0, end, mqtt5=False) == expected


@given(st.binary(max_size=50), st.text(st.characters(blacklist_categories=("Cs",)), max_size=300))
def test_properties_of_mqtt_5_are_stepped_over(payload: bytes, text: str) -> None:
    raw = bytearray(packet("campus/d/reading", payload, 1, 0, 7, properties(text)))
    found = read(raw, 0, len(raw), mqtt5=True)
    assert found is not None
    assert found.payload == payload


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.integers(1, 40))
def test_packets_that_arrive_in_pieces_are_the_same_packets(payloads: list[bytes], size: int) -> None:
    stream = b"".join(packet("t", p, 1, 0, n + 1, None) for n, p in enumerate(payloads))
    buffer, at, found = bytearray(), 0, []
    for begin in range(0, len(stream), size):
        buffer += stream[begin : begin + size]
        while (end := packet_end(buffer, at)) is not None:
            one = read(buffer, at, end, mqtt5=False)
            assert one is not None
            found.append(one.payload)
            at = end
    assert found == payloads


@pytest.mark.parametrize("first", [0x20, 0x40, 0x90, 0xD0, 0xE0, 0x34, 0x3D])
def test_any_other_packet_and_qos_2_are_left_alone(first: int) -> None:
    assert read(bytearray([first, 2, 0, 0]), 0, 4, mqtt5=True) is None


def test_an_acknowledgement_names_the_message() -> None:
    assert puback(0x1234) == b"\x40\x02\x12\x34"
