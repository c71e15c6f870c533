"""Thinks. What generic property names mean: one table for Alink, JetLinks, Sparkplug B and ThingsBoard.

Names are compared without case, blanks, `_`, `-` and `.`; of one with levels (`Hall 2/Smoke/Alarm`) the
last levels count. A name whose unit or polarity differs from one platform to the next (a pressure, a level,
a number for a door) is not guessed: a mapping says it.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ingest.campus.kinds import METRICS, Form
from ingest.dialects.hazard import HAZARDS, bare, graver
from ingest.value import FALSE, READERS, TRUE, UNKNOWN, Reader, Value, affirmed, parsed, shown

ALARM = "alarm"  # the alarm bit of whatever the device is
TEST, SILENCED = "test", "silenced"  # no metrics: they change what the others mean

_HAZARDS = {  # metric → how a name of it begins; in the second row those that alone mean something else
    "smoke": ("smoke", "烟雾", "烟感"),
    "heat": ("heat", "温感", "感温"),
    "gas": ("gas", "combustiblegas", "燃气", "可燃气体", "天然气"),
    "leak": ("leak", "waterleak", "waterleakage", "flood", "漏水", "水浸", "浸水"),
    "flame": ("flame", "火焰"),
    "fire": ("fire", "火警", "火灾"),
    "call_point": ("callpoint", "manualcallpoint", "手动报警", "手报", "手动报警按钮"),
    "arc": ("arc", "arcfault", "electricalfire", "电弧", "电气火灾"),
    "intrusion": ("intrusion", "入侵", "周界"),
    ALARM: ("alarm", "报警", "告警"),
}
_HAZARDS_NOT_ALONE = {
    "co": ("carbonmonoxide", "一氧化碳"),
    "water_flow": ("waterflow", "flowswitch", "水流指示", "水流指示器"),
    "call_point": ("manual",),
    "leak": ("water",),
    "heat": ("temperature", "温度"),
}
_ENDINGS = ("alarm", "state", "status", "alarmstate", "alarmstatus", "sensorstate", "sensorstatus",
            "detectionstate", "detected", "报警", "告警", "状态", "报警状态", "告警状态")  # fmt: skip
_NOT_A_HAZARD = {"waterstate", "waterstatus", "manualstate", "manualstatus", "temperaturestate",
                 "temperaturestatus", "温度状态"}  # fmt: skip

_OTHERS = {
    "press": ("sos", "panic", "panicbutton", "emergencybutton", "emergencycall", "一键报警",
              "紧急按钮", "紧急呼叫"),
    "tamper": ("tamper", "tamperalarm", "tamperstate", "temperalarm", "防拆", "防拆报警",
               "防拆状态", "防拆告警"),
    "battery": ("battery", "batterylevel", "batterypercentage", "batterypercent", "batt", "batterycapacity",
                "electricity", "电量", "电池电量", "剩余电量"),
    "battery_low": ("batterylow", "lowbattery", "batterystate", "batterystatus", "lowbatteryalarm",
                    "batteryalarm", "低电量", "低电压", "电池欠压", "低电量报警", "电池低电量"),
    "temperature": ("temperature", "temp", "currenttemperature", "envtemperature", "indoortemperature",
                    "温度", "环境温度", "当前温度"),
    "humidity": ("humidity", "hum", "rh", "relativehumidity", "currenthumidity", "indoorhumidity", "湿度",
                 "环境湿度", "相对湿度"),
    "co2": ("co2", "co2value", "carbondioxide", "二氧化碳"),
    "co_ppm": ("coppm", "coconcentration", "一氧化碳浓度"),
    "gas_level": ("gaslel", "lel"),
    "residual_current": ("residualcurrent", "leakagecurrent", "剩余电流", "漏电流"),
    "rssi": ("rssi",),
}  # fmt: skip
_FAULTS = ("fault", "faultstate", "faultstatus", "faultalarm", "devicefault", "trouble",
           "malfunction", "error", "errorcode", "faultcode", "sensorfault", "故障", "故障状态",
           "设备故障", "故障报警")  # fmt: skip
_MAINS_LOST = ("mainsfault", "acfault", "acfail", "acpowerfail", "mainspowerfault", "主电故障",
               "主电掉电", "市电故障")  # fmt: skip
_CONTACTS = ("contact", "door", "doorstate", "doorstatus", "contactstate", "门磁", "门状态", "门磁状态")
_TESTS = ("test", "testmode", "selftest", "selfteststate", "checkingresult", "自检", "测试", "自检状态")
_SILENCED = ("muffling", "muted", "mute", "silence", "silenced", "消音", "消声")
_FORMS = str.maketrans("", "", " _-.")


def _fault(raw: Any) -> Value | None:
    """A yes or no, a code that is 0 while all is well, or a word: each but the calm ones is some fault."""
    if raw in ("", None, []):
        return None
    value = READERS["fault"](raw)
    if value is not None and value[0] == UNKNOWN and raw != UNKNOWN and type(raw) in (int, float, str):
        return "fault", shown(raw)
    return value


def _mains_lost(raw: Any) -> Value | None:
    value = READERS["fault"](raw)
    words = {"fault": "battery", "normal": "mains"}
    return value if value is None else (words.get(str(value[0]), UNKNOWN), value[1])


def _contact(raw: Any) -> Value | None:
    """Only a word says it: whether 1 is open differs between platforms, and even between products."""
    if type(raw) in (bool, int, float) or (type(raw) is str and raw.lower() in _YES_NO):
        return UNKNOWN, f"which way {shown(raw)} is meant differs: use a mapping"
    return READERS["contact"](raw)


def _tuya_contact(raw: Any) -> Value | None:
    return READERS["contact"](not raw if type(raw) is bool else raw)


def _carbon_monoxide(raw: Any) -> Value | None:
    return READERS["co_ppm" if type(raw) in (int, float) or parsed(raw) is not None else "co"](raw)


_YES_NO = {*TRUE, *FALSE}
_Key = tuple[str, Reader]


def _pairs() -> Iterator[tuple[str, _Key]]:
    for alone, table in ((True, _HAZARDS), (False, _HAZARDS_NOT_ALONE)):
        for metric, begins in table.items():
            key = (metric, READERS["fire" if metric == ALARM else metric])
            for begin in begins:
                yield from ((begin + ending, key) for ending in (("",) if alone else ()) + _ENDINGS)
    yield from ((f"co{ending}", ("co", READERS["co"])) for ending in _ENDINGS)
    for metric, names in _OTHERS.items():
        yield from ((name, (metric, READERS[metric])) for name in names)
    for metric, read, names in (
        ("fault", _fault, _FAULTS),
        ("power", _mains_lost, _MAINS_LOST),
        ("contact", _contact, _CONTACTS),
        (TEST, READERS["fire"], _TESTS),
        (SILENCED, READERS["fire"], _SILENCED),
    ):
        yield from ((name, (metric, read)) for name in names)
    yield "doorcontactstate", ("contact", _tuya_contact)


_KEYS: dict[str, _Key] = {name: key for name, key in _pairs() if name not in _NOT_A_HAZARD}
_CARBON_MONOXIDE = ("co", "一氧化碳")  # a number is ppm, anything else the alarm
_RESTORED = ("recovered", "recover", "restored", "restore", "cleared", "clear", "恢复", "解除", "消除")
_RESULTS = {"success": "passed", "checksuccess": "passed", "passed": "passed", "成功": "passed",
            "failure": "failed", "checkfailure": "failed", "failed": "failed", "失败": "failed"}  # fmt: skip


def understood(body: Mapping[str, Any], kind: str, sources: dict[str, str] | None = None) -> dict[str, Value]:
    """What generic properties say: metric → value. Names that mean nothing here are passed over.

    `sources` is told which name a metric is from.
    """
    values: dict[str, Value] = {}
    tests: list[Any] = []
    silenced = False
    for name, raw in body.items():
        key = _KEYS.get(name) or _key(name)
        if key is None:
            continue
        metric, read = key
        if metric is TEST or metric is SILENCED:
            silenced = silenced or (metric is SILENCED and affirmed(raw))
            tests += [raw] if metric is TEST else []
            continue
        value = read(raw)
        if value is None:
            continue
        if metric is ALARM or not metric or metric in values:
            _add(values, metric, value, kind)
        else:
            values[metric] = value
        if sources is not None and values.get(metric) is value:
            sources[metric] = name
    for raw in tests:
        _tested(values, raw, kind)
    if silenced:
        for metric, (word, note) in values.items():
            if word == "alarm":
                values[metric] = word, f"silenced; {note}".rstrip("; ")
    return values


def _key(name: str) -> _Key | None:
    """Long names are not remembered: somebody may send any number of them."""
    return _remembered(name) if len(name) <= _LONG else _looked_up(name)


def _looked_up(name: str) -> _Key | None:
    plain = _plain(name)
    if plain in _CARBON_MONOXIDE:
        return "", _carbon_monoxide
    return _KEYS.get(plain) or (_by_levels(name.rsplit("/", 3)[-3:]) if "/" in name else None)


_LONG = 200
# a platform has few names, and writes each as it likes; a Sparkplug node thousands
_remembered = lru_cache(10_000)(_looked_up)


def _by_levels(levels: list[str]) -> _Key | None:
    """Of `Hall 2/Smoke/Alarm` the longest end that means something."""
    ends = ("".join(levels[begin:]) for begin in range(len(levels)))
    return next((key for end in ends if (key := _key(end)) is not None), None)


def lasts(name: str) -> bool | None:
    """Whether a property is a state, true until another is told; not so a number or an event. None: it means
    nothing here."""
    key = _KEYS.get(name) or _key(name)
    if key is None:
        return None
    return key[0] in (ALARM, TEST, SILENCED) or (bool(key[0]) and METRICS[key[0]].form is Form.STATE)


def _plain(name: str) -> str:
    return name[:60].lower().translate(_FORMS)


def _add(values: dict[str, Value], metric: str, value: Value, kind: str) -> None:
    if metric is ALARM:
        found = bare(value, kind)
        if found is None:
            return
        metric, value = found
    elif not metric:
        metric = "co_ppm" if type(value[0]) is float else "co"
    values[metric] = graver(values[metric], value) if metric in values else value


def _tested(values: dict[str, Value], raw: Any, kind: str) -> None:
    """A test under way, which never hides an alarm; or the result of one."""
    word = _plain(raw) if type(raw) is str else ""
    if word in _RESULTS:
        values["self_test"] = (_RESULTS[word], "")
    elif affirmed(raw) or READERS["fire"](raw) == ("test", ""):
        found = bare(("test", ""), kind)
        for metric in [m for m in values if m in HAZARDS] or ([found[0]] if found else []):
            values[metric] = graver(values.get(metric, ("normal", "")), ("test", ""))


def happened(name: str, body: Mapping[str, Any], kind: str) -> dict[str, Value]:
    """What an event says: what it carries, and where that is silent its own name (`SmokeAlarm`)."""
    values = understood(body, kind)
    key, over, note = _event(name[:_LONG])
    if key is None or key[0] is SILENCED:
        return values
    named: dict[str, Value] = {}
    if key[0] is TEST:
        _tested(named, not over, kind)
    else:
        value = key[1](not over)
        if value is not None and value[0] != UNKNOWN:
            _add(named, key[0], value, kind)
    for metric, value in named.items():
        if metric not in values or values[metric][0] == UNKNOWN:
            values[metric] = value[0], note
    return values


@lru_cache(1000)
def _event(name: str) -> tuple[_Key | None, bool, str]:
    """What an event of this name is about, whether that is over, and how it is told."""
    plain = _plain(name)
    ending = next((end for end in _RESTORED if plain.endswith(end)), "")
    stem = plain.removesuffix(ending)
    if not stem:
        return None, True, ""  # "recovered": what has?
    note = f"event {name[:60]}" if name.isprintable() else ""
    return _KEYS.get(stem) or _KEYS.get(f"{stem}alarm"), bool(ending), note
