"""Thinks. Shelly: partial overlays, uptime for time, sleeping devices, bare words."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import shelly
from ingest.dialects.dialect import Known
from ingest.interval import expected_interval
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Reason, Rejected, TimeQuality
from ingest.settings import BrokerSettings

RECEIVED = 1_795_305_600_000
NOW = RECEIVED / 1000
SMOKE, GAS, HT = "shellyplussmoke-80646fd1a2b3", "shellies/shellygas-AABBCC", "shellyplusht-b8d61a8b17cc"

DEVICES = [
    Device(name, kind, "campus", dialect="shelly", address=address)
    for name, kind, address in (
        ("smoke", "smoke_detector", SMOKE),
        ("old-smoke", "smoke_detector", "shellysmoke-5b8998"),
        ("gas", "gas_detector", "shellygas-AABBCC"),
        ("flood", "water_leak", "shellies/shellyflood-0A0B0C"),
        ("climate", "climate", HT),
        ("old-climate", "climate", "shellyht-0C0D0E"),
        ("named", "smoke_detector", "stairs"),
        ("button", "panic_button", "shellybutton1-AABBCCDDEEFF"),
        ("input", "panic_button", "shellyplusi4-a0a0a0a0a0a0"),
        ("door", "door", "shellydw2-ABCDEF"),
        ("fence", "perimeter", "shellymotionsensor-60A4239ABCDE"),
        ("pump", "pump", "shellyplus1pm-a8032ab12345"),
    )
]


@pytest.fixture
def decoder():
    return Decoder(Registry.build([], [], DEVICES), BrokerSettings(dialects={"shelly": None}))


def say(decoder, topic, body, retain=False):
    payload = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return decoder.decode(Message(None, topic, payload, RECEIVED, qos=0, retain=retain))


def one(found):
    decoded = found.heard[0] if isinstance(found, Parts) else found
    assert isinstance(decoded, Decoded), found
    return decoded


def values(found):
    return [(reading.metric, reading.value) for reading in one(found).readings]


def notify(method="NotifyStatus", ts=NOW, src=SMOKE, **components):
    params = {"ts": ts} | {name.replace("_", ":"): body for name, body in components.items()}
    return {"src": src, "dst": f"{src}/events", "method": method, "params": params}


OVERLAYS = [
    ({"smoke_0": {"id": 0, "alarm": True, "mute": False}}, [("smoke", "alarm")]),
    ({"smoke_0": {"id": 0, "alarm": False}}, [("smoke", "normal")]),
    ({"smoke_0": {"id": 0, "mute": True}}, []),  # nothing of the alarm is said
    ({"smoke_0": {"id": 0, "alarm": None}}, [("smoke", "unknown")]),
    ({"smoke_0": {"id": 0, "alarm": "sideways"}}, [("smoke", "unknown")]),
    ({"smoke_0": None}, [("smoke", "unknown")]),
    ({"flood_0": {"alarm": True, "mute": True}}, [("leak", "alarm")]),
    ({"devicepower_0": {"battery": {"V": 2.9, "percent": 80}}}, [("battery", 80.0), ("voltage", 2.9)]),
    ({"devicepower_0": {"battery": {"V": 2.9, "percent": 0}}}, [("battery", 0.0), ("voltage", 2.9)]),
    ({"devicepower_0": {"battery": {"percent": 0}, "external": {"present": True}}}, [("power", "mains")]),
    ({"devicepower_0": {"battery": {"percent": None, "V": None}}}, []),
    ({"temperature_0": {"tC": 20.5, "tF": 68.9}}, [("temperature", 20.5)]),
    ({"temperature_0": {"tC": None}}, []),
    ({"temperature_0": {"tC": 999}}, [("temperature", "unknown")]),
    ({"humidity_0": {"rh": 42}}, [("humidity", 42.0)]),
    ({"wifi": {"rssi": -64, "ssid": "a:b"}}, [("rssi", -64.0)]),
    ({"switch_0": {"output": True}, "cloud": {"connected": False}}, []),
    ({"flood_0": {"errors": ["cable_unplugged"]}}, [("fault", "fault")]),
    ({"wifi": None, "sys": None, "devicepower_0": None}, []),
]


@pytest.mark.parametrize(("components", "expected"), OVERLAYS)
def test_an_overlay_says_only_what_is_in_it(decoder, components, expected):
    found = say(decoder, f"{SMOKE}/events/rpc", notify(**components))
    assert values(found) == expected
    assert one(found).alive


def test_an_alarm_that_is_muted_is_an_alarm_with_a_note(decoder):
    found = say(decoder, f"{SMOKE}/events/rpc", notify(smoke_0={"alarm": True, "mute": True}))
    assert [(r.value, r.note) for r in one(found).readings] == [("alarm", "silenced")]


def test_zero_percent_is_left_out_as_long_as_external_power_was_last_present(decoder):
    topic = f"{HT}/events/rpc"
    say(decoder, topic, notify(src=HT, devicepower_0={"external": {"present": True}}))
    empty = {"battery": {"percent": 0, "V": 0.4}}
    assert values(say(decoder, topic, notify(src=HT, devicepower_0=empty))) == []
    off = say(decoder, topic, notify(src=HT, devicepower_0={**empty, "external": {"present": False}}))
    assert values(off) == [("power", "battery"), ("battery", 0.0), ("voltage", 0.4)]


@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        (NOW - 30, (RECEIVED - 30_000, TimeQuality.DEVICE)),
        (2.46, (RECEIVED, TimeQuality.RECEIVED)),  # seconds since it woke
        (None, (RECEIVED, TimeQuality.RECEIVED)),
        ("soon", (RECEIVED, TimeQuality.RECEIVED)),
        (1.68e9, (RECEIVED, TimeQuality.IMPLAUSIBLE)),
    ],
)
def test_uptime_is_no_time(decoder, ts, expected):
    found = say(decoder, f"{SMOKE}/events/rpc", notify(ts=ts, smoke_0={"alarm": False}))
    [reading] = one(found).readings
    assert (reading.event_time, reading.time_quality) == expected


def test_a_detector_woken_by_its_button_is_under_test_once(decoder):
    sys = {"wakeup_reason": {"boot": "deepsleep_wake", "cause": "button"}, "time": None}
    found = say(decoder, f"{SMOKE}/events/rpc", notify(sys=sys, smoke_0={"alarm": False}))
    assert values(found) == [("smoke", "test"), ("smoke", "normal")]


def test_an_alarm_is_never_hidden_by_the_button(decoder):
    sys = {"wakeup_reason": {"cause": "button"}}
    found = say(decoder, f"{SMOKE}/events/rpc", notify(sys=sys, smoke_0={"alarm": True}))
    assert values(found) == [("smoke", "alarm")]
    assert "button" in one(found).readings[0].note
    event = {"component": "smoke:0", "event": "alarm_test"}
    body = {"src": SMOKE, "method": "NotifyEvent", "params": {"ts": NOW, "events": [event]}}
    assert values(say(decoder, f"{SMOKE}/events/rpc", body)) == []
    say(decoder, f"{SMOKE}/events/rpc", notify(smoke_0={"alarm": False}))
    found = say(decoder, f"{SMOKE}/events/rpc", body)
    assert values(found) == [("smoke", "test"), ("smoke", "normal")]


@pytest.mark.parametrize(
    ("name", "event", "expected"),
    [
        ("smoke", {"component": "smoke:0", "event": "alarm"}, [("smoke", "alarm")]),
        ("smoke", {"component": "smoke:0", "event": "alarm_off"}, [("smoke", "normal")]),
        ("smoke", {"component": "sys", "event": "sleep"}, []),
        ("smoke", {"component": "input:0", "event": "single_push"}, []),
        ("input", {"component": "input:0", "event": "single_push"}, [("press", "alarm")]),
        ("input", {"component": "input:0", "event": "btn_down"}, []),  # the push itself follows
        ("input", {}, []),
    ],
)
def test_an_event_is_told_by_its_component(decoder, name, event, expected):
    address = next(device.address for device in DEVICES if device.id == name)
    body = {"src": address, "method": "NotifyEvent", "params": {"ts": NOW, "events": [event]}}
    assert values(say(decoder, f"{address}/events/rpc", body)) == expected


def test_a_retained_push_is_nothing(decoder):
    address = "shellyplusi4-a0a0a0a0a0a0"
    events = [{"component": "input:0", "event": "long_push"}]
    body = {"src": address, "method": "NotifyEvent", "params": {"events": events}}
    found = say(decoder, f"{address}/events/rpc", body, retain=True)
    assert values(found) == []
    assert not one(found).alive


def test_a_fault_ends_when_a_full_status_no_longer_has_it(decoder):
    topic = f"{SMOKE}/events/rpc"
    say(decoder, topic, notify(flood_0={"errors": ["cable_unplugged"]}))
    assert values(say(decoder, topic, notify(flood_0={"alarm": False}))) == [("leak", "normal")]
    full = notify("NotifyFullStatus", flood_0={"alarm": False})
    assert values(say(decoder, topic, full)) == [("leak", "normal"), ("fault", "normal")]


def test_the_status_topic_of_one_component_is_read(decoder):
    found = say(decoder, f"{SMOKE}/status/smoke:0", {"id": 0, "alarm": True, "mute": False}, retain=True)
    assert values(found) == [("smoke", "alarm")]
    assert one(found).readings[0].retained
    assert not one(found).alive
    assert values(say(decoder, f"{SMOKE}/status/wifi", {"rssi": -70})) == [("rssi", -70.0)]
    assert values(say(decoder, f"{SMOKE}/status/cloud", {"connected": True})) == []


def test_another_id_in_the_payload_is_refused(decoder):
    other = "shellyplussmoke-000000000000"
    for body in (notify(src=other, smoke_0={"alarm": False}), notify(sys={"mac": "000000000000"})):
        found = say(decoder, f"{SMOKE}/events/rpc", body)
        assert isinstance(found, Rejected)
        assert found.reason is Reason.IDENTITY
    assert one(say(decoder, f"{SMOKE}/events/rpc", notify(src=SMOKE.upper()))).device == "smoke"
    assert one(say(decoder, "stairs/events/rpc", notify(src=other))).device == "named"  # a changed prefix


@pytest.mark.parametrize(
    "payload",
    [
        b'{"method":"NotifyStatus","params":{"smoke:0":{"alarm":true},"smoke:0":{"alarm":false}}}',
        b'{"method":"NotifyStatus","params":{"smoke:0":{"alarm":true,"alarm":false}}}',
        rb'{"method":"NotifyStatus","params":{"smoke:0":{"alarm":true},"smoke\u003a0":{"alarm":false}}}',
        b'{"method":"NotifyStatus","params":{"smoke:0":{"alarm":true}},"params":{}}',
        b'{"method":"NotifyEvent","params":{"events":[{"component":"smoke:0","event":"a","event":"b"}]}}',
        b"{}",
        b"true",
        b"{",
        b"\xff\xfe",
        b'{"method":"NotifyStatus","params":{"smoke:0":7}}',
    ],
)
def test_a_frame_that_does_not_mean_one_thing_is_refused(decoder, payload):
    found = say(decoder, f"{SMOKE}/events/rpc", payload)
    assert isinstance(found, Rejected)
    assert found.reason is Reason.MALFORMED


def test_a_battery_device_that_goes_to_sleep_is_not_offline(decoder):
    assert isinstance(say(decoder, f"{SMOKE}/online", b"false"), Ignored)
    assert isinstance(say(decoder, "shellies/shellysmoke-5B8998/online", b"false"), Ignored)
    assert values(say(decoder, f"{SMOKE}/online", b"true")) == [("link", "online")]
    assert not one(say(decoder, f"{SMOKE}/online", b"true")).alive


def test_a_device_of_another_name_is_known_to_sleep_once_it_has_said_so(decoder):
    assert values(say(decoder, "stairs/online", b"false")) == [("link", "offline")]
    say(decoder, "stairs/events/rpc", notify(sys={"wakeup_period": 86400}))
    assert isinstance(say(decoder, "stairs/online", b"false"), Ignored)
    say(decoder, "stairs/events/rpc", notify(sys={"wakeup_period": 0}))
    assert values(say(decoder, "stairs/online", b"false")) == [("link", "offline")]


def test_a_mains_device_is_offline_by_its_last_will(decoder):
    assert values(say(decoder, f"{GAS}/online", b"false")) == [("link", "offline")]
    assert isinstance(say(decoder, f"{GAS}/online", b"maybe"), Rejected)


def test_a_device_that_says_when_it_wakes_is_expected_then(decoder):
    found = say(decoder, f"{SMOKE}/events/rpc", notify(sys={"wakeup_period": 600}))
    assert one(found).interval == 660
    for period in (None, 0, -5, "600", 1e300):
        assert not one(say(decoder, f"{SMOKE}/events/rpc", notify(sys={"wakeup_period": period}))).interval


def test_what_strangers_say_of_themselves_is_not_remembered(decoder):
    for sys in ({"wakeup_period": 600}, {"wakeup_reason": {"cause": "button"}}):
        body = notify(src="", sys=sys, smoke_0={"alarm": True}, devicepower_0={"external": {"present": True}})
        say(decoder, "invented/events/rpc", body)
    say(decoder, "shellies/invented/info", {"tmp": {"value": 68, "units": "F"}})
    assert decoder.news == {}


def test_a_sleeping_device_may_be_silent_for_a_day_and_a_gas_detector_may_not():
    by_id = {device.id: device for device in DEVICES}
    assert expected_interval(by_id["smoke"]) > 86_400
    assert expected_interval(by_id["gas"]) < 3_600


FIRST = [
    ("shellysmoke-5B8998", "sensor/smoke", b"true", [("smoke", "alarm")]),
    ("shellysmoke-5B8998", "sensor/smoke", b"false", [("smoke", "normal")]),
    ("shellysmoke-5B8998", "sensor/smoke", b"", None),
    ("shellysmoke-5B8998", "sensor/smoke", b"smoky", [("smoke", "unknown")]),
    ("shellysmoke-5B8998", "sensor/temperature", b"25.06", [("temperature", 25.06)]),
    ("shellysmoke-5B8998", "sensor/temperature", b"999.0", [("temperature", "unknown")]),
    ("shellysmoke-5B8998", "sensor/battery", b"71", [("battery", 71.0)]),
    ("shellysmoke-5B8998", "sensor/act_reasons", b'["button"]', [("smoke", "test"), ("smoke", "normal")]),
    ("shellysmoke-5B8998", "sensor/act_reasons", b'["alarm"]', []),
    ("shellyflood-0A0B0C", "sensor/flood", b"true", [("leak", "alarm")]),
    ("shellyflood-0A0B0C", "sensor/error", b"0", [("fault", "normal")]),
    ("shellyflood-0A0B0C", "sensor/error", b"4", [("fault", "fault")]),
    ("shellygas-AABBCC", "sensor/gas", b"none", [("gas", "normal")]),
    ("shellygas-AABBCC", "sensor/gas", b"mild", [("gas", "alarm")]),
    ("shellygas-AABBCC", "sensor/gas", b"heavy", [("gas", "alarm")]),
    ("shellygas-AABBCC", "sensor/gas", b"test", [("gas", "test")]),
    ("shellygas-AABBCC", "sensor/gas", b"unknown", [("gas", "unknown")]),
    ("shellygas-AABBCC", "sensor/gas", b"severe", [("gas", "unknown")]),
    ("shellygas-AABBCC", "sensor/operation", b"normal", [("fault", "normal")]),
    ("shellygas-AABBCC", "sensor/operation", b"warm-up", [("fault", "normal")]),
    ("shellygas-AABBCC", "sensor/operation", b"fault", [("fault", "fault")]),
    ("shellygas-AABBCC", "sensor/operation", b"unknown", [("fault", "unknown")]),
    ("shellygas-AABBCC", "sensor/self_test", b"not_completed", []),
    ("shellygas-AABBCC", "sensor/self_test", b"abandoned", [("self_test", "unknown")]),
    ("shellygas-AABBCC", "sensor/concentration", b"12", []),
    ("shellyht-0C0D0E", "sensor/humidity", b"52.6", [("humidity", 52.6)]),
    ("shellyht-0C0D0E", "sensor/humidity", b"999", [("humidity", "unknown")]),
    ("shellyht-0C0D0E", "sensor/humidity", b"nan", [("humidity", "unknown")]),
    ("shellydw2-ABCDEF", "sensor/state", b"open", [("contact", "open")]),
    ("shellydw2-ABCDEF", "sensor/state", b"close", [("contact", "closed")]),
    ("shellymotionsensor-60A4239ABCDE", "sensor/motion", b"true", [("intrusion", "alarm")]),
    ("shellyht-0C0D0E", "sensor/motion", b"true", []),
    ("shellygas-AABBCC", "overtemperature", b"1", [("fault", "fault")]),
    ("shellygas-AABBCC", "relay/0", b"on", []),
]


@pytest.mark.parametrize(("name", "topic", "payload", "expected"), FIRST)
def test_a_bare_word_of_the_first_generation_is_read(decoder, name, topic, payload, expected):
    found = say(decoder, f"shellies/{name}/{topic}", payload)
    if expected is None:
        assert isinstance(found, Ignored)
    else:
        assert values(found) == expected
        assert one(found).alive


def test_only_a_test_that_was_seen_running_has_a_result(decoder):
    words = [b"completed", b"completed", b"running", b"completed", b"completed", b"running", b"not_completed"]
    told = [values(say(decoder, f"{GAS}/sensor/self_test", word)) for word in words]
    assert told == [[], [], [], [("self_test", "passed")], [], [], [("self_test", "failed")]]


def test_the_unit_of_a_bare_temperature_is_what_info_has_told(decoder):
    topic = "shellies/shellyht-0C0D0E"
    info = {"tmp": {"value": 68.0, "units": "F", "is_valid": True}, "hum": {"value": 40, "is_valid": False}}
    assert values(say(decoder, f"{topic}/info", info)) == [("temperature", 20.0)]
    assert values(say(decoder, f"{topic}/sensor/temperature", b"50")) == [("temperature", 10.0)]
    info["tmp"] = {"value": 20.0, "units": "C"}
    say(decoder, f"{topic}/info", info)
    assert values(say(decoder, f"{topic}/sensor/temperature", b"25")) == [("temperature", 25.0)]


def test_what_the_device_calls_not_valid_is_not_normal(decoder):
    topic = "shellies/shellysmoke-5B8998/info"
    assert values(say(decoder, topic, {"is_valid": False, "smoke": False})) == [("smoke", "unknown")]
    assert values(say(decoder, topic, {"is_valid": False, "smoke": True})) == [("smoke", "alarm")]
    assert values(say(decoder, topic, {"is_valid": True})) == []


def test_info_of_another_device_is_refused(decoder):
    found = say(decoder, "shellies/shellysmoke-5B8998/info", {"mac": "5ECF7F000000", "smoke": False})
    assert isinstance(found, Rejected)
    assert found.reason is Reason.IDENTITY


def test_a_push_is_told_once_however_often_it_is_repeated(decoder):
    topic = "shellies/shellybutton1-AABBCCDDEEFF/input_event/0"
    told = [values(say(decoder, topic, {"event": "S", "event_cnt": n})) for n in (3, 3, 4)]
    assert told == [[("press", "alarm")], [], [("press", "alarm")]]
    assert values(say(decoder, topic, {"event": "S", "event_cnt": 5}, retain=True)) == []
    assert values(say(decoder, topic, {"event": "", "event_cnt": 6})) == []


@pytest.mark.parametrize(
    "name", ["shellysmoke-5B8998", "shellysmoke-5b8998", "SHELLYSMOKE-5B8998", "shellysmoke-5b8998".upper()]
)
def test_an_id_may_be_written_in_any_case(decoder, name):
    assert one(say(decoder, f"shellies/{name}/sensor/smoke", b"true")).device == "old-smoke"


def test_the_life_session_hears_every_spelling_of_its_devices(decoder):
    for topic in ("shellies/shellysmoke-5B8998/sensor/smoke", f"{SMOKE}/events/rpc", f"{SMOKE}/online"):
        assert decoder.owned_by_life(topic)
    assert not decoder.owned_by_life("shellies/shellyht-0C0D0E/info")


def test_a_detector_nobody_registered_is_heard_and_its_kind_is_guessed(decoder):
    found = say(decoder, "shellies/shellyflood-ABABAB/sensor/flood", b"true")
    assert (one(found).device.partition(".")[0], values(found)) == ("unregistered", [("leak", "alarm")])
    [announced] = say(
        decoder, "shellies/announce", {"id": "shellysmoke-111111", "model": "SHSM-01", "mac": "AABBCC111111"}
    ).announced
    assert (announced.address, announced.kind, announced.model) == (
        "shellysmoke-111111",
        "smoke_detector",
        "SHSM-01",
    )
    assert isinstance(say(decoder, "shellies/announce", {"id": "SHELLYSMOKE-5B8998"}), Ignored)
    assert isinstance(say(decoder, "shellies/announce", {"id": 7 * "x" * 100}), Ignored)


@pytest.mark.parametrize(
    "topic",
    ["shellies/shellygas-AABBCC/command", f"{SMOKE}/rpc", "shellies/command", f"{SMOKE}/command/smoke:0"],
)
def test_commands_are_nothing(decoder, topic):
    assert isinstance(say(decoder, topic, b"{}"), Ignored)


@pytest.mark.parametrize(
    "topic", ["kitchen/online", "bridge/status/lamp", "a/b/online", "x/status", "/online"]
)
def test_topics_of_others_at_the_root_are_left_to_them(topic):
    assert shelly.addresses(topic, Known("shelly")) is None


def test_a_prefix_of_several_levels_is_a_base():
    device = Device("it", "smoke_detector", "campus", dialect="shelly", address="stairs")
    settings = BrokerSettings(dialects={"shelly": ["shellies", "dorm/west"]})
    decoder = Decoder(Registry.build([], [], [device]), settings)
    assert one(say(decoder, "dorm/west/stairs/events/rpc", notify(smoke_0={"alarm": True}))).device == "it"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("button"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["smoke:0", "flood:0", "devicepower:0", "temperature:0", "humidity:0", "wifi", "sys", "ts", "events"]
)
KEYS = st.sampled_from(
    ["alarm", "mute", "battery", "external", "percent", "present", "V", "tC", "rh", "rssi", "errors", "mac",
     "wakeup_reason", "wakeup_period", "cause", "component", "event"]
)  # fmt: skip
BODIES = JSON | st.dictionaries(KEYS, JSON | st.dictionaries(KEYS, JSON, max_size=3), max_size=4)
TOPICS = st.sampled_from(
    [f"{SMOKE}/events/rpc", f"{SMOKE}/status/smoke:0", f"{SMOKE}/online", "stairs/events/rpc", f"{GAS}/info",
     f"{GAS}/sensor/gas", f"{GAS}/sensor/act_reasons", f"{GAS}/sensor/self_test", f"{GAS}/input_event/0",
     f"{GAS}/announce", "shellies/announce", "shellies/new/info", "shellies/new/sensor/battery"]
)  # fmt: skip


def _failed(found):
    return isinstance(found, Rejected) and found.reason is Reason.FAILED


@settings(max_examples=200)
@given(TOPICS, st.binary(max_size=60) | JSON.map(lambda body: json.dumps(body).encode()), st.booleans())
def test_no_payload_fails(topic, payload, retain):
    decoder = Decoder(Registry.build([], [], DEVICES), BrokerSettings(dialects={"shelly": None}))
    assert not _failed(say(decoder, topic, payload, retain))


@settings(max_examples=200)
@given(
    st.sampled_from(["NotifyStatus", "NotifyFullStatus", "NotifyEvent"]),
    st.dictionaries(NAMES, BODIES, max_size=5),
    st.lists(BODIES, max_size=2),
)
def test_no_frame_of_the_right_shape_fails(method, params, events):
    decoder = Decoder(Registry.build([], [], DEVICES), BrokerSettings(dialects={"shelly": None}))
    for told in (params, {"events": events}):
        body = {"src": SMOKE, "method": method, "params": told}
        assert not _failed(say(decoder, f"{SMOKE}/events/rpc", body))
    assert not _failed(say(decoder, f"{GAS}/info", {"tmp": params, "bat": events, "gas_sensor": params}))
