"""Thinks. `tasmota/discovery/<mac>/config`: a device says who it is and where it speaks."""

from typing import Any

from ingest.dialects.dialect import IGNORED, Result, Said
from ingest.guard import json_object
from ingest.reading import Announced, Parts

TOPIC = "tasmota/discovery/"


def discovered(said: Said) -> Result:
    mac, _, what = said.rest.removeprefix(TOPIC).partition("/")
    if what != "config":  # what it senses, as it was when it started: it says that again by itself
        return IGNORED
    body = json_object(said.payload)
    address = _address(body)
    if not address:
        return IGNORED
    kind = "gateway" if "bridge" in str(body.get("md")).lower() else ""
    return Parts(announced=[_announced(address, kind, body, mac)])


def _address(body: dict[str, Any]) -> str:
    """The topics of the device without prefix and last level: `home/%prefix%/%topic%/` is `home/<topic>`."""
    full, topic = str(body.get("ft") or ""), str(body.get("t") or "")
    if not topic or "%prefix%" not in full or len(full) + len(topic) > 200 or not topic.isprintable():
        return ""
    levels = full.replace("%topic%", topic).removesuffix("/").split("/")
    return "/".join(level for level in levels if level != "%prefix%")


def _announced(address: str, kind: str, body: dict[str, Any], mac: str) -> Announced:
    name, model, version = (str(body.get(key) or "")[:80] for key in ("dn", "md", "sw"))
    prefixes = body.get("tp")
    note = f"Tasmota {version}, MAC {mac[:40]}"
    if isinstance(prefixes, list) and prefixes[1:] != ["stat", "tele"]:
        note += "; its prefixes are changed: set them back to stat and tele to be heard"
    return Announced(address, kind, name or address, model, note)
