"""Thinks. The mapping dialect: whatever a person has declared in YAML (docs/dialects/mapping.md).

An address is `<mapping id>/<device>`: the {placeholders} of the topic, then what the payload names, joined by
`/`. Of two fields that speak of one metric the gravest word stands: an alarm is never hidden by a test.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import islice
from typing import Any

import msgspec

from ingest.campus.kinds import KINDS, UNREGISTERED
from ingest.dialects.dialect import IGNORED, Known, Result, Said, json_guard, link, malformed, rejected
from ingest.dialects.mapping.message import KEY, Message, Topic, filled, message, online
from ingest.dialects.mapping.path import MISSING, Path, plain, walk
from ingest.dialects.mapping.readings import at_path, entry
from ingest.dialects.mapping.section import Section, close
from ingest.guard import Malformed
from ingest.reading import Announced, Decoded, Parts, Reason
from ingest.value import UNKNOWN, Reader, shown

NAME = "mapping"
BASES: tuple[str, ...] = ()  # its topics are wherever the definitions say
INTERVAL: dict[str, int] = {}
guard = json_guard

_MOST_ENTRIES = 1000
_MESSAGE_KEYS = ("topic", "format", "encoding", "split", "pairs", "each", "device", "identity", "time",
                 "boot", "sequence", "historic", "fields")  # fmt: skip


class Mapping(msgspec.Struct, frozen=True):
    """`meant`: which message a topic is of, the address of the topic, and its last part."""

    id: str
    kind: str
    messages: tuple[Message, ...]
    meant: Callable[[str], tuple[Message, str, str] | None]


class _Wrong(Exception):
    """A message, or a part of it, that cannot be read: `reason` and a sentence."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


def define(name: str, document: dict[str, Any]) -> Mapping:
    """Checks and compiles a mapping. Raises ValueError with one sentence, which begins with where."""
    if "/" in name:
        raise ValueError(f"id: {name!r} has a /, which in an address ends the id")
    section = Section({key: value for key, value in document.items() if key != "id"}, "")
    kind = section.take("kind", str, default="")
    if kind and kind not in KINDS:
        section.wrong("kind", f"{kind!r} is not known{close(kind, tuple(KINDS))}")
    alone = {key: section.take(key) for key in _MESSAGE_KEYS if key in document}
    several = section.take("messages", list, default=[])
    will = section.take("online", dict, str, list, default=[])
    section.done()
    if bool(alone) == bool(several):
        section.wrong("messages", "give `topic` and `fields`, or a list of `messages` that have them")
    made = [message(alone, "")] if alone else []
    made += [message(one, f"messages[{number}]") for number, one in enumerate(several)]
    for number, one in enumerate(will if isinstance(will, list) else [will]):
        made.append(online(one, f"online[{number}]" if isinstance(will, list) else "online"))
    _same_order([topic for each in made for topic in each.topics])
    messages = tuple(made)
    return Mapping(name, kind, messages, lru_cache(1000)(partial(_matched, name, messages)))


def _matched(name: str, messages: tuple[Message, ...], rest: str) -> tuple[Message, str, str] | None:
    for each in messages:
        for topic in each.topics:
            match = topic.match(rest)
            if match:
                parts = match.groups()
                return each, "/".join((name, *parts)), parts[-1] if parts else ""
    return None


def _same_order(topics: list[Topic]) -> None:
    """The parts of an address must stand for the same things in every topic."""
    longest = max(topics, key=lambda topic: len(topic.names))
    for topic in topics:
        if topic.names != longest.names[: len(topic.names)]:
            raise ValueError(
                f"topic: {topic.text!r} has other {{names}}, or in another order, than {longest.text!r}"
            )


def topics(known: Known) -> list[str]:
    return sorted({topic.wide for _, _, topic in _topics(known)})


def filters(address: str, known: Known) -> list[str]:
    name, _, rest = address.partition("/")
    mapping = known.definitions.get(name)
    parts = rest.split("/") if rest else []
    found = []
    for each in mapping.messages if mapping else ():
        for topic in each.topics:
            count = len(topic.names)
            if count == len(parts) or (count < len(parts) and each.several):
                found.append(filled(topic, parts[:count]))
    return list(dict.fromkeys(found))


def addresses(rest: str, known: Known) -> tuple[str, ...] | None:
    found: list[str] = []
    several = False
    for mapping, each, topic in _topics(known):
        match = topic.match(rest)
        if match:
            found.append("/".join((mapping.id, *match.groups())))
            several = several or each.several
    if not found:
        return None
    return (*dict.fromkeys(found), "") if several else tuple(dict.fromkeys(found))


