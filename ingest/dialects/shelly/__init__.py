"""Thinks. Shelly, both generations: bare words on `shellies/<id>/…`, JSON-RPC on `<prefix>/events/rpc`.

Battery devices sleep: they connect to report and are gone again, so that their last will says nothing. Where
the prefix of a device is changed its id is no longer in the topic: then it must be registered as `sleepy`, or
have told once how often it wakes.
"""

import re

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
    rejected,
)
from ingest.dialects.held import Hearing, key_of
from ingest.dialects.shelly.gen1 import info, pushed, sensor
from ingest.dialects.shelly.ids import Impostor, kind_of, same, sleepy, spellings
from ingest.dialects.shelly.rpc import frame, status
from ingest.guard import Malformed, json_object
from ingest.reading import Announced, Parts, Reason

NAME = "shelly"
BASES = ("shellies", "")
INTERVAL = {"": 93_600, "gas_detector": 900, "gateway": 900}  # a battery device wakes once in 24 h
guard, define = json_guard, no_definitions

_ROOT = ("events/rpc", "online", "status/+")  # of the second generation, below the prefix
_AT_ROOT = re.compile(
    r"([^/].{0,250}?)/(events/rpc|online|rpc|status/[a-z_]{1,20}(?::[0-9]{1,4})?|command(?:/.*)?)"
)


def topics(known: Known) -> list[str]:
    return ["announce", "+/+", "+/+/+"] if known.base else [f"+/{topic}" for topic in _ROOT]


def filters(address: str, known: Known) -> list[str]:
    names = spellings(address)[:3]
    if known.base:
        return [topic for name in names for topic in (f"{name}/+", f"{name}/+/+")]
    return [f"{name}/{topic}" for name in names for topic in _ROOT]


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    if not known.base:
        return _at_root(rest, known)
    if rest == "announce":
        return MANY
    name, _, what = rest.partition("/")
    if not what or (what != "events/rpc" and what.split("/")[-1] in ("rpc", "command", "set", "log")):
        return ()
    return spellings(name) if name else None


def _at_root(rest: str, known: Known) -> tuple[str, ...] | None:
    """The root is everybody's: a frame is unmistakable, the rest is only heard of whom we know."""
    found = _AT_ROOT.fullmatch(rest)
    if found is None:
        return None
    names, what = spellings(found[1]), found[2]
    ours = found[1].rpartition("/")[2][:6].lower() == "shelly"
    if what == "events/rpc":
        return names
    if what == "rpc" or what.startswith("command"):
        return () if ours else None
    return names if ours or any(map(known.registered, names)) else None


def decode(said: Said) -> Result:
    if not said.payload:
        return IGNORED  # a retained message was deleted
    what = said.rest[len(said.address) + 1 :]
    try:
        if not said.address:
            return _announced(said)
        if what == "online":
            return _online(said)
        return _told(said, what)
    except Malformed as error:
        return malformed(error, said)
    except Impostor as error:
        return rejected(Reason.IDENTITY, str(error), said)


def _told(said: Said, what: str) -> Result:
    hearing = Hearing(said, said.device, said.address)
    if what == "events/rpc":
        return frame(hearing, said.payload)
    if what == "info":
        return info(hearing, said.payload)
    if what == "announce":
        return _announced(said)
    kind, _, name = what.partition("/")
    if kind == "sensor":
        return sensor(hearing, name, said.payload)
    if kind == "status" and name:
        return status(hearing, name, said.payload)
    if kind == "input_event":
        return pushed(hearing, said.payload)
    if kind == "overtemperature":
        hot = said.payload.strip() == b"1"
        hearing.take("fault", ("fault", "overtemperature") if hot else ("normal", ""), part=kind)
    return hearing.result()  # relays, inputs, meters: a sign of life


def _online(said: Said) -> Result:
    word = {b"true": b"online", b"false": b"offline"}.get(said.payload.strip().lower(), said.payload)
    asleep = sleepy(said.address) or key_of("sleeps", said.address) in said.known.learned
    return IGNORED if asleep and word == b"offline" else link(said, word)


def _announced(said: Said) -> Result:
    """A device that has just connected says who it is."""
    body = json_object(said.payload)
    name = said.address or str(body.get("id") or "")
    if not name or len(name) > 200 or not name.isprintable():
        return IGNORED
    same(said, body.get("mac"))
    called, model, mac, version = (
        str(body.get(key) or "")[:80] for key in ("name", "model", "mac", "fw_ver")
    )
    if any(map(said.known.registered, spellings(name))):
        return IGNORED
    note = f"MAC {mac}, firmware {version}"
    return Parts(announced=[Announced(name, kind_of(name), called or name, model, note)])
