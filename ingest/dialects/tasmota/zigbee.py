"""Thinks. The Zigbee bridge of Tasmota: what it says of one device, and by which names the device is known.

An alarm may come only as the zone status, while the attribute beside it (`Water: 0`) is an old one: so a calm
attribute alone never ends what the zone status has raised.
"""

import re
from typing import Any

from ingest.campus.device import Device
from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.dialects.dialect import Known
from ingest.dialects.hazard import hazard_of
from ingest.dialects.held import Hearing, held, key_of
from ingest.reading import Announced
from ingest.value import READERS, UNKNOWN, Value, shown

_SHORT = re.compile(r"0x[0-9A-Fa-f]{1,4}")
_IEEE = re.compile(r"0x[0-9A-Fa-f]{16}")
_RAW_STATUS = ("0500<00", "0500!00")
_ALARM, _TAMPER, _BATTERY, _TROUBLE, _MAINS, _TEST = 0x03, 0x04, 0x08, 0x40 | 0x200, 0x80, 0x100
_MARKS = frozenset(("LinkQuality", "Endpoint", "Device"))  # every entry has one of them
_MOST_DEVICES = 500

_ATTRIBUTES = {  # an attribute that is an alarm where it is 1 → the kind it suggests
    "Fire": "smoke_detector",
    "Smoke": "smoke_detector",
    "Water": "water_leak",
    "CO": "co_detector",
    "Panic": "panic_button",
    "PersonalAlarm": "panic_button",
    "Movement": "perimeter",
    "Occupancy": "perimeter",
    "Vibration": "perimeter",
    "GlassBreak": "perimeter",
}
_MEASURED = {
    "Temperature": "temperature",
    "Humidity": "humidity",
    "BatteryPercentage": "battery",
    "Battery": "battery",
    "BatteryVoltage": "voltage",
    "Voltage": "voltage",
    "LinkQuality": "link_quality",
}


def is_entry(value: Any) -> bool:
    return type(value) is dict and not _MARKS.isdisjoint(value)


def names_of(topic: str, key: str, entry: dict[str, Any], known: Known) -> list[str]:
    """The addresses an entry may be registered with; the first is what a stranger is called.

    `topic` is the bridge's, or with SetOption89 the device's own, which ends in one of its names.
    """
    short = _text(entry.get("Device")) or (key if _SHORT.fullmatch(key) else "")
    name = _text(entry.get("Name")) or ("" if key == short else key)
    above, _, last = topic.rpartition("/")
    names = _named(short, name, above, known)
    if last in names or last.rpartition("_")[0] in names:  # SetOption120 appends the endpoint
        bridge = above
    else:
        bridge, names = topic, _named(short, name, topic, known)
    return [f"{bridge}/{one}" if bridge else one for one in names]


def _named(short: str, name: str, bridge: str, known: Known) -> list[str]:
    ieee, called = (known.learned.get(key_of("zigbee", bridge)) or {}).get(short) or ("", "")
    return list(dict.fromkeys(one for one in (name or called, ieee, short, short[2:]) if one))


def whose(addresses: list[str], known: Known) -> tuple[Device, str]:
    for address in addresses:
        device = known.registered(address)
        if device is not None:
            return device, address
    return known.stand_in(addresses[0]), addresses[0]


def _text(raw: Any) -> str:
    return raw[:100] if isinstance(raw, str) else ""


def hear(hearing: Hearing, entry: dict[str, Any]) -> None:
    """What one entry of ZbReceived says."""
    status = _status(entry)
    if status is not None:
        _zone(hearing, status, entry)
    for key, raw in entry.items():
        if key in _MEASURED:
            hearing.take(_MEASURED[key], READERS[_MEASURED[key]](raw))
        elif key in _ATTRIBUTES:
            _attribute(hearing, key, raw)
        elif key == "Contact":
            hearing.take("contact", _turned(READERS["contact"](raw)))


def _turned(value: Value | None) -> Value | None:
    """`Contact: 1` is the alarm of a contact: open."""
    words = {"open": "closed", "closed": "open"}
    return value and (words.get(str(value[0]), value[0]), value[1])


def _status(entry: dict[str, Any]) -> int | str | None:
    """The bits of the zone; a text for what is none."""
    for key in ("ZoneStatusChange", "ZoneStatus"):
        if key in entry:
            raw = entry[key]
            return raw if type(raw) is int and 0 <= raw <= 0xFFFF else shown(raw)
    raw = next((entry[key] for key in _RAW_STATUS if key in entry), None)
    if raw is None:
        return None
    try:
        return int.from_bytes(bytes.fromhex(raw[:4]), "little") if len(raw) >= 4 else shown(raw)
    except (TypeError, ValueError):
        return shown(raw)


