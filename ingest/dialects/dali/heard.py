"""Thinks. One DALI emergency query and its answer, as readings of the lamp. Shared by all that carry them.

A test is an event, and a status byte is repeated for ever: what counts is that a result appears, or turns
into the other one. So the last bytes are learned. What was there when a lamp is heard for the first time is
no event: nobody knows when that test was.
"""

import re
from functools import lru_cache
from typing import Any

from ingest.dialects.dali import bits
from ingest.dialects.held import Hearing, key_of
from ingest.reading import Decoded, Parts, Reading, TimeQuality
from ingest.value import READERS

_LETTERS = re.compile(r"[^a-z]")
_NAMES = {"emergencymode": "mode", "failurestatus": "failures", "emergencyfailurestatus": "failures",
          "emergencystatus": "status", "batterycharge": "charge", "emergencybatterycharge": "charge",
          "durationtestresult": "result", "emergencydurationtestresult": "result",
          "ratedduration": "rated", "emergencyratedduration": "rated",
          "lampemergencytime": "count", "lamptotaloperationtime": "count"}  # fmt: skip
_SILENT = "the lamp does not answer"
_TESTS = (
    ("function_test", bits.FUNCTION_DONE, bits.FUNCTION_FAILED, bits.FUNCTION_TEST),
    ("duration_test", bits.DURATION_DONE, bits.DURATION_FAILED, bits.DURATION_TEST),
)


@lru_cache(maxsize=1000)
def query_of(name: str) -> str | None:
    """Which query a control or property answers: `QueryEmergencyMode`, `emergencyMode`, `emergency_mode`."""
    if len(name) > 60:
        return None
    return _NAMES.get(_LETTERS.sub("", name.lower()).removeprefix("dali").removeprefix("query"))


def answer(hearing: Hearing, query: str, raw: Any, unit: str = "") -> Decoded | Parts:
    """What a lamp has answered, and the tests whose result has appeared. `unit` "%": the gateway has counted
    the charge already."""
    key = key_of("dali", hearing.address)
    before: dict[str, Any] = hearing.said.known.learned.get(key) or {}
    now = dict(before)
    now.pop("silent", None)
    byte = bits.byte_of(raw)
    events: list[Reading] = []
    if not bits.answered(raw):
        now["silent"] = True
        hearing.take("link", ("offline", _SILENT))
    elif query == "charge":
        now["charge"] = True
        hearing.take("battery", READERS["battery"](raw) if unit == "%" or byte is None else bits.charge(byte))
    elif byte is None or (byte == bits.MASK and query in ("mode", "status")):
        _not_read(hearing, query, raw)
    elif query != "count":
        now[query] = byte
        _taken(hearing, query, byte, now)
        events = _results(hearing, before, now)
    if "silent" in before and "silent" not in now:
        hearing.take("link", ("online", "the lamp answers again"))
    if now != before:
        hearing.news[key] = now
    return _gathered(hearing, events)


def _gathered(hearing: Hearing, events: list[Reading]) -> Decoded | Parts:
    found = hearing.result()
    if events:
        (found.heard[0] if isinstance(found, Parts) else found).readings += events
    return found


def _not_read(hearing: Hearing, query: str, raw: Any) -> None:
    metric = {"mode": "power", "failures": "fault", "status": "fault"}.get(query)
    if metric:
        hearing.take(metric, bits.not_read(raw), part=query if metric == "fault" else "")


def _taken(hearing: Hearing, query: str, byte: int, now: dict[str, Any]) -> None:
    if query == "mode":
        hearing.take("power", bits.power(byte))
    elif query == "failures":
        hearing.take("lamp", bits.lamp(byte))
    elif query == "status" and byte & bits.CHARGED and "charge" not in now:
        hearing.take("battery", (100.0, "fully charged"))
    value = bits.fault(now.get("failures"), now.get("mode"), now.get("status"))
    if query == "result":
        return
    if "failures" in now or value[0] == "fault" or _raised(hearing):
        hearing.take("fault", value, part="dali")  # mode and status alone do not say that nothing is wrong


def _raised(hearing: Hearing) -> bool:
    return key_of("fault", hearing.address) in hearing.said.known.learned


def _results(hearing: Hearing, before: dict[str, Any], now: dict[str, Any]) -> list[Reading]:
    """The results that have appeared since the last bytes. In `now` the test's own key is what was told of
    it, "" where it has no result."""
    made = []
    for metric, done, failed, running in _TESTS:
        told = now.get(metric)
        result = bits.result(now.get("status"), now.get("failures"), done, failed)
        if now.get("mode", 0) & running:
            result = None  # what was told is over, what comes is not there yet
        if result is None:
            if "status" in now and "failures" in now:
                now[metric] = ""
        elif result != told:
            now[metric] = result
            turned = result == "failed" and "failures" in before and not before["failures"] & failed
            if told is not None or turned:
                made.append(_event(hearing, metric, result, now))
    return made


def _event(hearing: Hearing, metric: str, word: str, now: dict[str, Any]) -> Reading:
    said = hearing.said
    lasted = bits.minutes(now["result"]) if metric == "duration_test" and "result" in now else None
    note = f"lasted {lasted} min" if lasted is not None else ""
    quality = TimeQuality.RECEIVED
    if said.retained:  # it ended while we were not listening, nobody knows when: for the history only
        quality, note = TimeQuality.HISTORIC, f"{note}; found afterwards".lstrip("; ")
    return Reading(hearing.device.id, metric, word, said.received, said.received, quality, False, note)
