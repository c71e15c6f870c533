"""Thinks. Pressures in the units that LoRaWAN devices use, and the alarms of WIKA's pressure transmitters."""

from collections.abc import Callable, Iterable
from typing import Any

from ingest.dialects.lorawan.words import plain
from ingest.value import READERS, UNKNOWN, Value, parsed, shown

MPA = {"mpa": 1.0, "kpa": 0.001, "bar": 0.1, "mbar": 0.0001, "psi": 0.00689475729, "pa": 1e-6, "hpa": 0.0001}
Change = tuple[str, bool]  # a fault by its name, and whether it stands
EVERY = "*"  # ends a name that means all that begin like it
Take = Callable[[str, Value | None], None]


def pressure(raw: Any, unit: str) -> Value | None:
    """In MPa. A unit that is not known says nothing of the pressure, so it is not guessed."""
    number: Any = parsed(raw) if isinstance(raw, str) else raw
    if type(number) not in (int, float):
        return READERS["pressure"](raw)
    factor = MPA.get(plain(unit))
    if factor is None:
        return UNKNOWN, f"the unit of the pressure is not known: {shown(unit)}"
    if abs(number) > 1e9:
        return READERS["pressure"](number)
    value = round(number * factor, 6)
    return READERS["pressure"](0.0 if -0.05 < value < 0 else value)  # empty reads as a little below nothing


def entries(raw: Any) -> Iterable[dict[str, Any]]:
    """The objects in what is a list of them, or one."""
    if type(raw) is dict:
        return (raw,)
    return [entry for entry in raw if type(entry) is dict] if type(raw) is list else ()


def wika(section: str, raw: Any, unit: str, take: Take) -> list[Change]:
    """One part of what a WIKA transmitter says: values through `take`, and which faults began or ended."""
    if section == "devicestatistic":
        take("battery", READERS["battery"](raw.get("batteryLevelPercent")) if type(raw) is dict else None)
        return []
    if section.startswith("measurement"):
        for channel in entries(raw.get("channels") if type(raw) is dict else raw):
            _measured(channel, unit, take)
        return []
    changes: list[Change] = []
    for alarm in entries(raw):
        _measured(alarm, unit, take)
        changes += _changed(section, alarm, take)
    return changes


def unit_told(raw: Any) -> str:
    """The unit in which the transmitter reports, from what it tells of itself; "" where it does not."""
    name = raw.get("pressureUnitName") if type(raw) is dict else None
    return name if isinstance(name, str) and plain(name[:20]) in MPA else ""


def _measured(channel: dict[str, Any], unit: str, take: Take) -> None:
    name, value = channel.get("channelName"), channel.get("value")
    if not isinstance(name, str) or "value" not in channel:
        return
    word = plain(name[:40])
    if word == "pressure":
        said = channel.get("unit")
        take("pressure", pressure(value, said if isinstance(said, str) else unit))
    elif "temperature" in word:
        take("temperature", READERS["temperature"](value))
    elif word == "batteryvoltage":
        take("voltage", READERS["voltage"](value))


def _changed(section: str, alarm: dict[str, Any], take: Take) -> list[Change]:
    channel = alarm.get("channelName")
    where = "instrument " if section == "technicalalarms" else ""
    where += f"{channel[:40]}: " if isinstance(channel, str) else ""
    event = alarm.get("eventName", alarm.get("event"))
    stands = plain(str(event)) not in ("disappeared", "1", "1.0")
    flags = alarm.get("alarmFlags")
    if type(flags) is dict:  # the newest codec; without an event all that is not flagged is over
        return [(where + str(name)[:40], stands and flag is True) for name, flag in flags.items()
                if flag is True or event is None]  # fmt: skip
    found: list[Change] = []
    for name in _names(alarm):
        if plain(name) in ("batterylow", "lowbattery"):
            take("battery_low", ("low" if stands else "normal", ""))
        else:
            found.append((where + (name or ("alarm" if stands else EVERY)), stands))
    return found


def _names(alarm: dict[str, Any]) -> list[str]:
    for key in ("alarmTypeNames", "alarmTypeName", "causeOfFailureName", "alarmType"):
        named = alarm.get(key)
        if named:
            return [str(name)[:60] for name in named] if type(named) is list else [str(named)[:60]]
    return [""]
