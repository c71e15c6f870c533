"""Thinks. PAI (Paradox alarm interface): one topic for each property of a zone, a partition or the panel.

Everything is retained, the raw events too: those are not read, for an old one looks like news. A zone's
`generated_alarm` is the panel's memory and stands until somebody arms it again, so only its beginning is an
alarm, and it is over where the zone says that it is calm. Many properties are troubles of one device: they
are held together, and each ends only itself.
"""

from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import IGNORED, Known, Result, Said, link, no_definitions
from ingest.dialects.hazard import CALM, bare
from ingest.dialects.held import Hearing, held, key_of
from ingest.dialects.panel import CHANGES_ONLY, PANEL, opened, told
from ingest.guard import check_size
from ingest.reading import Reason
from ingest.value import READERS, UNKNOWN, Value, affirmed

NAME = "paradox"
BASES = ("paradox",)
INTERVAL = CHANGES_ONLY
define = no_definitions

_WILL = "interface/availability"
_MEMORY, _NOW = "generated_alarm", ("presently_in_alarm", "in_alarm", "alarm")
_PARTITION = {
    "fire_alarm": "fire",
    "audible_alarm": "intrusion",
    "silent_alarm": "intrusion",
    "panic_alarm": "press",
}
_BATTERIES = ("low_battery_trouble", "low_battery", "zone_low_battery_trouble")
_SUPPLIES = ("battery_failure_trouble", "module_battery_fail", "battery_trouble")
_NOT_TROUBLES = (
    "system_trouble",
    "trouble",
    "time_lost_trouble",
    "com_pc_trouble",
)  # sums, or harmless


def topics(known: Known) -> list[str]:
    return ["states/#", _WILL]


def filters(address: str, known: Known) -> list[str]:
    return ["states/system/#", _WILL] if address == PANEL else [f"states/{address}/#"]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if rest == _WILL or (levels[:2] == ["states", "system"] and len(levels) > 2):
        return (PANEL,)
    if levels[0] != "states" or len(levels) < 4 or levels[1] not in ("zones", "partitions"):
        return ()
    return (f"{levels[1]}/{levels[2]}",)


def guard(rest: str, payload: bytes) -> tuple[Reason, str] | None:
    return check_size(payload)


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    if said.rest == _WILL:
        return link(said)
    hearing, word = Hearing(said, said.device, said.address), told(said.payload)
    name = said.rest.rpartition("/")[2]
    if said.address.startswith("zones/") and _zone(hearing, name, word):
        return hearing.result()
    if said.address.startswith("partitions/") and _partition(hearing, name, word):
        return hearing.result()
    _trouble(hearing, name, word)
    return hearing.result()


def _zone(hearing: Hearing, name: str, word: str) -> bool:
    kind = hearing.device.kind
    if name == "open" and kind != "perimeter":  # movement is an alarm there only while it is armed
        found = opened(word, kind)
        if found is not None:
            hearing.take(*found, part="open")
    elif name in _NOW or (name == _MEMORY and _begins_or_ends(hearing, word)):
        value = READERS["fire"](word)
        alarm = bare(value, kind) if value is not None else None
        if alarm is not None:
            note = "zone alarm, of what nature is not said" if kind == UNREGISTERED else alarm[1][1]
            if name in _NOW and alarm[1][0] in CALM:  # where the zone is calm, the memory holds nothing up
                held(hearing.said.known, hearing.address, alarm[0], _MEMORY, alarm[1], hearing.news)
            hearing.take(alarm[0], (alarm[1][0], note), part=name)
    return name in ("open", _MEMORY, *_NOW)


def _begins_or_ends(hearing: Hearing, word: str) -> bool:
    """The memory of an alarm that is told again, as after a start of the bridge, is no alarm."""
    key = key_of("memory", hearing.address)
    stands = affirmed(word)
    if stands and hearing.said.known.learned.get(key):
        return False
    if stands != bool(hearing.said.known.learned.get(key)):
        hearing.news[key] = True if stands else None
    return True


def _partition(hearing: Hearing, name: str, word: str) -> bool:
    metric = _PARTITION.get(name)
    if metric == "press":
        if affirmed(word) and not hearing.said.retained:
            hearing.take("press", ("alarm", name))
    elif metric is not None:
        hearing.take(metric, READERS[metric](word), part=name)
    elif name == "fire_delay_in_progress":
        value = READERS["fire"](word)
        words: dict[str, Value] = {"alarm": ("prealarm", "fire delay is running")}
        hearing.take("fire", value and words.get(str(value[0]), value), part=name)
    return metric is not None or name == "fire_delay_in_progress"


def _trouble(hearing: Hearing, name: str, word: str) -> None:
    """Of the panel, or of a zone or a partition."""
    if name in ("ac_trouble", "ac_failure_trouble"):
        words: dict[str, Value] = {"fault": ("battery", ""), "normal": ("mains", "")}
        value = READERS["fault"](word)
        hearing.take("power", value and words.get(str(value[0]), (UNKNOWN, value[1])))
    elif name == "battery" and "/power/" in hearing.said.rest:
        hearing.take("voltage", READERS["voltage"](word))
    elif name in _SUPPLIES:
        hearing.take("backup", READERS["backup"](word), part=name)
    elif name in _BATTERIES:
        hearing.take("battery_low", READERS["battery_low"](word), part=name)
    elif name in ("zone_fire_loop_trouble", "fire_loop_trouble"):
        hearing.take("bus", READERS["bus"](word), part=name)
    elif "tamper" in name:
        hearing.take("tamper", READERS["tamper"](word), part=name)
    elif name.endswith(("_trouble", "_fail", "_error")) and name not in _NOT_TROUBLES:
        value = READERS["fault"](word)
        hearing.take(
            "fault", value and (value[0], value[1] or (name if value[0] == "fault" else "")), part=name
        )
