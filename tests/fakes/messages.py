"""Thinks. What devices of every dialect say: who is registered, and a handful of messages with their meaning.

The shapes are those of the dialects' documents; the promises of every dialect, the fuzzer and the benchmark
all begin here. A new dialect gets its entry in TALKS.
"""

from collections.abc import Sequence
from typing import Any

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import DIALECTS
from ingest.message import Message
from ingest.reading import Decoded, Parts, Rejected
from ingest.settings import BrokerSettings
from tests.fakes.gb26875 import FAULT, FIRE, NORMAL, bcd, component, frame, stamp, system, unit
from tests.fakes.talk import MINUTE, NOW, Talk, chirpstack, gb26875, hydrant, js, thethings
from tests.fakes.talk_home import HOME

NOTHING = "nothing"  # the word of what is understood and has no reading


class Nowhere:
    """Where the messages come from."""

    name = "test"

    def settle(self, messages: Sequence[Message]) -> None:
        """Nobody waits for it."""


def registered(name: str) -> list[Device]:
    """The devices of a dialect. Tocsin's own are called by their ids."""
    if name == "tocsin":
        return [Device(address, kind, "campus") for kind, address in TALKS[name].devices]
    return [
        Device(f"d{number}", kind, "campus", dialect=name, address=address)
        for number, (kind, address) in enumerate(TALKS[name].devices)
    ]


def decoder(name: str, *, strangers: bool = False, learned: dict[Any, Any] | None = None) -> Decoder:
    """One that hears this dialect. To it with `strangers` nobody is registered."""
    talk = TALKS[name]
    definitions = {name: talk.definitions} if talk.definitions else {}
    registry = Registry.build([], [], [] if strangers else registered(name), definitions)
    others = {} if name in ("tocsin", "mapping") else {name: talk.bases}
    return Decoder(registry, BrokerSettings(dialects=others), learned=learned)


def hear(by: Decoder, topic: str, payload: bytes, retain: bool = False) -> Any:
    return by.decode(Message(Nowhere(), topic, payload, NOW, retain=retain))


def heard(found: Any) -> list[Decoded]:
    if isinstance(found, Parts):
        return found.heard
    return [found] if isinstance(found, Decoded) else []


def refused(found: Any) -> list[Rejected]:
    if isinstance(found, Parts):
        return found.rejected
    return [found] if isinstance(found, Rejected) else []


def words(found: Any) -> set[str]:
    """What a message says, in words: of its readings, "announced", or NOTHING."""
    values = {str(one.value) for decoded in heard(found) for one in decoded.readings}
    if isinstance(found, Parts) and found.announced:
        values.add("announced")
    return values or (set() if refused(found) else {NOTHING})


_SMOKE_EUI, _DOOR_EUI = "24e124136b000001", "24e124136b00000a"
_PACK = "/sys/pk/gw/thing/event/property/pack/post"
_SUB_DEVICE = {"identity": {"productKey": "pk", "deviceName": "dn"},
               "properties": {"smoke": [{"value": 1, "time": NOW}, {"value": 0, "time": NOW - MINUTE}]},
               "events": {"LowBattery": [{"value": {}, "time": NOW}]}}  # fmt: skip
