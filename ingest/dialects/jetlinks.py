"""Thinks. JetLinks: `/<product>/<device>/properties/report` and its like, and the children of gateways.

The address is `<product>/<device>`, of a child `<product>/<device>/<child>`. Property and event names are
the platform's own model: those of the common table are read, the rest is passed over.
"""

from functools import lru_cache
from typing import Any

from ingest.dialects.dialect import (
    IGNORED,
    Known,
    Result,
    Said,
    json_guard,
    link,
    malformed,
    no_definitions,
    rejected,
)
from ingest.dialects.properties import happened, understood
from ingest.dialects.property_readings import asked, at_once
from ingest.guard import Malformed, json_object
from ingest.reading import Reason
from ingest.value import shown

NAME = "jetlinks"
BASES = ("",)  # its topics begin with a /: the first level is empty
INTERVAL: dict[str, int] = {}
guard, define = json_guard, no_definitions

_REPORTS = ("properties/report", "properties/read/reply")
_LINKS = {"online": b"online", "connected": b"online", "offline": b"offline", "disconnect": b"offline"}
_TALK = ("properties", "function", "metadata", "firmware", "tags", "register", "unregister", "log")


def topics(known: Known) -> list[str]:
    return _under("/+/+") + _under("/+/+/child/+")


def filters(address: str, known: Known) -> list[str]:
    parts = address.split("/")
    if len(parts) == 3:
        return _under(f"/{parts[0]}/{parts[1]}/child/{parts[2]}")
    return _under(f"/{address}") if len(parts) == 2 else []


def _under(device: str) -> list[str]:
    return [f"{device}/{what}" for what in (*_REPORTS, "event/+", *_LINKS)]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    address, what = _split(rest)
    if not what:
        return None
    if what in _REPORTS or what in _LINKS or (what.startswith("event/") and what.count("/") == 1):
        return (address,)
    return () if what.partition("/")[0] in _TALK else None


@lru_cache(maxsize=4096)
def _split(rest: str) -> tuple[str, str]:
    """The address of a topic and what stands behind the device."""
    levels = rest.split("/")
    if len(levels) < 4 or levels[0] or not (levels[1] and levels[2]):
        return "", ""
    if levels[3] == "child" and len(levels) > 5:
        return "/".join((*levels[1:3], levels[4])), "/".join(levels[5:])
    return "/".join(levels[1:3]), "/".join(levels[3:])


def decode(said: Said) -> Result:
    address, what = _split(said.rest)
    if said.retained and (not said.payload or what.startswith("event/")):
        return IGNORED  # it was deleted, or is an old event that nobody means now
    if what in _LINKS:
        return link(said, _LINKS[what])
    try:
        body = json_object(said.payload)
        named = body.get("deviceId")
        if named is not None and named != "" and named != address.rpartition("/")[2]:
            detail = f"the topic is of {address!r}, the payload says {shown(named)}"
            return rejected(Reason.IDENTITY, detail, said)
        if what in _REPORTS:
            values = understood(_object(body, "properties"), said.device.kind)
        else:
            data = body.get("data")
            values = happened(what[6:], data if type(data) is dict else {}, said.device.kind)
    except Malformed as error:
        return malformed(error if said.payload else "empty payload", said)
    return at_once(said.device, values, asked(body.get("timestamp")), said)


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    found = body[name] if name in body else {} if body.get("success") is False else None
    if type(found) is not dict:
        raise Malformed(f"expected an object `{name}`")
    return found
