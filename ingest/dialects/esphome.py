"""Thinks. ESPHome's own topics: `<node>/<component>/<object>/state`, one bare word or number each.

They carry no device class: what an object senses is told by its name, or by the kind of a device that is
registered with the object's own address. Every state is retained, and none has a time.
"""

import re
from functools import lru_cache

from ingest.campus.kinds import KINDS, METRICS, UNREGISTERED, Form
from ingest.dialects.dialect import (
    IGNORED,
    MANY,
    Known,
    Result,
    Said,
    json_guard,
    link,
    malformed,
    no_definitions,
)
from ingest.dialects.hazard import hazard_of
from ingest.dialects.held import Hearing
from ingest.dialects.named import bare_alarm, joined
from ingest.dialects.panel import told
from ingest.guard import Malformed, json_object
from ingest.reading import Announced, Parts, Reason
from ingest.value import READERS, UNKNOWN, Value

NAME = "esphome"
BASES = ("",)  # the node's name is the first level of its topics
INTERVAL = {"": 0}  # a node without a sensor says nothing while nothing changes: its last will counts
define = no_definitions

_Table = tuple[tuple[frozenset[str], str], ...]

_DISCOVER = "esphome/discover/"
_COMPONENTS = ("binary_sensor", "sensor", "text_sensor", "switch", "light", "number", "select", "lock",
               "cover", "fan", "climate", "button", "event", "valve", "alarm_control_panel")  # fmt: skip
_NOT_NODES = ("homeassistant", "zigbee2mqtt")

# Words in the name of a binary sensor → metric. The first that is in it: a smoke detector has a battery too.
_BINARY: _Table = tuple(
    (frozenset(words), metric)
    for words, metric in (
        (("silence", "silenced", "mute", "muted", "hush", "hushed"), ""),
        (("battery",), "battery_low"),
        (("tamper",), "tamper"),
        (("fault", "problem", "trouble", "error", "malfunction"), "fault"),
        (("test", "selftest"), "test"),
        (("smoke",), "smoke"),
        (("co", "monoxide"), "co"),
        (("gas", "lpg", "methane"), "gas"),
        (("leak", "flood", "water", "moisture", "wet"), "leak"),
        (("flame",), "flame"),
        (("heat", "overheat"), "heat"),
        (("fire",), "fire"),
        (("callpoint", "mcp", "pullstation", "breakglass"), "call_point"),
        (("door", "window", "contact", "gate"), "contact"),
        (("motion", "occupancy", "presence", "pir", "movement"), "intrusion"),
        (("mains", "ac"), "power"),
        (("status", "connected", "connection", "online"), "link"),
    )
)
_NUMBERS: _Table = tuple(
    (frozenset(words), metric)
    for words, metric in (
        (("voltage",), "voltage"),
        (("battery",), "battery"),
        (("temperature", "temp"), "temperature"),
        (("humidity",), "humidity"),
        (("co", "monoxide"), "co_ppm"),
        (("co2", "dioxide"), "co2"),
        (("rssi", "signal", "dbm"), "rssi"),
    )
)
_WORDS = re.compile(r"[^a-z0-9]+")
# Of a node that is registered as a detector or a button, an object called like this is what it is there for.
_ALARM = frozenset(("alarm", "alarms", "alarmed", "detected", "detection", "detector"))
_BUTTON = frozenset(("button", "sos", "panic", "emergency", "press", "pressed"))
_BESIDE = frozenset(("enable", "enabled", "arm", "armed", "relay", "output", "siren", "memory", "history"))


def topics(known: Known) -> list[str]:
    return ["+/status", "+/+/+/state", _DISCOVER + "+"]


def filters(address: str, known: Known) -> list[str]:
    if address.count("/") >= 2 and address.split("/")[-2] in _COMPONENTS:
        node = address.rsplit("/", 2)[0]
        return [f"{address}/state", f"{node}/status"]
    return [f"{address}/status", f"{address}/+/+/state"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    if rest.startswith(_DISCOVER):
        return MANY
    node, _, last = rest.rpartition("/")
    if last == "status":
        return () if node in _NOT_NODES else (node,) if node else None
    levels = rest.rsplit("/", 3)
    if len(levels) < 4 or last != "state" or (levels[1] not in _COMPONENTS and levels[1] != "+"):
        return None
    return node, levels[0]


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return json_guard(rest, payload)


def decode(said: Said) -> Result:
    if not said.payload and said.retained:
        return IGNORED  # a retained message was deleted
    if not said.address:
        return _discovered(said) if said.payload else IGNORED
    if said.rest.endswith("/status"):
        return link(said)
    _, component, name, _ = said.rest.rsplit("/", 3)
    hearing, word = Hearing(said, said.device, said.address), told(said.payload)
    own = said.address.endswith(f"/{component}/{name}")  # registered by itself: its kind says what it senses
    if component == "binary_sensor":
        _binary(hearing, name, word, own)
    elif component == "sensor":
        metric = _metric(name, _NUMBERS)
        if metric:
            hearing.take(metric, READERS[metric](word))
    return hearing.result()


@lru_cache(maxsize=4096)
def _metric(name: str, table: _Table) -> str | None:
    words = _words(name) | joined(name)
    return next((metric for marks, metric in table if marks & words), None)


def _words(name: str) -> frozenset[str]:
    return frozenset(_WORDS.split(name.lower()))


def _meant(name: str, kind: str, own: bool) -> str | None:
    """The metric of a binary sensor: by its own registration, its name, or the kind of its node."""
    hazard = "" if kind == UNREGISTERED else hazard_of(kind)
    if own and hazard:
        return hazard
    metric = _metric(name, _BINARY)
    if metric is not None:
        return metric
    if kind == UNREGISTERED:
        return "fire" if bare_alarm(name) else ""
    if own:
        return _only_state(kind)
    marks = _ALARM | _BUTTON if hazard == "call_point" else _ALARM
    return hazard if _words(name) & marks and not _words(name) & _BESIDE else ""


def _binary(hearing: Hearing, name: str, word: str, own: bool) -> None:
    kind = hearing.device.kind
    hazard, metric = hazard_of(kind), _meant(name, kind, own)
    if metric == "intrusion" and kind not in ("perimeter", UNREGISTERED):
        return
    if metric == "test":
        if hazard and READERS["fire"](word) == ("alarm", ""):
            hearing.once(hazard, ("test", name), "normal", "the test is told once")
    elif metric == "contact":
        value = READERS["intrusion"](word)
        words: dict[str, Value] = {"alarm": ("open", ""), "normal": ("closed", "")}
        hearing.take("contact", value and words.get(str(value[0]), (UNKNOWN, value[1])), part=name)
    elif metric == "link":
        hearing.take("link", READERS["link"](word))
    elif metric:
        hearing.take(metric, READERS[metric](word), part=name)


def _only_state(kind: str) -> str:
    """What a plain bit of a kind without a hazard says: a door that it is open."""
    return next((one for one in KINDS[kind].metrics if METRICS[one].form is Form.STATE), "")


def _discovered(said: Said) -> Result:
    try:
        body = json_object(said.payload)
    except Malformed as error:
        return malformed(error, said)
    name = said.rest.removeprefix(_DISCOVER)
    called, board, mac, version = (
        str(body.get(key) or "")[:80] for key in ("friendly_name", "board", "mac", "version")
    )
    return Parts(announced=[Announced(name, "", called or name, board, f"ESPHome {version}, MAC {mac}")])