def _zone(hearing: Hearing, status: int | str, entry: dict[str, Any]) -> None:
    if isinstance(status, str):
        _alarm(hearing, (UNKNOWN, f"zone status not understood: {status}"), entry)
        return
    alarm, test = bool(status & _ALARM), bool(status & _TEST)
    _alarm(hearing, ("alarm", "") if alarm else ("test", "") if test else ("normal", ""), entry)
    hearing.take("tamper", ("tamper" if status & _TAMPER else "normal", ""))
    hearing.take("battery_low", ("low" if status & _BATTERY else "normal", ""))
    hearing.take("fault", ("fault" if status & _TROUBLE else "normal", ""), part="zone")
    lost = bool(status & _MAINS)  # a battery device has no mains: clear says something only after a loss
    if lost or key_of("power", hearing.address) in hearing.said.known.learned:
        hearing.take("power", ("battery" if lost else "mains", ""), part="zone")


def _alarm(hearing: Hearing, value: Value, entry: dict[str, Any]) -> None:
    """The alarm bits of a zone: what they mean the kind says, or the attribute beside them."""
    kind = hearing.device.kind
    guess = next((_ATTRIBUTES[key] for key in entry if key in _ATTRIBUTES), "")
    metric = hazard_of(kind, guess)
    if "contact" in KINDS[kind].metrics or (kind == UNREGISTERED and "Contact" in entry):
        words = {"alarm": "open", "normal": "closed"}
        if value[0] != "test":
            hearing.take("contact", (words.get(str(value[0]), UNKNOWN), value[1]))
    elif metric:
        if value[0] == "normal":  # so says the zone itself, whatever an attribute has raised before
            held(hearing.said.known, hearing.address, metric, "attribute", value, hearing.news)
        hearing.take(metric, value, part="zone")
    else:
        hearing.take("fault", ("fault", "alarm") if value[0] == "alarm" else ("normal", ""), part="alarm")


def _attribute(hearing: Hearing, attribute: str, raw: Any) -> None:
    kind, suggested = hearing.device.kind, _ATTRIBUTES[attribute]
    metric = hazard_of(suggested)
    if metric == "intrusion" and kind not in ("perimeter", UNREGISTERED):
        return
    if attribute in ("Fire", "Smoke") and KINDS[kind].life_safety:
        metric = hazard_of(kind, suggested)
    hearing.take(metric, READERS[metric](raw), part="attribute")


def learn(bridge: str, body: dict[str, Any], known: Known) -> tuple[dict[str, Any], list[Announced]]:
    """Who is who: from ZbInfo, from a device that joins (ZbState), from one that is given a name.

    Remembered of bridges that have somebody registered: the others may be invented, and would fill the store.
    """
    news = _told(body)
    if not news:
        return {}, []
    key = key_of("zigbee", bridge)
    before: dict[str, Any] = known.learned.get(key) or {}
    now, announced, ours = dict(before), [], known.registered(bridge) is not None
    for short, told in news:
        ieee, name = _text(told.get("IEEEAddr")), _text(told.get("Name"))
        if not _SHORT.fullmatch(short) or (ieee and not _IEEE.fullmatch(ieee)) or len(now) >= _MOST_DEVICES:
            continue
        old_ieee, old_name = now.get(short) or ("", "")
        if ieee and ieee != old_ieee:  # it has joined again: its old short address is nobody's
            old_name = next((entry[1] for entry in now.values() if entry[0] == ieee), "")
            now = {other: entry for other, entry in now.items() if entry[0] != ieee}
        now[short] = [ieee or old_ieee, name or old_name]
        names = [f"{bridge}/{one}" for one in (name or old_name, ieee or old_ieee, short, short[2:]) if one]
        registered = any(map(known.registered, names))
        ours = ours or registered
        if ieee and not registered:
            model = " ".join(filter(None, (_text(told.get("Manufacturer")), _text(told.get("ModelId")))))
            announced.append(Announced(names[0], "", name or short, model, f"IEEE {ieee}"))
    return ({key: now} if ours and now != before else {}), announced


def _told(body: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Short address → what is said of it."""
    state, found = body.get("ZbState"), body.get("ZbInfo")
    if isinstance(state, dict):
        return [(_text(state.get("ShortAddr")), state)] if state.get("Status") == 30 else []
    if isinstance(found, dict):
        body = found
    elif not all(isinstance(told, dict) and set(told) == {"Name"} for told in body.values()):
        return []
    return [(_text(told.get("Device")) or key, told) for key, told in body.items() if isinstance(told, dict)]
