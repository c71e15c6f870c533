"""Thinks. What one message says of one approved entity, or of whether the device is available."""

from typing import Any

from ingest.dialects.dialect import Known
from ingest.dialects.held import key_of
from ingest.dialects.homeassistant.classes import BARE
from ingest.dialects.homeassistant.definition import Definition, Entity, Way, plain
from ingest.dialects.homeassistant.filters import Unreadable
from ingest.dialects.homeassistant.template import Nothing
from ingest.value import FALSE, READERS, TRUE, UNKNOWN, Value, parsed, shown

_GENERIC = {*TRUE, *FALSE}  # say nothing outright: which way they are meant, payload_on and payload_off say
_SAID_OUTRIGHT = ("alarm", "prealarm", "test", "fault", "disabled")


def value_of(entity: Entity, text: str, body: Any) -> Value | None:
    """None where the message says nothing of it."""
    try:
        raw = text if entity.render is None else entity.render(text, body)
    except Nothing:
        return None
    except Unreadable as error:
        return UNKNOWN, str(error)
    if entity.read is not None:
        return _number(entity, raw)
    try:
        return entity.words[raw]  # the fast way
    except (KeyError, TypeError):
        return entity.words.get(plain(raw)) or _neither(entity.metric, raw)


def _number(entity: Entity, raw: Any) -> Value | None:
    if entity.convert is not None:
        number = raw if type(raw) in (int, float) else parsed(raw)
        if number is not None and abs(number) < 1e12:
            raw = round(entity.convert(number), 6)
    assert entity.read is not None
    return entity.read(raw)


def _neither(metric: str, raw: Any) -> Value:
    """Neither payload_on nor payload_off: a word that says itself what it means, or unknown; never normal."""
    if raw is None:
        return UNKNOWN, "null"
    if type(raw) is str and raw.strip().lower() not in _GENERIC:
        found = READERS["fire" if metric == BARE else metric](raw.strip())
        if found is not None and found[0] in _SAID_OUTRIGHT:
            return found
    return UNKNOWN, f"neither on nor off: {shown(raw)}"


def available(way: Way, text: str, body: Any) -> str | None:
    """online, offline, or None: what is neither says nothing."""
    try:
        raw = text if way.render is None else way.render(text, body)
    except (Nothing, Unreadable):
        return None
    return way.words.get(plain(raw))


def linked(
    known: Known, name: str, definition: Definition, topic: str, word: str, news: dict[str, Any]
) -> str:
    """The word of all availability topics together. One that has not spoken yet speaks for nobody."""
    ways = definition.availability
    if definition.mode == "latest" or len(ways) == 1:
        return word
    key = key_of("availability", name)
    before: dict[str, str] = known.learned.get(key) or {}
    now = {one: said for one, said in before.items() if one in ways} | {topic: word}
    if now != before:
        news[key] = now
    if definition.mode == "all":
        return "offline" if "offline" in now.values() else "online"
    return "online" if "online" in now.values() or len(now) < len(ways) else "offline"
