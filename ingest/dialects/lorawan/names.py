"""Thinks. The property names and event words of LoRaWAN codecs, and which metric each is for a kind."""

from ingest.campus.kinds import KINDS, METRICS, UNREGISTERED, Form
from ingest.dialects.hazard import HAZARDS
from ingest.dialects.lorawan import words
from ingest.value import READERS, Reader

Key = tuple[str, Reader]  # the metric, and how the raw value is read

HAZARD_OF = {
    "smoke_detector": "smoke", "heat_detector": "heat", "flame_detector": "flame",
    "flow_switch": "water_flow", "fire_panel": "fire",
    "call_point": "call_point", "gas_detector": "gas", "co_detector": "co",
    "electrical_fire": "arc", "panic_button": "press", "water_leak": "leak", "perimeter": "intrusion",
}  # fmt: skip
BUTTON_KINDS = ("panic_button", "call_point")
# What a bare alarm of a device means that nobody registered, where the codec names the model.
MODELS = {"RA02A": "smoke", "RA02C": "co", "RA02G": "gas", "R312A": "press", "RB02I": "press",
           "R718T": "press", "R311W": "leak", "R718WA": "leak", "R718WB": "leak"}  # fmt: skip

_NAMES: dict[str, str] = {  # metric → property names, plain
    "smoke": "smoke smokealarm smokestatus smokestate smokedetected smokedetection smokesensor",
    "heat": "heat heatalarm heatstatus hightempalarm hightemperaturealarm",
    "gas": "gas gasalarm gasstatus gasleak gasleakage ch4alarm methanealarm",
    "co": "coalarm costatus carbonmonoxide carbonmonoxidealarm",
    "leak": "leak leakage leakstatus leakagestatus leakdetected leakagealarm waterleak waterleakstatus "
    "waterleakage waterleakagestatus waterleakdetected waterleakalarm flood flooding floodstatus",
    "flame": "flame flamealarm flamestatus",
    "water_flow": "waterflow waterflowalarm",
    "arc": "arc arcalarm arcfault electricalfire",
    "intrusion": "intrusion intrusionalarm",
    "battery": "battery batterylevel batterypercent batterypercentage batterylevelpercent batterycapacity",
    "temperature": "temperature temp temperaturec tempc tempcsht tempcds devicetemperature "
    "internaltemperature airtemperature ambienttemperature temperaturesensor",
    "humidity": "humidity hum humidityrh humsht relativehumidity airhumidity humiditysensor",
    "co2": "co2 co2ppm co2concentration",
    "co_ppm": "coppm coconcentration colevel",
    "gas_level": "gaslevel gaslel lel ch4lel",
    "level": "waterlevel waterlevelm liquidlevelm",
    "residual_current": "residualcurrent residualcurrentma leakagecurrent leakagecurrentma",
}
_OTHER: dict[str, tuple[str, Reader]] = {  # names, each with a reader of its own
    "press": ("sos sosalarm sosevent panic panicalarm emergency emergencybutton emergencyalarm", words.press),
    "tamper": ("tamper tamperalarm tamperdetect tamperdetected antitamper vandal", words.tamper),
    "contact": ("magnetstatus dooropenstatus dooropen windowopen open reedopen", words.opened),
    "fault": (
        "fault faultstatus sensorfault devicefault sensorerror malfunction trouble pressuresensorstatus "
        "pressurealarm pressurethresholdalarm lowpressurealarm highpressurealarm",
        words.fault,
    ),
    "battery_low": ("lowbattery batterylow lowbatteryalarm batteryalarm lowbat", READERS["battery_low"]),
    "voltage": ("batv batvoltage batteryvoltage battvoltage batterymv vbat vdd voltage", words.voltage),
}
_ALIKE: dict[str, Key] = {
    "tamperstatus": ("tamper", words.tamper_status),
    "door": ("contact", words.door),
    "doorstatus": ("contact", words.door),
    "contact": ("contact", words.door),
    "contactstatus": ("contact", words.door),
    "batstatus": ("battery_low", words.battery_word),
    "batteryok": ("battery_low", words.battery_ok),
}
BARE = ("alarm", "alarmstatus", "alarmstate", "alert", "sensoralarm")
_BUTTON = ("button", "buttonevent", "buttonpress", "buttonpressed", "buttonstatus", "press", "pressed",
           "keypress", "click", "doorbell")  # fmt: skip
_MOVEMENT = ("pir", "pirstatus", "motion", "occupancy", "occupancystatus", "occupied", "presence")
_PRESENCE = ("presence", "present", "inplace")


def _table_of(kind: str) -> dict[str, Key]:
    table = {
        name: (metric, words.hazard(metric) if metric in HAZARDS else READERS[metric])
        for metric, names in _NAMES.items()
        for name in names.split()
    }
    table |= {name: (metric, read) for metric, (names, read) in _OTHER.items() for name in names.split()}
    table |= _ALIKE
    fire = "smoke" if kind == "smoke_detector" else "fire"
    table |= dict.fromkeys(("firealarm", "fire", "firestatus"), (fire, words.hazard(fire)))
    if kind in BUTTON_KINDS:
        table |= dict.fromkeys((*BARE, *_BUTTON), ("press", words.press))
    elif kind in HAZARD_OF:
        table |= dict.fromkeys(BARE, (HAZARD_OF[kind], words.hazard(HAZARD_OF[kind])))
    elif kind != UNREGISTERED:
        table |= dict.fromkeys(BARE, ("fault", words.fault))
    if kind == "perimeter":
        table |= dict.fromkeys(_MOVEMENT, ("intrusion", words.hazard("intrusion")))
    if "presence" in KINDS[kind].metrics:
        table |= dict.fromkeys(_PRESENCE, ("presence", READERS["presence"]))
    return table


TABLES = {kind: _table_of(kind) for kind in KINDS}
NUMBERS = {metric.name for metric in METRICS.values() if metric.form is Form.NUMBER}
# The event words of Milesight's GS524N and GS101: metric, word and note of each; a note alone is a fault by
# that name, and None ends one.
EVENTS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "alarm": (("smoke", "alarm", ""),),
    "silent": (("smoke", "alarm", "silenced"),),
    "lowbattery": (("battery_low", "low", ""),),
    "failover": (("", "on", "failover"),),
    "normal": (
        ("smoke", "normal", ""),
        ("battery_low", "normal", ""),
        ("", "off", "failover"),
    ),
    "removed": (("tamper", "tamper", "removed from its base"),),
    "installed": (("tamper", "normal", ""),),
    "testingalarmwithnormalbattery": (
        ("smoke", "test", ""),
        ("battery_low", "normal", ""),
    ),
    "testingalarmwithlowbattery": (
        ("smoke", "test", ""),
        ("battery_low", "low", ""),
    ),
}
_END = "will soon be at the end of its life"
OVER = "at the end of its life: replace it"
ALARM_WORDS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "poweroff": (("", "on", "power off"),),
    "poweron": (("", "off", "power off"),),
    **dict.fromkeys(("sensorfault", "devicefault"), (("", "on", "sensor fault"),)),
    **dict.fromkeys(("sensorfaultrecovered", "devicefaultrecovered"), (("", "off", "sensor fault"),)),
    **dict.fromkeys(("sensorwillbeinvalidsoon", "devicewillbeinvalidsoon"), (("", "on", _END),)),
    **dict.fromkeys(("sensorinvalid", "deviceinvalid"), (("", "on", OVER),)),
}