_MAPPED = {
    "panel": {
        "topic": "plant/{device}/state",
        "fields": {
            "alarm.code": {"metric": "smoke", "words": {0: "normal", 1: "alarm", 2: "test", "*": "fault"}},
            "bat": {"metric": "battery", "unit": "ratio", "sentinels": [255]},
        },
        "time": {"path": "ts", "format": "ms"},
        "identity": "id",
    },
    "gw": {
        "topic": "plant-gw/{gateway}/report", "each": "devs[*]", "device": "id", "kind": "gas_detector",
        "fields": {"a": "hazard", "on": "link"},
        "online": {"topic": "plant-gw/{gateway}/lwt", "path": "state", "words": {1: "online", 0: "offline"}},
    },
    "text": {"topic": "plant-text/{device}", "format": "text", "split": ";", "pairs": "=",
             "fields": {"st": "smoke"}},
}  # fmt: skip
_PLAIN_ENTITY = {"platform": "binary_sensor", "device_class": "smoke", "state_topic": "node/smoke/state"}
_APPROVED = {
    "plain": {"entities": {"smoke": _PLAIN_ENTITY}, "availability": [{"topic": "node/status"}]},
    "template": {
        "entities": {
            "smoke": {"platform": "binary_sensor", "device_class": "smoke", "state_topic": "node2/state",
                      "value_template": "{{ value_json.smoke.alarm }}", "payload_on": True,
                      "payload_off": False},
            "low": {"platform": "binary_sensor", "device_class": "battery", "state_topic": "node2/state",
                    "value_template": "{{ 'ON' if value_json.battery | float < 20 else 'OFF' }}"},
            "battery": {"platform": "sensor", "device_class": "battery", "state_topic": "node2/state",
                        "value_template": "{{ value_json.battery | float | round(1) }}"},
        },
        "availability": [{"topic": "node2/lwt", "template": "{{ value_json.state }}"}],
    },
}  # fmt: skip

