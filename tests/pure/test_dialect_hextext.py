"""Thinks. Terminals that send hex text: Meokon's pressure and hydrant terminals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000
ID = "SHMK26110007"


def crc(data):
    """Of the polynomial 8005, bit by bit."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value


def terminal(
    value=605,
    records=(),
    kind=1,
    alarms=0,
    interval=60,
    at=RECEIVED // 1000,
    battery=0x2A,
    command=0,
    name=ID,
):
    body = (
        name.encode()
        + bytes((battery, 256 - 61))
        + interval.to_bytes(2, "big")
        + len(records).to_bytes(2, "big")
    )
    body += bytes((kind, alarms)) + b"\0\x64\1\xf4" + value.to_bytes(2, signed=True) + at.to_bytes(4, "big")
    body += b"".join(one.to_bytes(2, signed=True) for one in records)
    head = b"\xa5\x5a" + bytes((command,)) + (len(body) + 9).to_bytes(2, "big")
    return head + body + crc(head + body).to_bytes(2, "big") + b"\x55\xaa"


def decode(payload, topic=f"GIOT-GW/UL/{ID}", kind="hydrant", retain=False):
    devices = [Device("it", kind, "campus", dialect="hextext", address=ID)] if kind else []
    decoder = Decoder(Registry.build([], [], devices), BrokerSettings(dialects={"hextext": None}))
    return decoder.decode(Message(None, topic, payload, RECEIVED, qos=0, retain=retain))


def said(found, historic=False):
    assert isinstance(found, Parts), found
    [heard] = found.heard
    return {
        one.metric: one.value
        for one in heard.readings
        if (one.time_quality is TimeQuality.HISTORIC) is historic
    }


@pytest.mark.parametrize("form", [lambda d: d.hex().encode(), lambda d: d.hex(" ").upper().encode(), bytes])
def test_a_terminal_says_its_pressure_battery_and_signal(form):
    found = decode(form(terminal()))
    assert said(found) == {
        "battery": 50.0,
        "battery_low": "normal",
        "rssi": -61.0,
        "pressure": 0.605,
        "fault": "normal",
    }
    assert found.heard[0].alive


@pytest.mark.parametrize(("kind", "expected"), [(0, 0.0605), (1, 0.605), (2, 0.605)])
def test_a_pressure_is_in_mpa_whatever_unit_the_terminal_has(kind, expected):
    assert said(decode(terminal(kind=kind)))["pressure"] == expected


@pytest.mark.parametrize(
    ("alarms", "note"),
    [
        (1, "low alarm"),
        (2, "high alarm"),
        (8, "sensor fault"),
        (16, "hardware fault"),
        (64, "second sensor: high"),
    ],
)
def test_an_alarm_of_the_terminal_is_a_fault_that_says_which(alarms, note):
    found = decode(terminal(alarms=alarms))
    [one] = [one for one in found.heard[0].readings if one.metric == "fault"]
    assert (one.value, one.note) == ("fault", note)
    assert said(found)["battery_low"] == "normal"
    assert said(decode(terminal(alarms=4)))["battery_low"] == "low"


def test_records_are_for_the_history_each_at_its_time():
    found = decode(terminal(600, (590, 595, 600)))
    records = [one for one in found.heard[0].readings if one.time_quality is TimeQuality.HISTORIC]
    assert [(one.value, one.event_time - RECEIVED) for one in records] == [
        (0.59, -120_000),
        (0.595, -60_000),
        (0.6, 0),
    ]


def test_records_of_a_wrong_clock_or_without_an_interval_have_no_time_and_are_left_out():
    for odd in (terminal(600, (590,), at=1000), terminal(600, (590,), interval=0)):
        found = decode(odd)
        assert said(found, historic=True) == {}
        assert said(found)["pressure"] == 0.6
    assert said(decode(terminal(600, (590,)), retain=True), historic=True) == {}


def test_a_hydrant_says_that_water_is_let_out_and_that_it_was_hit():
    found = decode(terminal(kind=24, alarms=128 | 32))
    assert (said(found)["leak"], said(found)["tamper"]) == ("alarm", "tamper")
    assert "type 24" in found.rejected[0].detail
    assert said(decode(terminal(kind=34)))["leak"] == "normal"


def test_a_terminal_that_nobody_registered_is_announced():
    [known] = decode(terminal(kind=34), kind="").announced
    assert (known.address, known.kind, known.model) == (ID, "hydrant", "Meokon")


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (terminal()[:-4] + b"\0\0\x55\xaa", "wrong checksum"),
        (terminal()[:-1], "a broken frame"),
        (terminal() + b"\0", "a broken frame"),
        (b"a55a00", "no frame"),
        (b"hello", "no frame"),
        (b"", "empty"),
        (b"\x1b602\xbb\xf0\xbe\xaf", "printer"),
    ],
)
def test_what_is_no_whole_frame_is_told(payload, why):
    found = decode(payload)
    assert isinstance(found, Rejected)
    assert why in found.detail


def test_the_id_in_the_frame_must_be_that_of_the_topic():
    found = decode(terminal(name="SHMK99999999").hex().encode())
    assert (type(found), found.reason) == (Rejected, Reason.IDENTITY)


def test_a_command_on_the_same_topic_is_passed_over():
    assert isinstance(decode(terminal(command=1)), Ignored)
    assert isinstance(decode(b"", retain=True), Ignored)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 255), st.booleans())
def test_nothing_makes_it_fail(data, kind, text):
    head = b"\xa5\x5a\0" + (len(data) + 30).to_bytes(2, "big") + ID.encode() + data[:6].ljust(6, b"\0")
    body = head + bytes((kind,)) + data[6:].ljust(len(data), b"\0")[: len(data) + 2]
    for one in (data, body + crc(body).to_bytes(2, "big") + b"\x55\xaa"):
        found = decode(one.hex().encode() if text else one)
        refused = [found] if isinstance(found, Rejected) else getattr(found, "rejected", [])
        assert all(one.reason is not Reason.FAILED for one in refused)
