"""Thinks. The kinds of device and the metrics they report: the vocabulary of the campus."""

from enum import StrEnum

import msgspec


class Form(StrEnum):
    STATE = "state"  # a word that stands until another is reported
    EVENT = "event"  # a word that happens: each report is a new occurrence
    NUMBER = "number"


class Metric(msgspec.Struct, frozen=True):
    """One metric. `words` are those a state or event can report, besides "unknown"; `true`/`false` are
    the words a plain boolean stands for (polarity is per metric)."""

    name: str
    form: Form
    zh: str
    en: str
    unit: str = ""
    words: tuple[str, ...] = ()
    true: str = ""
    false: str = ""
    low: float = -1e12
    high: float = 1e12


def _hazard(name: str, zh: str, en: str) -> Metric:
    words = ("normal", "alarm", "prealarm", "test", "fault", "disabled")
    return Metric(name, Form.STATE, zh, en, words=words, true="alarm", false="normal")


def _number(name: str, zh: str, en: str, unit: str, low: float, high: float) -> Metric:
    return Metric(name, Form.NUMBER, zh, en, unit=unit, low=low, high=high)


def _state(name: str, zh: str, en: str, words: tuple[str, ...], true: str, false: str) -> Metric:
    return Metric(name, Form.STATE, zh, en, words=words, true=true, false=false)


def _happens(name: str, zh: str, en: str) -> Metric:
    words = ("passed", "failed")
    return Metric(name, Form.EVENT, zh, en, words=words, true="passed", false="failed")


METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        _hazard("smoke", "烟雾", "smoke"),
        _hazard("heat", "温感", "heat"),
        _hazard("gas", "可燃气体", "gas"),
        _hazard("co", "一氧化碳", "carbon monoxide"),
        _hazard("call_point", "手动报警", "call point"),
        _hazard("leak", "漏水", "water leak"),
        _hazard("arc", "电气火灾", "electrical fire"),
        _hazard("intrusion", "入侵", "intrusion"),
        _hazard("fire", "火警", "fire alarm"),
        _hazard("flame", "火焰", "flame"),
        _hazard("water_flow", "水流", "sprinkler water flow"),
        _hazard("alarm_sound", "报警声", "sound of an alarm"),
        Metric("press", Form.EVENT, "按钮", "button", words=("alarm", "test"), true="alarm"),
        Metric("take", Form.EVENT, "受理按下", "taking", words=("pressed",), true="pressed"),
        _happens("self_test", "自检", "self-test"),
        _happens("function_test", "月检（功能）", "function test"),
        _happens("duration_test", "年检（续航）", "duration test"),
        Metric("late_alarm", Form.EVENT, "迟到的报警", "late alarm", words=("alarm",), true="alarm"),
        _state("fault", "故障", "fault", ("normal", "fault"), "fault", "normal"),
        _state("tamper", "防拆", "tamper", ("normal", "tamper"), "tamper", "normal"),
        _state("battery_low", "电池", "battery", ("normal", "low"), "low", "normal"),
        _state("power", "供电", "power", ("mains", "battery"), "mains", "battery"),
        _state("lamp", "灯具", "lamp", ("normal", "fault"), "normal", "fault"),
        _state("contact", "门磁", "contact", ("open", "closed"), "closed", "open"),
        _state("presence", "在位", "presence", ("present", "missing"), "present", "missing"),
        _state("video", "视频", "video", ("normal", "fault"), "normal", "fault"),
        _state("storage", "存储", "storage", ("normal", "fault"), "fault", "normal"),
        _state("backup", "备电", "backup supply", ("normal", "fault"), "fault", "normal"),
        _state("bus", "总线", "loop", ("normal", "fault"), "fault", "normal"),
        _state("running", "启动", "running", ("running", "stopped"), "running", "stopped"),
        _state("control", "控制方式", "control", ("automatic", "manual"), "automatic", "manual"),
        _state("unreadable", "报文", "messages", ("normal", "fault"), "fault", "normal"),
        _state("flooding", "刷屏", "flooding", ("normal", "fault"), "fault", "normal"),
        _state("link", "连接", "link", ("online", "offline"), "online", "offline"),
        _state("supervision", "监测", "supervision", ("reporting", "late", "silent"), "reporting", "silent"),
        _number("unprotected", "未受保护点位", "points unprotected", "", 0, 1e6),
        _number("interval", "上报间隔", "interval", "s", 0, 1e9),
        _number("sequence_gap", "丢失消息", "messages missed", "", 0, 1e9),
        _number("clock_error", "时钟误差", "clock error", "s", -1e10, 1e10),
        _number("battery", "电量", "battery", "%", 0, 100),
        _number("temperature", "温度", "temperature", "°C", -60, 400),
        _number("humidity", "湿度", "humidity", "%", 0, 100),
        _number("pressure", "压力", "pressure", "MPa", 0, 60),
        _number("smoke_density", "烟浓度", "smoke density", "dB/m", 0, 100),
        _number("gas_level", "燃气浓度", "gas level", "%LEL", 0, 100),
        _number("co_ppm", "CO 浓度", "CO", "ppm", 0, 10000),
        _number("co2", "二氧化碳", "CO2", "ppm", 0, 100000),
        _number("level", "液位", "level", "m", -10, 1000),
        _number("flow", "流量", "flow", "L/s", 0, 1e6),
        _number("current", "电流", "current", "A", 0, 1e5),
        _number("residual_current", "剩余电流", "residual current", "mA", 0, 100000),
        _number("voltage", "电压", "voltage", "V", 0, 1000),
        _number("rssi", "信号", "signal", "dBm", -200, 20),
        _number("link_quality", "链路质量", "link quality", "", 0, 255),
    )
}