def _topics(known: Known) -> Iterator[tuple[Mapping, Message, Topic]]:
    for mapping in known.definitions.values():
        for each in mapping.messages:
            for topic in each.topics:
                yield mapping, each, topic


def decode(said: Said) -> Result:
    try:
        return _decode(said)
    except Malformed as error:
        return malformed(error if said.payload else "empty payload", said)
    except _Wrong as error:
        return rejected(error.reason, str(error), said)


def _decode(said: Said) -> Result:
    meant = _meant(said)
    if meant is None or (said.retained and not said.payload):  # retained and empty: it was deleted
        return IGNORED
    mapping, each, base, last = meant
    whole = each.read(said.payload)
    if each.link is not None:
        return _link(each.link, whole, said)
    if each.identity is not None:
        _same(each.identity, whole, last)
    if not each.several and each.each is None:
        decoded = entry(each, each.groups[0][1], whole, whole, said.device, mapping.kind, said)
        return _announced(mapping, said, decoded)
    return _several(mapping, each, base, whole, said)


def _meant(said: Said) -> tuple[Mapping, Message, str, str] | None:
    """The mapping and its message that a topic belongs to, the address of the topic and its last part."""
    mapping = said.known.definitions.get(said.address.partition("/")[0]) if said.address else None
    for one in said.known.definitions.values() if mapping is None else (mapping,):
        meant = one.meant(said.rest)
        if meant is not None:
            return one, *meant
    return None


def _link(will: tuple[Path, Reader], whole: Any, said: Said) -> Result:
    at, read = will
    raw = at.get(whole)
    found = None if raw is MISSING else read(raw)
    word = found[0] if found and found[0] != UNKNOWN else "nothing" if raw is MISSING else shown(raw)
    return link(said, str(word).encode("utf-8", "replace"))


def _same(at: Path, whole: Any, named: str) -> None:
    told = at.get(whole)
    if told != named and told is not MISSING and told is not None and plain(told) != plain(named):
        raise _Wrong(Reason.IDENTITY, f"the topic is of {named[:60]!r}, the payload says {shown(told)}")


def _announced(mapping: Mapping, said: Said, decoded: Decoded) -> Result:
    if said.device.kind != UNREGISTERED or not mapping.kind:
        return decoded
    return Parts([decoded], announced=[Announced(said.device.address, mapping.kind)])


def _several(mapping: Mapping, each: Message, base: str, whole: Any, said: Said) -> Parts:
    found = Parts()
    if said.device.id and each.several:  # the gateway itself is registered
        found.heard.append(Decoded(said.device.id, [], alive=not said.retained))
    for number, (key, part) in enumerate(_entries(each, whole)):
        try:
            _part(found, mapping, each, base, whole, part, key, said)
        except _Wrong as error:
            found.rejected.append(rejected(error.reason, f"entry {number + 1}: {error}", said))
    return found


def _entries(each: Message, whole: Any) -> list[tuple[Any, Any]]:
    if each.each is None:
        return [("", whole)]
    found = list(islice(walk(whole, each.each.steps), _MOST_ENTRIES + 1))
    if len(found) > _MOST_ENTRIES:
        raise Malformed(f"more than {_MOST_ENTRIES} entries at {each.each.text!r}")
    return found


def _part(
    found: Parts, mapping: Mapping, each: Message, base: str, whole: Any, part: Any, key: Any, said: Said
) -> None:
    """One entry: the readings of its device, and of others that single fields are of."""
    own = base
    if each.device is not None:
        own = f"{base}/{_named(key if each.device == KEY else at_path(each.device, whole, part))}"
    for name, fields in each.groups:
        address = f"{base}/{name}" if name else own
        device = said.device if address == said.address and said.device.id else said.known.find(address)
        decoded = entry(each, fields, whole, part, device, mapping.kind, said)
        if name and not decoded.readings:
            continue  # of the many points of this gateway the message names others
        found.heard.append(decoded)
        if mapping.kind and device.kind == UNREGISTERED:
            found.announced.append(Announced(address, mapping.kind))


def _named(raw: Any) -> str:
    name = str(raw).strip() if type(raw) in (str, int) and len(str(raw)) <= 128 else ""
    if not name or not name.isprintable():
        raise _Wrong(Reason.MALFORMED, "no name of a device" + ("" if raw is MISSING else f": {shown(raw)}"))
    return name
