"""Thinks. How the devices speak: topics and payloads of Tocsin's own dialect and of Zigbee2MQTT."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

from tocsin.simulate.habits import EVENTS, HABITS, Values
from tocsin.simulate.site import Device

_WRONG_CLOCK = 2 * 3_600_000  # ms ahead
_CHINA = timezone(timedelta(hours=8))
_HAZARDS = frozenset(("smoke", "heat", "gas", "co", "call_point", "leak", "arc", "intrusion"))


class Saying(NamedTuple):
    """One message about to be published: `offset` in ms since the start; `gateway` carries it."""

    offset: int
    gateway: str
    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class Firmware(NamedTuple):
    """What a generation of devices can do: number its messages, tell the time, say words or only booleans."""

    numbered: bool = True
    clock: str = ""  # "" none, "ms", or "iso"
    booleans: bool = False


_FIRMWARE = {
    "gw-dorm-1": Firmware(clock="ms"),
    "gw-dorm-2": Firmware(clock="ms"),
    "gw-lab": Firmware(clock="iso"),
    "gw-teach-b": Firmware(numbered=False, booleans=True),  # the old building
}
_PLAIN = Firmware()


class Topics(NamedTuple):
    base: str = "campus"
    z2m: str = "zigbee2mqtt"


def carrier(device: Device) -> str:
    """Whose connection carries what this device says."""
    return device.gateway or device.id


class Stamp(NamedTuple):
    """When something is said (ms since the start, ms since 1970), the device's boot and sequence number."""

    offset: int
    moment: int
    boot: int
    sequence: int
    wrong_clock: bool = False


def say(topics: Topics, device: Device, values: Values, stamp: Stamp) -> Saying:
    if device.dialect == "zigbee2mqtt":
        return _zigbee(topics, device, values, stamp)
    habit = HABITS[device.kind]
    firmware = _FIRMWARE.get(carrier(device), _PLAIN)
    message: dict[str, Any] = {}
    if firmware.numbered:
        message |= {"boot": stamp.boot, "seq": stamp.sequence}
    if stamp.wrong_clock:
        message["time"] = stamp.moment + _WRONG_CLOCK
    elif firmware.clock:
        message["time"] = _time(stamp.moment, firmware.clock)
    message["values"] = {m: _plain(m, v) for m, v in values.items()} if firmware.booleans else values
    topic = f"{topics.base}/{device.id}/reading"
    retain = habit.retain and not EVENTS & values.keys()  # a retained event would happen again
    return Saying(stamp.offset, carrier(device), topic, _json(message), habit.qos, retain)


def _json(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def _time(moment: int, clock: str) -> int | str:
    if clock == "ms":
        return moment
    return datetime.fromtimestamp(moment / 1000, UTC).astimezone(_CHINA).isoformat(timespec="milliseconds")


def _plain(metric: str, value: float | str) -> float | str | bool:
    """A hazard as the old firmware says it: true or false. What has no boolean stays a word."""
    if metric in _HAZARDS and value in ("alarm", "normal"):
        return value == "alarm"
    return value


_ZIGBEE_NAMES = {
    "smoke": "smoke", "co": "carbon_monoxide", "leak": "water_leak", "gas": "gas", "co_ppm": "co",
    "contact": "contact", "battery_low": "battery_low", "tamper": "tamper",
    "smoke_density": "smoke_density_dbm",
}  # fmt: skip
_ZIGBEE_TRUE = ("alarm", "closed", "low", "tamper")


def _zigbee(topics: Topics, device: Device, values: Values, stamp: Stamp) -> Saying:
    """A Zigbee2MQTT state: flat JSON, booleans, the whole cached state every time, at QoS 0, not retained."""
    if device.kind == "gateway":
        return _bridge(topics, device, stamp)
    state: dict[str, Any] = {}
    for metric, value in values.items():
        if metric == "press":
            state["action"] = "emergency"
        elif isinstance(value, str):
            state[_ZIGBEE_NAMES[metric]] = value in _ZIGBEE_TRUE
        else:
            state[_ZIGBEE_NAMES.get(metric, metric)] = value
    if device.kind == "panic_button":
        state.setdefault("action", None)
    state |= {"linkquality": 60 + stamp.sequence * 7 % 120, "voltage": 2900 + stamp.sequence % 5 * 10}
    return Saying(stamp.offset, carrier(device), f"{topics.z2m}/{device.address}", _json(state), 0)


def _bridge(topics: Topics, device: Device, stamp: Stamp) -> Saying:
    """The bridge itself: mostly its health, now and then a line of its log."""
    if stamp.sequence % 4 == 0:
        line = {"level": "info", "message": f"zigbee: message {stamp.sequence}", "namespace": "zh:controller"}
        return Saying(stamp.offset, device.id, f"{topics.z2m}/bridge/logging", _json(line), 0)
    health = {
        "response_time": stamp.moment,
        "process": {"uptime_sec": stamp.moment // 1000 - stamp.boot},
        "mqtt": {"connected": True, "queued": 0},
    }
    return Saying(stamp.offset, device.id, f"{topics.z2m}/bridge/health", _json(health), 1, True)


def will(topics: Topics, gateway: Device) -> tuple[str, bytes]:
    """Topic and payload of a gateway's last will (QoS 1, retained)."""
    return _link(topics, gateway, "offline")


def births(topics: Topics, gateway: Device, children: list[Device], offset: int) -> list[Saying]:
    """What a gateway says first on every connection: that it is there; the Zigbee one also for each child."""
    said = [Saying(offset, gateway.id, *_link(topics, gateway, "online"), 1, True)]
    if gateway.dialect == "zigbee2mqtt":
        said += [said[0]._replace(topic=f"{topics.z2m}/{child.address}/availability") for child in children]
    return said


def _link(topics: Topics, gateway: Device, word: str) -> tuple[str, bytes]:
    if gateway.dialect == "zigbee2mqtt":
        return f"{topics.z2m}/bridge/state", _json({"state": word})
    return f"{topics.base}/{gateway.id}/link", word.encode()
