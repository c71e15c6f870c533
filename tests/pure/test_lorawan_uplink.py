"""Thinks. What stands of a LoRaWAN device (no codec, faults, the unit of a pressure), and what it stored."""

import json

import pytest

from ingest import bilingual
from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects.lorawan.uplink import CODEC
from ingest.message import Message
from ingest.reading import Decoded, Parts, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000  # 2026-11-22T00:00:00Z
KINDS = {
    "24e124136b000001": "smoke_detector",
    "24e124136b000003": "water_leak",
    "24e124136b000004": "extinguisher",
}
SMOKE, LEAK, BOTTLE = KINDS
DEVICES = [Device(eui[-4:], kind, "campus", dialect="chirpstack", address=eui) for eui, kind in KINDS.items()]
SETTINGS = BrokerSettings(dialects={"chirpstack": None})


def decoder():
    return Decoder(Registry.build([], [], DEVICES), SETTINGS)


def topic(eui):
    return f"application/7d2a/device/{eui}/event/up"


def up(eui, body=None, **more):
    whole = {"time": "2026-11-21T23:59:58Z", "deviceInfo": {"devEui": eui}, "fPort": 85, "data": "qg=="}
    return whole | ({} if body is None else {"object": body}) | more


def at(where, body, using=None):
    return (using or decoder()).decode(Message(None, where, json.dumps(body).encode(), RECEIVED))


def heard(found):
    if isinstance(found, Parts):
        [found] = found.heard
    assert isinstance(found, Decoded), found
    return found


def values(found):
    return {reading.metric: reading.value for reading in heard(found).readings}


UNDECODED = [
    {},
    {"object": None},
    {"object": {}},
    {"objectJSON": ""},
    {"objectJSON": "null"},
    {"object": "text"},
]


@pytest.mark.parametrize("more", UNDECODED)
def test_a_payload_that_nobody_decoded_is_a_fault_and_never_silence(more):
    found = heard(at(topic(SMOKE), up(SMOKE, **more)))
    assert [(r.metric, r.value, r.note) for r in found.readings] == [("fault", "fault", CODEC)]
    assert found.alive


def test_an_uplink_without_a_payload_is_a_sign_of_life_and_no_fault():
    found = at(topic(SMOKE), up(SMOKE, data=""))
    assert (found.readings, found.alive) == ([], True)


def test_the_missing_codec_ends_with_the_first_payload_that_is_decoded():
    using = decoder()
    assert values(at(topic(SMOKE), up(SMOKE), using=using)) == {"fault": "fault"}
    assert values(at(topic(SMOKE), up(SMOKE, {"smoke": 0}), using=using)) == {
        "smoke": "normal",
        "fault": "normal",
    }
    assert values(at(topic(SMOKE), up(SMOKE, {"smoke": 0}), using=using)) == {"smoke": "normal"}


def test_a_decoded_payload_does_not_end_a_fault_of_the_device_itself():
    using = decoder()
    say = lambda body: values(at(topic(SMOKE), up(SMOKE, body), using=using))  # noqa: E731
    assert say({"type": "smoke sensor", "event": "failover"}) == {"fault": "fault"}
    at(topic(SMOKE), up(SMOKE), using=using)
    assert say({"type": "smoke sensor", "event": "alarm"}) == {"smoke": "alarm", "fault": "fault"}
    assert say({"type": "smoke sensor", "event": "normal"})["fault"] == "normal"


def test_of_two_alarms_of_a_transmitter_that_one_is_over_does_not_end_the_other():
    using = decoder()

    def alarm(name, event):
        entry = {"channelName": "pressure", "eventName": event, "alarmTypeName": name}
        found = at(topic(BOTTLE), up(BOTTLE, {"processAlarms": [entry]}), using=using)
        return {(r.value, r.note) for r in heard(found).readings if r.metric == "fault"}

    assert alarm("low threshold", "triggered") == {("fault", "pressure: low threshold")}
    assert alarm("falling slope", "triggered") == {
        ("fault", "pressure: low threshold; pressure: falling slope")
    }
    assert alarm("falling slope", "disappeared") == {("fault", "pressure: low threshold")}
    assert alarm("low threshold", "disappeared") == {("normal", "")}


def test_what_stands_is_remembered_over_a_restart():
    before = decoder()
    at(topic(SMOKE), up(SMOKE), using=before)
    after = Decoder(Registry.build([], [], DEVICES), SETTINGS, learned=before.news)
    assert values(at(topic(SMOKE), up(SMOKE, {"smoke": 0}), using=after))["fault"] == "normal"


def test_a_transmitter_that_tells_its_unit_is_read_in_it_from_then_on():
    using = decoder()
    measured = {"measurement": {"channels": [{"channelName": "pressure", "value": 174.045}]}}
    at(topic(BOTTLE), up(BOTTLE, {"deviceInformation": {"pressureUnitName": "psi"}}), using=using)
    assert values(at(topic(BOTTLE), up(BOTTLE, measured), using=using))["pressure"] == 1.199998


def test_the_registry_may_say_the_unit_of_a_pressure():
    device = Device(
        "bar", "hydrant", "campus", dialect="chirpstack", address=SMOKE, labels={"pressure_unit": "bar"}
    )
    using = Decoder(Registry.build([], [], [device]), SETTINGS)
    assert values(at(topic(SMOKE), up(SMOKE, {"pressure": 3.5}), using=using)) == {"pressure": 0.35}


def test_a_history_is_for_the_history_and_its_alarms_are_told_once_as_late():
    old = 1_795_000_000
    history = [
        {"timestamp": old, "leakage_status": "leak", "temperature": 27.2},
        {"timestamp": old + 600, "leakage_status": "normal"},
    ]
    found = at(topic(LEAK), up(LEAK, {"history": history}))
    live = [r for r in found.readings if r.time_quality is not TimeQuality.HISTORIC]
    stored = [r for r in found.readings if r.time_quality is TimeQuality.HISTORIC]
    assert [(r.metric, r.value, bilingual.told(r.note, "en")) for r in live] == [
        ("late_alarm", "alarm", "leak at 2026-11-18 11:06:40 UTC")
    ]
    assert [(r.metric, r.value, r.event_time) for r in stored] == [
        ("leak", "alarm", old * 1000),
        ("temperature", 27.2, old * 1000),
        ("leak", "normal", old * 1000 + 600_000),
    ]
    assert found.alive


@pytest.mark.parametrize("timestamp", [None, "x", True, 0, -5, 1e300, 4_000_000_000, [], 10**400])
def test_a_stored_moment_that_cannot_be_is_not_believed(timestamp):
    found = at(topic(LEAK), up(LEAK, {"history": [{"timestamp": timestamp, "leakage_status": "leak"}, 7]}))
    stored, late = found.readings
    assert (stored.event_time, stored.time_quality) == (RECEIVED, TimeQuality.HISTORIC)
    assert "unknown time" in late.note
