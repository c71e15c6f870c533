"""Thinks. What devices of every dialect say: who is registered, and a handful of messages with their meaning.

The shapes are those of the dialects' documents; the promises of every dialect, the fuzzer and the benchmark
all begin here. A new dialect gets its entry in TALKS.
"""

import json
from typing import Any, NamedTuple

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Ignored, Parts, Rejected
from ingest.settings import BrokerSettings
from tests.fakes.gb26875 import FAULT, FIRE, NORMAL, bcd, component, frame, stamp, system, unit

NOW = 1_795_305_600_000  # 2026-11-22T00:00:00Z
MINUTE = 60_000
NOTHING = "nothing"  # the word of what is understood and has no reading


class Talk(NamedTuple):
    """`devices`: kind and address of each. `messages`: topic, payload, and a word that a reading has."""

    devices: list[tuple[str, str]]
    messages: list[tuple[str, bytes, str]]
    definitions: dict[str, Any] = {}
    bases: list[str] | None = None


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
    return by.decode(Message(None, topic, payload, NOW, retain=retain))  # type: ignore[arg-type]


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
    return values or ({NOTHING} if isinstance(found, Ignored) or heard(found) else set())


def js(body: Any = None, **more: Any) -> bytes:
    return json.dumps(more if body is None else body, ensure_ascii=False).encode()


def _chirpstack(eui: str, body: Any, **more: Any) -> bytes:
    """An uplink of ChirpStack v4 as it arrives, about 1 KB."""
    gateway = {"gatewayId": "0016c001f153a14c", "uplinkId": 4217106255, "gwTime": "2026-11-21T23:59:58.9+00:00",
               "rssi": -36, "snr": 10.5, "channel": 3, "rfChain": 1, "location": {"latitude": 31.2},
               "context": "EFwMtA==", "metadata": {"region_config_id": "eu868"}, "crcStatus": "CRC_OK"}  # fmt: skip
    return js(
        {
            "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
            "time": "2026-11-21T23:59:58.123456789+00:00",
            "deviceInfo": {
                "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242", "tenantName": "ChirpStack",
                "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97", "applicationName": "Campus",
                "deviceProfileId": "14855bf7-d10d-4aee-b618-ebfcb64dc7ad", "deviceProfileName": "GS524N",
                "deviceName": "Dorm 2", "devEui": eui, "tags": {"floor": "2"},
            },
            "devAddr": "00189440", "adr": True, "dr": 1, "fCnt": 7, "fPort": 85, "confirmed": False,
            "data": "AXVkA2cQAQ==", "object": body,
            "rxInfo": [gateway, {**gateway, "gatewayId": "0016c001f153a14d", "rssi": -97}],
            "txInfo": {"frequency": 868100000, "modulation": {"lora": {"bandwidth": 125000}}},
            **more,
        }
    )  # fmt: skip


def _thethings(device: str, body: Any, **more: Any) -> bytes:
    ids = {"device_id": device, "application_ids": {"application_id": "app1"}, "dev_eui": "4200000000000000",
           "join_eui": "4200000000000001", "dev_addr": "00BCB929"}  # fmt: skip
    gateway = {"gateway_ids": {"gateway_id": "gtw1", "eui": "9C5C8E00001A05C4"}, "rssi": -35, "snr": 5.2,
               "time": "2026-11-21T23:59:58.05Z", "timestamp": 2463457000, "channel_rssi": -35,
               "uplink_token": "ChIKEAoEZ3R3MRIInFyOAAAaBcQQ8Na+lgkaDAi"}  # fmt: skip
    return js(
        {
            "end_device_ids": ids, "correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],
            "received_at": "2026-11-21T23:59:59Z",
            "uplink_message": {
                "session_key_id": "AXBSH1Pk6Z0G166", "f_port": 85, "f_cnt": 3, "frm_payload": "gkHe",
                "decoded_payload": body, "rx_metadata": [gateway], "consumed_airtime": "0.056576s",
                "settings": {"data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7}}},
                "received_at": "2026-11-21T23:59:58.123456789Z", **more,
            },
        }
    )  # fmt: skip


def _hydrant(value: int, alarms: int = 0) -> bytes:
    """A frame of a Meokon terminal, as hex text."""
    body = b"SHMK26110007" + bytes((0x2A, 195)) + b"\0\x3c\0\0" + bytes((24, alarms)) + b"\0\x64\1\xf4"
    body += value.to_bytes(2, "big", signed=True) + (NOW // 1000).to_bytes(4, "big")
    whole = b"\xa5\x5a\0" + (len(body) + 9).to_bytes(2, "big") + body
    check = 0xFFFF
    for byte in whole:
        check ^= byte
        for _ in range(8):
            check = (check >> 1) ^ 0xA001 if check & 1 else check >> 1
    return (whole + check.to_bytes(2, "big") + b"\x55\xaa").hex().encode()


def _gb(*bodies: bytes, kind: int = 2) -> bytes:
    return frame(unit(kind, *(body + stamp(NOW) for body in bodies)), stamp(NOW))


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
                      "value_template": "{{ 'ON' if value_json.smoke.alarm else 'OFF' }}"},
            "battery": {"platform": "sensor", "device_class": "battery", "state_topic": "node2/state",
                        "value_template": "{{ value_json.battery | float | round(1) }}"},
        },
        "availability": [{"topic": "node2/lwt", "template": "{{ value_json.state }}"}],
    },
}  # fmt: skip

TALKS: dict[str, Talk] = {
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
                "SmokeSensorState": {"value": 1, "time": NOW - 40}, "Battery": {"value": 80, "time": NOW - 40},
                "TamperState": 0, "rssi": -70}, method="thing.event.property.post"), "alarm"),
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
             _chirpstack(_SMOKE_EUI, {"smoke": "alarm", "battery": 88, "temperature": 21.5}), "alarm"),
            (f"application/7d2a/device/{_DOOR_EUI}/event/up",
             _chirpstack(_DOOR_EUI, {"magnet_status": "open", "battery": 90, "tamper_status": "installed"}),
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
            ("gb26875/889", _gb(component(NORMAL | FIRE)), "alarm"),
            ("gb26875/889/up", _gb(component(NORMAL | FIRE)).hex().encode(), "alarm"),
            ("gb26875/889", frame(unit(2, component(NORMAL | FAULT) + bcd(stamp(NOW))), stamp(NOW)), "fault"),
            ("gb26875/889", _gb(system(NORMAL | FIRE), kind=1), "alarm"),
            ("gb26875/889", _gb(component(0)[:7] + b"\3\x8f\2", kind=3), "65.5"),
            ("gb26875/889", _gb(bytes((1, 1, 1, 7)), kind=4), "normal"),
            ("gb26875/889", _gb(component(FIRE, zone=z % 9 + 3, point=z) for z in ()) +
             _gb(*(component(NORMAL | FIRE, zone=3, point=n) for n in range(9))), "alarm"),
        ],
    ),
}  # fmt: skip
