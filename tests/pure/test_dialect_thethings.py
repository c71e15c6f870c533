"""Thinks. The Things Stack v3: identity by topic or DevEUI, omitted fields, simulations, no formatter."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import thethings
from ingest.dialects.dialect import Known
from ingest.dialects.lorawan.uplink import CODEC
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000  # 2026-11-22T00:00:00Z
EUI = "4200000000000000"
OTHER = "42000000000000ff"
SETTINGS = BrokerSettings(dialects={"thethings": None})


def decoder(address="app1/dev1", kind="smoke_detector", learned=None):
    device = Device("it", kind, "campus", dialect="thethings", address=address)
    return Decoder(Registry.build([], [], [device]), SETTINGS, learned=learned)


def up(body=None, device="dev1", application="app1", eui=EUI, **more):
    ids = {"device_id": device, "application_ids": {"application_id": application}, "dev_eui": eui.upper()}
    message = {
        "session_key_id": "x",
        "f_port": 85,
        "frm_payload": "gkHe",
        "settings": {"frequency": "868300000"},
        "received_at": "2026-11-21T23:59:58.123456789Z",
    }
    if body is not None:
        message["decoded_payload"] = body
    return {"end_device_ids": ids, "received_at": "2026-11-21T23:59:59Z", "uplink_message": message | more}


def at(body, where="app1@tenant1/devices/dev1/up", using=None, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return (using or decoder()).decode(Message(None, f"v3/{where}", payload, RECEIVED, retain=retain))


def heard(found):
    if isinstance(found, Parts):
        [found] = found.heard
    assert isinstance(found, Decoded), found
    return found


def values(found):
    return {reading.metric: reading.value for reading in heard(found).readings}


def whose(found):
    return heard(found).device


def test_an_uplink_says_what_the_formatter_decoded_and_when_the_network_server_had_it():
    metadata = [{"rssi": -90, "time": "2020-01-01T00:00:00Z"}, {"rssi": -35}]
    found = at(up({"FireAlarm": "Alarm", "Volt": 3}, rx_metadata=metadata))
    assert values(found) == {"smoke": "alarm", "voltage": 3.0, "battery_low": "normal", "rssi": -35.0}
    assert {r.event_time for r in found.readings} == {RECEIVED - 1877}
    assert {r.time_quality for r in found.readings} == {TimeQuality.DEVICE}
    assert found.alive
    assert (found.boot, found.sequence) == (None, None)  # a frame counter starts again at every join


@pytest.mark.parametrize(
    "address", ["dev1", "app1/dev1", "app1@tenant1/dev1", "v3/app1/dev1", EUI, EUI.upper()]
)
@pytest.mark.parametrize("where", ["app1@tenant1/devices/dev1/up", "app1/devices/dev1/up"])
def test_a_device_is_known_by_its_id_its_application_or_its_eui_with_and_without_a_tenant(address, where):
    found = at(up({"smoke": "alarm"}), where, decoder(address))
    expected = "@" not in address or "@" in where or "eui" in address
    assert (whose(found) == "it") is expected
    assert values(found)["smoke"] == "alarm"  # a stranger's alarm is decoded all the same


def test_the_default_id_of_the_stack_is_the_eui():
    where = f"app1@tenant1/devices/eui-{EUI}/up"
    found = at(up({"smoke": "alarm"}, device=f"eui-{EUI}"), where, decoder(EUI))
    assert whose(found) == "it"
    assert found.learned == {"names": {f"app1@tenant1/eui-{EUI}": EUI}}  # the life session narrows to it


def test_an_eui_is_learned_once_and_then_belongs_to_the_topic():
    using = decoder(EUI)
    assert thethings.filters(EUI, Known("thethings"))[:2] == ["+/devices/+/up", "+/devices/+/join"]
    assert at(up({"smoke": 0}), using=using).learned == {"names": {"app1@tenant1/dev1": EUI}}
    assert isinstance(at(up({"smoke": 0}), using=using), Decoded)
    assert "v3/app1@tenant1/devices/dev1/up" in using.life_filters()
    assert "v3/+/devices/+/up" not in using.life_filters()
    after = decoder(EUI, learned=using.news)
    assert isinstance(at(up({"smoke": 0}), using=after), Decoded)


def test_other_hardware_under_a_learned_name_is_a_stranger_again():
    using = decoder(EUI)
    at(up({"smoke": 0}), using=using)
    found = at(up({"smoke": 1}, eui=OTHER), using=using)
    assert whose(found).startswith("unregistered.")
    assert found.learned == {"names": {}}
    assert whose(at(up({"smoke": 1}), using=using)) == "it"


def test_the_name_in_the_registry_stands_above_the_eui_in_the_payload():
    assert whose(at(up({"smoke": 1}, eui=OTHER))) == "it"


@pytest.mark.parametrize(
    "body",
    [up({"smoke": 1}, device="dev2"), up({"smoke": 1}, application="app2"), up({"smoke": 1}, device=7)],
)
def test_another_id_in_the_payload_than_in_the_topic_is_a_security_event(body):
    found = at(body)
    assert isinstance(found, Rejected)
    assert found.reason is Reason.IDENTITY


@pytest.mark.parametrize("simulated", [True, "true", 1])
def test_a_simulated_uplink_never_alarms(simulated):
    assert isinstance(at(up({"smoke": "alarm"}) | {"simulated": simulated}), Ignored)


@pytest.mark.parametrize("simulated", [False, None])
def test_an_uplink_that_is_not_simulated_alarms(simulated):
    assert values(at(up({"smoke": "alarm"}) | {"simulated": simulated})) == {"smoke": "alarm"}


@pytest.mark.parametrize("body", [None, {}, "text", 7])
def test_a_payload_that_nobody_decoded_is_a_fault_and_never_silence(body):
    using = decoder()
    found = heard(at(up(body), using=using))
    assert [(r.metric, r.value, r.note) for r in found.readings] == [("fault", "fault", CODEC)]
    assert found.alive
    assert values(at(up({"smoke": 0}), using=using)) == {"smoke": "normal", "fault": "normal"}


def test_omitted_fields_of_the_envelope_say_nothing():
    found = at({"end_device_ids": {"device_id": "dev1"}, "uplink_message": {"decoded_payload": {"smoke": 0}}})
    assert values(found) == {"smoke": "normal"}
    assert found.readings[0].time_quality is TimeQuality.RECEIVED
    assert heard(at({"uplink_message": {}})).readings == []


def test_a_battery_that_the_device_told_the_network_server_counts_where_the_payload_has_none():
    told = {"value": 82.6, "received_at": "2026-11-21T00:00:00Z"}
    assert values(at(up({"smoke": 0}, last_battery_percentage=told))) == {"smoke": "normal", "battery": 82.6}
    assert values(at(up({"smoke": 0, "battery": 80}, last_battery_percentage=told)))["battery"] == 80.0


def test_joining_is_a_sign_of_life_and_says_so():
    body = {"end_device_ids": {"device_id": "dev1", "dev_eui": EUI}, "join_accept": {"session_key_id": "x"}}
    found = at(body, "app1@tenant1/devices/dev1/join")
    assert values(found) == {"link": "online"}
    assert found.alive


def test_a_history_comes_late_and_silently():
    body = {"history": [{"timestamp": 1_795_000_000, "smoke": "alarm"}]}
    found = at(up(body))
    assert [(r.metric, r.time_quality) for r in found.readings] == [
        ("smoke", TimeQuality.HISTORIC),
        ("late_alarm", TimeQuality.RECEIVED),
    ]


@pytest.mark.parametrize(
    "part", ["down/queued", "down/ack", "service/data", "location/solved", "up/normalized", "down/push"]
)
def test_other_topics_of_a_device_mean_nothing_here(part):
    assert isinstance(at(up({"smoke": 1}), f"app1@tenant1/devices/dev1/{part}"), Ignored)


@pytest.mark.parametrize("where", ["app1", "app1/gateways/x/up", "/devices/dev1/up", "app1/devices//up"])
def test_a_topic_of_another_shape_is_not_of_this_dialect(where):
    found = at(up({"smoke": 1}), where)
    assert isinstance(found, Rejected)
    assert found.reason is Reason.BAD_TOPIC


def test_a_stranger_is_announced_with_its_eui_and_its_likely_kind():
    found = at(up({"leakage_status": "leak"}, device="new"), "app1@tenant1/devices/new/up")
    [one] = found.announced
    assert (one.address, one.kind, one.note) == ("app1@tenant1/new", "water_leak", f"DevEUI {EUI}")


BAD = [
    b"",
    b"{",
    b"[]",
    b'{"uplink_message": {"attributes": {} "received_at": 1}}',  # the published example lacks a comma
    b'{"uplink_message":{"decoded_payload":{"smoke":"normal","smoke":"alarm"}}}',
    b'{"uplink_message":{"decoded_payload":{"smoke":"alarm"},"decoded_payload":{"smoke":"normal"}}}',
    b'{"uplink_message":{"decoded_payload":{"smoke":"alarm"}},"simulated":false,"simulated":true}',
    b'{"uplink_message":{"decoded_payload":{"smoke":"alarm"}},"simul\\u0061ted":true,"simulated":false}',
    b'{"uplink_message":7}',
]


@pytest.mark.parametrize("payload", BAD)
def test_json_that_means_two_things_or_none_is_refused(payload):
    found = at(payload)
    assert isinstance(found, Rejected)
    assert found.reason is Reason.MALFORMED


def test_a_retained_uplink_is_no_sign_of_life_and_no_press():
    found = at(up({"button": "short", "battery": 90}), using=decoder(kind="panic_button"), retain=True)
    assert values(found) == {"battery": 90.0}
    assert not found.alive
    assert isinstance(at(b"", retain=True), Ignored)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
MESSAGE = st.dictionaries(
    st.sampled_from(
        ["decoded_payload", "frm_payload", "rx_metadata", "received_at", "last_battery_percentage"]
    ),
    JSON,
)
IDS = st.dictionaries(st.sampled_from(["device_id", "dev_eui", "application_ids"]), JSON | st.just("dev1"))


@settings(max_examples=150)
@given(st.sampled_from(["up", "join"]), st.sampled_from(["dev1", EUI]), MESSAGE | JSON, IDS | JSON, JSON)
def test_no_message_of_the_right_shape_makes_it_fail(event, address, message, ids, simulated):
    body = {"end_device_ids": ids, "uplink_message": message, "simulated": simulated}
    found = at(body, f"app1@tenant1/devices/dev1/{event}", decoder(address))
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found


@settings(max_examples=100)
@given(st.binary())
def test_no_bytes_make_it_fail(payload):
    found = at(payload)
    assert not (isinstance(found, Rejected) and found.reason is Reason.FAILED), found