# The words that points report, in Chinese and English.
WORD_NAMES = {
    "normal": ("正常", "normal"),
    "alarm": ("报警", "alarm"),
    "prealarm": ("预警", "pre-alarm"),
    "test": ("测试", "test"),
    "fault": ("故障", "fault"),
    "disabled": ("屏蔽", "disabled"),
    "tamper": ("被拆动", "tampered with"),
    "low": ("电量低", "low"),
    "running": ("运行", "running"),
    "stopped": ("停止", "stopped"),
    "automatic": ("自动", "automatic"),
    "manual": ("手动", "manual"),
    "mains": ("市电", "mains"),
    "battery": ("电池", "battery"),
    "open": ("打开", "open"),
    "closed": ("关闭", "closed"),
    "present": ("在位", "present"),
    "missing": ("不在位", "missing"),
    "online": ("在线", "online"),
    "offline": ("离线", "offline"),
    "reporting": ("正常上报", "reporting"),
    "late": ("迟报", "late"),
    "silent": ("失联", "silent"),
    "passed": ("通过", "passed"),
    "failed": ("未通过", "failed"),
    "pressed": ("按下", "pressed"),
    "unknown": ("未知", "unknown"),
}

# Points of Tocsin itself (device "tocsin"): normal | fault, with one rule each in the standard pack.
OWN_POINTS = (
    "commit", "history", "feed", "config", "rules", "broker_life", "broker_all", "subscription",
    "delivery", "routing", "clock", "disk", "database", "escalation", "quarantine", "dashboard",
    "registry", "listener", "calendar", "interfaces", "undecided", "gateways", "canary",
)  # fmt: skip
for _name in OWN_POINTS:
    METRICS[_name] = _state(_name, _name, _name, ("normal", "fault"), "normal", "fault")
METRICS["loop"] = Metric("loop", Form.EVENT, "自检回路", "loop message", words=("alarm",), true="alarm")
METRICS["canary_call"] = Metric(
    "canary_call", Form.EVENT, "通知测试", "test of the notices", words=("alarm",), true="alarm"
)
METRICS["blind"] = Metric("blind", Form.EVENT, "失明时段", "blind span", words=("alarm",), true="alarm")
METRICS["strangers"] = _state(
    "strangers",
    "更多未登记设备报警",
    "alarms of more unregistered devices",
    ("normal", "alarm"),
    "alarm",
    "normal",
)
METRICS["loop_returned"] = _number("loop_returned", "自检回路返回", "loop message returned", "", 0, 1e12)


class Kind(msgspec.Struct, frozen=True):
    """A kind of device. `interval` is the longest time in seconds between two messages while all is well;
    `life_safety` devices travel in the broker session `life` and nothing may hide their alarms. `mute`: most
    have no radio at all, so one is supervised only where its registration says how it would speak."""

    name: str
    zh: str
    en: str
    metrics: tuple[str, ...]
    life_safety: bool = False
    interval: int = 3600
    mute: bool = False


_LIGHT = ("power", "lamp", "battery", "function_test", "duration_test", "self_test")
UNREGISTERED = "unregistered"
TAKE_BUTTON = "take_button"  # whoever presses it takes what sounds: it raises nothing
_HAZARDS = ("smoke", "heat", "gas", "co", "call_point", "fire", "flame", "water_flow", "arc", "press")

KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind("smoke_detector", "烟感", "smoke detector",
             ("smoke", "heat", "co", "smoke_density", "temperature"), True),
        Kind("heat_detector", "温感", "heat detector", ("heat", "temperature"), True),
        Kind("flame_detector", "火焰探测器", "flame detector", ("flame",), True),
        Kind("flow_switch", "水流指示器", "flow switch", ("water_flow",), True),
        Kind("fire_panel", "火灾报警控制器", "fire alarm panel",
             ("fire", "power", "backup", "bus", "control", "running"), True),
        Kind("call_point", "手动报警按钮", "manual call point", ("call_point",), True),
        Kind("gas_detector", "燃气探测器", "gas detector", ("gas", "gas_level"), True),
        Kind("co_detector", "一氧化碳探测器", "CO detector", ("co", "co_ppm"), True),
        Kind("electrical_fire", "电气火灾探测器", "electrical fire monitor",
             ("arc", "residual_current", "temperature"), True),
        Kind("panic_button", "紧急按钮", "panic button", ("press",), True, 90000),
        Kind("emergency_light", "应急照明灯", "emergency light", _LIGHT),
        Kind("exit_sign", "疏散指示灯", "exit sign", _LIGHT),
        Kind("hydrant", "消火栓", "hydrant", ("pressure", "flow", "temperature", "leak"), False, 90000),
        Kind("water_tank", "消防水箱", "fire water tank", ("level", "temperature"), False, 90000),
        Kind("pump", "消防泵", "fire pump",
             ("running", "control", "power", "backup", "current"), False, 90000),
        Kind("module", "联动模块", "control module", ("running", "control", "power"), False, 90000),
        Kind("fire_door", "防火门", "fire door", ("contact",), False, 90000),
        Kind("extinguisher", "灭火器", "extinguisher", ("pressure", "presence"), False, 90000, mute=True),
        Kind("water_leak", "水浸传感器", "water leak sensor", ("leak",), False, 90000),
        Kind("camera", "摄像机", "camera", ("video", "storage", "alarm_sound"), False, 300),
        Kind("door", "门禁门磁", "door", ("contact",), False, 90000),
        Kind("perimeter", "周界", "perimeter sensor", ("intrusion",)),
        Kind("climate", "温湿度计", "climate sensor", ("temperature", "humidity", "co2"), False, 1800),
        Kind("gateway", "网关", "gateway", ("power", "backup", "rssi"), False, 180),
        Kind(TAKE_BUTTON, "受理按钮", "take button", ("take",), False, 90000),
        Kind(UNREGISTERED, "未登记设备", "unregistered device", (*_HAZARDS, "strangers"), True, 0),
        Kind("service", "本系统", "Tocsin itself",
             (*OWN_POINTS, "loop", "loop_returned", "blind", "canary_call"), False, 0),
    )
}  # fmt: skip
# What a person may write for a kind besides its name: what it is called in Chinese or English.
NOT_FOR_PEOPLE = ("service", UNREGISTERED)
CALLED = {
    called: kind.name
    for kind in KINDS.values()
    for called in (kind.zh, kind.en)
    if kind.name not in NOT_FOR_PEOPLE
}
COMMON_METRICS = (
    "battery",
    "battery_low",
    "tamper",
    "fault",
    "link",
    "supervision",
    "voltage",
    "rssi",
    "link_quality",
    "late_alarm",
    "flooding",
    "unreadable",
    "unprotected",
    "interval",
    "sequence_gap",
    "clock_error",
)

# What Tocsin finds out or says of itself: no device may say it in its own name.
OURS = frozenset(
    (*OWN_POINTS, "loop", "loop_returned", "blind", "canary_call", "strangers", "supervision", "unprotected",
     "interval", "sequence_gap", "clock_error", "flooding", "unreadable")
)  # fmt: skip


def guessed(said: str) -> str:
    """The kind whose own metric is among what a stranger said ("smoke alarm, battery 80.0"), where there is
    exactly one: a person reads it before it counts."""
    metrics = {part.split(" ")[0] for part in said.split(", ")}
    found = [k.name for k in KINDS.values() if k.metrics[0] in metrics and k.name not in NOT_FOR_PEOPLE]
    vital = [name for name in found if KINDS[name].life_safety]
    best = vital or found
    return best[0] if len(best) == 1 else ""
