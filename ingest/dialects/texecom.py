"""Thinks. texecom2mqtt (Texecom Premier Elite): zones and areas as JSON, a log of events, the power supply.

A zone is an open contact and no more: the kind it is registered as says whether it is a fire zone. The log
tells an event once and its end never: it is told at the panel, the state of a zone by the zone's own topic.
"""

from typing import Any

from ingest.dialects.dialect import IGNORED, Known, Result, Said, json_guard, link, malformed, no_definitions
from ingest.dialects.hazard import hazard_of
from ingest.dialects.held import Hearing
from ingest.dialects.panel import CHANGES_ONLY, PANEL, opened, triggered
from ingest.guard import Malformed, json_object
from ingest.moment import event_time
from ingest.value import READERS, UNKNOWN, shown

NAME = "texecom"
BASES = ("texecom2mqtt",)
INTERVAL = CHANGES_ONLY
guard, define = json_guard, no_definitions

_STATUS = {"0": "secure", "1": "active", "2": "tamper", "3": "short"}
_ABOUT_THE_PANEL = ("status", "power", "log")
_END_NOT_SAID = "over as far as is known: the log does not tell its end"
_LOG = {  # metric → the types of events that are its alarm or fault
    "fire": ("Fire", "KeypadFire"),
    "gas": ("TwentyFourHourGas",),
    "press": ("PAAudible", "PASilent", "ConfirmedPAAudible", "ConfirmedPASilent", "ConfirmedPA", "Medical",
              "KeypadMedical", "KeypadAudiblePA", "KeypadSilentPA", "PAFromRemoteFOB", "DuressCodeAlarm"),
    "intrusion": ("Guard", "GuardAccess", "TwentyFourHourAudible", "TwentyFourHourSilent", "Security",
                  "ConfirmedAlarm", "ConfirmedIntruder", "VerifiedCrossZoneAlarm", "AlarmActive"),
    "tamper": ("Tamper", "PanelBoxTamper", "BellTamper", "AuxiliaryTamper", "ExpanderTamper", "KeypadTamper",
               "ZoneTamper", "CodeTamperAlarm", "PSUTamper", "GSMTamper", "ZoneMasked"),
    "fault": ("FireZoneTamper", "ACFail", "PSUACFail", "PowerOPFault", "MainsOverVoltage", "LowBattery",
              "PSUBatteryFail", "PSULowOutputFail", "PowerUnitFailure", "BatteryChargerFault",
              "RFDeviceLowBattery", "RadioJamming", "SupervisionFault", "ExpanderTrouble",
              "RemoteKeypadTrouble", "ExpanderLowVoltage", "TelephoneLineFault", "FailToCommunicate",
              "TestCallFailed", "ZoneFault", "iDLoopShorted", "ArmedWithLineFault", "RadioConfigFailure"),
}  # fmt: skip
_METRIC = {event: metric for metric, events in _LOG.items() for event in events}


def topics(known: Known) -> list[str]:
    tails = ("zone/+", "area/+", *_ABOUT_THE_PANEL)
    return [*tails, *(f"+/{tail}" for tail in tails)]  # newer versions put the panel's serial number first


def filters(address: str, known: Known) -> list[str]:
    if address == PANEL:
        return [one for what in _ABOUT_THE_PANEL for one in (what, f"+/{what}")]
    if address.startswith(("zone/", "area/")):
        return [address, f"+/{address}"]
    return [address] if "/" in address else [f"{address}/{what}" for what in _ABOUT_THE_PANEL]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    levels = rest.split("/")
    if levels[-1] in _ABOUT_THE_PANEL and len(levels) <= 2:
        return (PANEL,) if len(levels) == 1 else (levels[0], PANEL)
    if len(levels) == 2 and levels[0] in ("zone", "area"):
        return (rest,)
    if len(levels) == 3 and levels[1] in ("zone", "area"):
        return rest, f"{levels[1]}/{levels[2]}"
    return ()


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    what = said.rest.split("/")
    if what[-1] == "status" and "zone" not in what and "area" not in what:
        return link(said)
    try:
        body = json_object(said.payload)
    except Malformed as error:
        return malformed(error, said)
    hearing = Hearing(said, said.device, said.address)
    above = what[:-1]
    if "zone" in above:
        _zone(hearing, body)
    elif "area" in above:
        hearing.take(hazard_of(said.device.kind) or "intrusion", triggered(body.get("status")))
    elif what[-1] == "power":
        _power(hearing, body)
    else:
        return _logged(hearing, body)
    return hearing.result()


def _zone(hearing: Hearing, body: dict[str, Any]) -> None:
    raw = body.get("status")
    if raw is None:
        return
    status = _STATUS.get(str(raw), str(raw).lower())
    if status in ("secure", "active"):
        found = opened(status == "active", hearing.device.kind)
        if found is not None:
            hearing.take(*found)
    if status not in _STATUS.values():
        hearing.take("fault", (UNKNOWN, f"status not understood: {shown(raw)}"))
        return
    hearing.take("tamper", ("tamper" if status == "tamper" else "normal", ""))
    hearing.take("fault", ("fault", "short circuit") if status == "short" else ("normal", ""))


def _power(hearing: Hearing, body: dict[str, Any]) -> None:
    """The voltage of the battery is what ages; the currents are in mA."""
    hearing.take("voltage", READERS["voltage"](body.get("battery_voltage")))
    drawn: Any = body.get("panel_current")
    small = type(drawn) in (int, float) and abs(drawn) < 1e12
    hearing.take("current", READERS["current"](drawn / 1000 if small else drawn))


def _logged(hearing: Hearing, body: dict[str, Any]) -> Result:
    event = str(body.get("type"))[:60]
    metric = _METRIC.get(event)
    moment, quality = event_time(body.get("timestamp"), hearing.said.received, hearing.said.retained)
    if metric == "press" and not hearing.said.retained:
        hearing.take(metric, ("alarm", _note(event, body)))
    elif metric in ("tamper", "fault"):
        hearing.once(metric, (metric, _note(event, body)), "normal", _END_NOT_SAID)
    elif metric is not None and metric != "press":
        hearing.once(metric, ("alarm", _note(event, body)), "normal", _END_NOT_SAID)
    return hearing.result(moment, quality)


def _note(event: str, body: dict[str, Any]) -> str:
    entity = body.get("entity")
    named = entity.get("zone_name") or entity.get("zone_id") if isinstance(entity, dict) else None
    return f"{event}, {str(named)[:60]}" if named else event