TALKS: dict[str, Talk] = {
    "shelly": Talk(
        [("smoke_detector", "shellyplussmoke-80646fd1a2b3"), ("smoke_detector", "shellysmoke-5b8998"),
         ("gas_detector", "shellies/shellygas-AABBCC"), ("panic_button", "shellybutton1-AABBCCDDEEFF")],
        [
            ("shellyplussmoke-80646fd1a2b3/events/rpc",
             js(src="shellyplussmoke-80646fd1a2b3", dst="shellyplussmoke-80646fd1a2b3/events",
                method="NotifyFullStatus",
                params={"ts": NOW / 1000 - 3, "ble": {}, "cloud": {"connected": False},
                        "devicepower:0": {"id": 0, "battery": {"V": 2.9, "percent": 80},
                                          "external": {"present": False}},
                        "mqtt": {"connected": True}, "smoke:0": {"id": 0, "alarm": True, "mute": False},
                        "sys": {"mac": "80646FD1A2B3", "uptime": 2, "ram_size": 235160, "ram_free": 142232,
                                "wakeup_reason": {"boot": "deepsleep_wake", "cause": "alarm"},
                                "wakeup_period": 86400},
                        "wifi": {"sta_ip": "10.0.0.7", "status": "got ip", "rssi": -64}}), "alarm"),
            ("shellyplussmoke-80646fd1a2b3/events/rpc",
             js(src="shellyplussmoke-80646fd1a2b3", method="NotifyStatus",
                params={"ts": NOW / 1000, "smoke:0": {"id": 0, "alarm": False}}), "normal"),
            ("shellies/shellysmoke-5b8998/sensor/smoke", b"true", "alarm"),
            ("shellies/shellygas-AABBCC/sensor/gas", b"heavy", "alarm"),
            ("shellies/shellybutton1-AABBCCDDEEFF/input_event/0", js(event="S", event_cnt=3), "alarm"),
            ("shellies/shellygas-AABBCC/online", b"false", "offline"),
        ],
    ),
    "tocsin": Talk(
        [("smoke_detector", "lab-smoke"), ("panic_button", "dorm-button")],
        [
            ("campus/lab-smoke/reading",
             js(boot=3, seq=1234, time=NOW - 40, values={"smoke": "alarm", "battery": 87}), "alarm"),
            ("campus/lab-smoke/reading", js(values={"smoke": "normal", "temperature": 21.5}), "21.5"),
            ("campus/dorm-button/reading", js(boot=1, seq=2, values={"press": "alarm"}), "alarm"),
            ("campus/lab-smoke/link", b"offline", "offline"),
        ],
    ),
    "zigbee2mqtt": Talk(
        [("smoke_detector", "library/smoke_1"), ("panic_button", "button"), ("gateway", "bridge")],
        [
            ("zigbee2mqtt/library/smoke_1",
             js(smoke=True, test=False, tamper=False, battery=90, battery_low=False, voltage=3055,
                linkquality=81, last_seen="2026-11-22T08:00:00+08:00"), "alarm"),
            ("zigbee2mqtt/library/smoke_1", js(smoke=False, self_test="checking"), "test"),
            ("zigbee2mqtt/button", js(action="emergency", battery=50), "alarm"),
            ("zigbee2mqtt/library/smoke_1/smoke", b"true", "alarm"),
            ("zigbee2mqtt/library/smoke_1/availability", js(state="offline"), "offline"),
            ("zigbee2mqtt/bridge/state", b"online", "online"),
            ("zigbee2mqtt/bridge/devices",
             js([{"ieee_address": "0x00158d0001", "friendly_name": "library/smoke_2", "type": "EndDevice",
                  "definition": {"model": "S1", "vendor": "Maker", "exposes": [{"name": "smoke"}]}}]),
             "announced"),
        ],
    ),
    "alarmo": Talk(
        [("perimeter", "panel"), ("smoke_detector", "cellar")],
        [
            ("alarmo/state", b"triggered", "alarm"),
            ("alarmo/cellar/state", b"triggered", "alarm"),
            ("alarmo/state", b"armed_away", "normal"),
            ("alarmo/event", js(event="TRIGGER", sensors=[{"name": "Gate"}]), "alarm"),
        ],
    ),
    "alink": Talk(
        [("smoke_detector", "pk/dn"), ("gateway", "pk/gw")],
        [
            ("/sys/pk/dn/thing/event/property/post", js(id="7", version="1.0", params={
                "SmokeSensorState": {"value": 1, "time": NOW - 40}, "TamperState": 0,
                "Battery": {"value": 80, "time": NOW - 40}, "rssi": -70}), "alarm"),
            ("sys/pk/dn/thing/event/up",
             js(identifier="SmokeAlarm", params={"value": {"电量": 5}, "time": NOW}), "alarm"),
            (_PACK, js(params={"properties": {"rssi": [{"value": -60, "time": NOW}]},
                               "subDevices": [_SUB_DEVICE]}), "alarm"),
            ("/sys/pk/gw/thing/event/property/history/post",
             js(params=[{**_SUB_DEVICE, "properties": [{"smoke": {"value": 1, "time": NOW - 9 * MINUTE}}]}]),
             "alarm"),
        ],
    ),
    "chirpstack": Talk(
        [("smoke_detector", _SMOKE_EUI), ("door", _DOOR_EUI), ("gateway", "0016c001f153a14c")],
        [
            (f"application/7d2a/device/{_SMOKE_EUI}/event/up",
             chirpstack(_SMOKE_EUI, {"smoke": "alarm", "battery": 88, "temperature": 21.5}), "alarm"),
            (f"application/7d2a/device/{_DOOR_EUI}/event/up",
             chirpstack(_DOOR_EUI, {"magnet_status": "open", "battery": 90, "tamper_status": "installed"}),
             "open"),
            (f"application/123/device/{_SMOKE_EUI}/rx",
             js(applicationID="123", deviceName="x", devEUI="JOEkE2sAAAE=", fPort=5, data="AQ==",
                rxInfo=[{"time": "2026-11-21T23:59:59Z", "rssi": -48}],
                objectJSON='{"smoke":"normal","note":"\\u6f0f"}'), "normal"),
            (f"application/7d2a/device/{_SMOKE_EUI}/event/status", js(margin=6, batteryLevel=88.3), "88.3"),
            (f"application/7d2a/device/{_SMOKE_EUI}/event/log",
             js(level="ERROR", code="UPLINK_CODEC", description="x is not defined"), "fault"),
            ("eu868/gateway/0016c001f153a14c/state/conn", b"\x1a\x100016c001f153a14c\x10\x01", "online"),
        ],
    ),
    "dsc": Talk(
        [("smoke_detector", "Zone3"), ("fire_panel", "Partition1"), ("gateway", "panel")],
        [
            ("dsc/Get/Zone3", b"1", "alarm"),
            ("dsc/Get/Fire1", b"1", "alarm"),
            ("dsc/Get/Partition1", b"armed_away", "normal"),
            ("dsc/Get/Trouble", b"1", "fault"),
            ("dsc/Status", b"offline", "offline"),
        ],
    ),
    "esphome": Talk(
        [("smoke_detector", "hall"), ("gas_detector", "lab/binary_sensor/input_3")],
        [
            ("hall/binary_sensor/smoke_detector/state", b"ON", "alarm"),
            ("lab/binary_sensor/input_3/state", b"ON", "alarm"),
            ("hall/sensor/room_temperature/state", b"21.50", "21.5"),
            ("hall/status", b"offline", "offline"),
            ("esphome/discover/new", js(friendly_name="New", board="esp32", mac="a0b1"), "announced"),
        ],
    ),
    "gb26875": Talk(
        [("gateway", "889"), ("fire_panel", "889/1.1"), ("smoke_detector", "889/1.1.42.2-1")],
        [
            ("gb26875/889", gb26875(component(NORMAL | FIRE)), "alarm"),
            ("gb26875/889/up", gb26875(component(NORMAL | FIRE)).hex().encode(), "alarm"),
            ("gb26875/889", frame(unit(2, component(NORMAL | FAULT) + bcd(stamp(NOW))), stamp(NOW)), "fault"),
            ("gb26875/889", gb26875(system(NORMAL | FIRE), kind=1), "alarm"),
            ("gb26875/889", gb26875(component(0)[:7] + b"\3\x8f\2", kind=3), "65.5"),
            ("gb26875/889", gb26875(bytes((1, 1, 1, 7)), kind=4), "normal"),
            ("gb26875/889", gb26875(*(component(NORMAL | FIRE, zone=3, point=n) for n in range(9))), "alarm"),
        ],
    ),
    "hextext": Talk(
        [("hydrant", "SHMK26110007")],
        [
            ("GIOT-GW/UL/SHMK26110007", hydrant(605), "0.605"),
            ("GIOT-GW/UL/SHMK26110007", hydrant(600, kind=24, alarms=128), "alarm"),
        ],
    ),
    "homeassistant": Talk(
        [("smoke_detector", "plain"), ("smoke_detector", "template")],
        [
            ("node/smoke/state", b"ON", "alarm"),
            ("node/status", b"offline", "offline"),
            ("node2/state", js(smoke={"alarm": True}, battery="87.25", linkquality=60), "alarm"),
            ("node2/lwt", js(state="offline"), "offline"),
            ("homeassistant/binary_sensor/z1/smoke/config",
             js({"~": "z/1", "dev_cla": "smoke", "stat_t": "~/state", "uniq_id": "g",
                 "val_tpl": "{{ value_json.g }}", "pl_on": 1, "pl_off": 0, "dev": {"ids": "g7", "mf": "M"},
                 "avty": [{"t": "~/lwt", "pl_avail": "up", "pl_not_avail": "down"}]}), "announced"),
        ],
        _APPROVED,
    ),
    "jetlinks": Talk(
        [("smoke_detector", "p/d"), ("gas_detector", "p/gw/c")],
        [
            ("/p/d/properties/report",
             js(deviceId="d", timestamp=NOW - 40, properties={"smoke": 1, "battery": 80, "故障": 0}),
             "alarm"),
            ("/p/d/event/fire_alarm", js(data={"level": 1}, timestamp=NOW), "alarm"),
            ("/p/gw/child/c/properties/report", js(properties={"alarm": 1}), "alarm"),
            ("/p/gw/child/c/offline", js(deviceId="c"), "offline"),
        ],
    ),
    "mapping": Talk(
        [("smoke_detector", "panel/s"), ("gateway", "gw/1"), ("gas_detector", "gw/1/7"),
         ("smoke_detector", "text/t")],
        [
            ("plant/s/state", js(id="s", ts=NOW - 40, alarm={"code": 1}, bat=0.87), "alarm"),
            ("plant/s/state", js(id="s", alarm={"code": 2}, bat=255), "test"),
            ("plant-gw/1/report", js(devs=[{"id": 7, "a": 1, "on": True}, {"id": "x", "a": 0}]), "alarm"),
            ("plant-gw/1/lwt", js(state=0), "offline"),
            ("plant-text/t", b"id=7;st=alarm;;x", "alarm"),
        ],
        _MAPPED,
    ),
    "paradox": Talk(
        [("smoke_detector", "zones/K"), ("fire_panel", "partitions/A"), ("gateway", "panel")],
        [
            ("paradox/states/zones/K/open", b"True", "alarm"),
            ("paradox/states/zones/K/generated_alarm", b"True", "alarm"),
            ("paradox/states/partitions/A/fire_alarm", b"True", "alarm"),
            ("paradox/states/partitions/A/panic_alarm", b"True", "alarm"),
            ("paradox/states/system/troubles/dialer_trouble", b"True", "fault"),
            ("paradox/states/system/power/battery", b"13.5", "13.5"),
            ("paradox/interface/availability", b"offline", "offline"),
        ],
    ),
    "ring": Talk(
        [("smoke_detector", "dev"), ("gateway", "hub")],
        [
            ("ring/loc/alarm/dev/smoke/state", b"ON", "alarm"),
            ("ring/loc/alarm/dev/info/state",
             js(batteryLevel=12, batteryStatus="low", tamperStatus="tamper", commStatus="ok",
                lastUpdate="2026-11-22T00:00:00Z"), "tamper"),
            ("ring/loc/alarm/hub/info/state", js(alarmState="fire-alarm", acStatus="ok"), "alarm"),
            ("ring/loc/alarm/dev/status", b"offline", "offline"),
        ],
    ),
    "texecom": Talk(
        [("smoke_detector", "zone/a"), ("perimeter", "area/h"), ("fire_panel", "panel")],
        [
            ("texecom2mqtt/zone/a", js(name="A", status=1), "alarm"),
            ("texecom2mqtt/0042/zone/a", js(status=2), "tamper"),
            ("texecom2mqtt/area/h", js(status="triggered"), "alarm"),
            ("texecom2mqtt/log", js(type="Fire", timestamp="2026-11-22T00:00:00Z",
                                    entity={"zone_name": "Hall"}), "alarm"),
            ("texecom2mqtt/log", js(type="PASilent"), "alarm"),
            ("texecom2mqtt/power", js(battery_voltage=13.4, panel_current=420), "13.4"),
            ("texecom2mqtt/status", b"online", "online"),
        ],
    ),
    "thethings": Talk(
        [("smoke_detector", "app1/dev1"), ("smoke_detector", "4200000000000000")],
        [
            ("v3/app1@tenant1/devices/dev1/up",
             thethings("dev1", {"FireAlarm": "Alarm", "Volt": 3}), "alarm"),
            ("v3/app1@tenant1/devices/dev2/up", thethings("dev2", {"smoke": "normal"}), "normal"),
            ("v3/app1@tenant1/devices/dev1/up", thethings("dev1", None), "fault"),
        ],
    ),
    "thingsboard": Talk(
        [("smoke_detector", "Hall 烟感/1"), ("climate", "plain")],
        [
            ("v1/gateway/telemetry",
             js({"Hall 烟感/1": [{"ts": NOW - 40, "values": {"smoke": 1, "battery": 80}}],
                 "plain": [{"ts": NOW, "values": {"temperature": 20}}]}), "alarm"),
            ("v1/gateway/telemetry",
             js({"plain": [{"ts": NOW - MINUTE, "values": {"temperature": 20}},
                           {"ts": NOW, "values": {"temperature": 21.5}}]}), "21.5"),
            ("v1/devices/plain/telemetry", js(temperature=21.5, humidity=40), "21.5"),
            ("v1/gateway/disconnect", js(device="plain"), "offline"),
        ],
    ),
    "ws2mqtt": Talk(
        [("smoke_detector", "7"), ("gateway", "bridge_a1")],
        [
            ("ws2mqtt/7/alarm/state", b"ON", "alarm"),
            ("ws2mqtt/7/event", b"test_button", "test"),
            ("ws2mqtt/7/docked/state", b"OFF", "tamper"),
            ("ws2mqtt/bridge_a1/event", b"alarm", "alarm"),
            ("ws2mqtt/bridge_a1/state", b"offline", "offline"),
        ],
    ),
    **{name: talk for name, talk in HOME.items() if name in DIALECTS},
}  # fmt: skip
