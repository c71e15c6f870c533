"""Thinks. One message of a mapping, compiled: topic, format, devices, fields, time."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from ingest.campus.kinds import METRICS
from ingest.dialects.mapping.clock import Moment, clock
from ingest.dialects.mapping.field import Field, field
from ingest.dialects.mapping.path import Path, path, plain
from ingest.dialects.mapping.payload import payload
from ingest.dialects.mapping.section import Section
from ingest.dialects.mapping.words import words
from ingest.value import READERS, Reader

MOST_FIELDS = 64
KEY = "@key"  # the device is the key of an object under which its entry stands
_ONE_ALONE = (
    "`boot` and `sequence` need one another, and a message of one device: a number that starts again at "
    "every boot, or is of several devices, does not tell a copy"
)
_HOLDER = re.compile(r"\{([^{}]*)\}")


class Topic(msgspec.Struct, frozen=True):
    """`levels` with {placeholders}; `wide` is the filter that hears them all."""

    text: str
    names: tuple[str, ...]
    levels: tuple[str, ...]
    wide: str
    match: Callable[[str], re.Match[str] | None]


class Historic(msgspec.Struct, frozen=True):
    """When a message is of the past: a flag says so, or it is older than so many seconds at its receipt."""

    path: Path | None
    words: frozenset[str]
    older: int | None


class Message(msgspec.Struct, frozen=True):
    topics: tuple[Topic, ...]
    read: Callable[[bytes], Any]
    groups: tuple[tuple[str, tuple[Field, ...]], ...] = ()  # device in the address ("" its own) → fields
    link: tuple[Path, Reader] | None = None  # it is a last will and nothing else
    each: Path | None = None
    device: Path | str | None = None
    identity: Path | None = None
    time: tuple[Path, Callable[[Any], Moment]] | None = None
    boot: Path | None = None
    sequence: Path | None = None
    historic: Historic | None = None
    several: bool = False  # the payload says whose it is


def message(document: Any, where: str) -> Message:
    """Compiles a message with readings. Raises ValueError in words."""
    section = Section(document, where)
    topics = _topics(section)
    read = payload(section)
    each = _path(section, "each", every=True)
    device = _device(section)
    if device == KEY and each is None:
        section.wrong("device", f"{KEY!r} is the key of an entry: it needs `each`")
    boot, sequence = _path(section, "boot"), _path(section, "sequence")
    groups = _fields(section)
    several = device is not None or any(name for name, _ in groups)
    made = Message(
        topics, read, groups, None, each, device, _path(section, "identity"),
        _time(section), boot, sequence, _historic(section), several,
    )  # fmt: skip
    section.done()
    if (boot is None) != (sequence is None) or (boot and (each or several)):
        section.wrong("sequence", _ONE_ALONE)
    if made.historic and made.historic.older is not None and made.time is None:
        raise ValueError(f"{section.at('historic')}: `older` needs a `time`")
    if made.identity and not any(topic.names for topic in topics):
        raise ValueError(f"{section.at('identity')}: there is no {{device}} in the topic to compare it with")
    if each is not None:
        _no_search(made, section)
    return made


def _no_search(made: Message, section: Section) -> None:
    """Entries × fields × a list of the whole message would stall on a message made for it."""
    paths = [path for _, fields in made.groups for field in fields for path in field.paths]
    paths += [made.device] if isinstance(made.device, Path) else []
    paths += [made.time[0]] if made.time else []
    paths += [made.historic.path] if made.historic and made.historic.path else []
    for one in paths:
        if one.searches:
            section.wrong(
                "each", f"{one.text!r} would be searched for every entry: let it start at the entry"
            )


def online(document: Any, where: str) -> Message:
    """Compiles the last will of a device or a gateway."""
    section = Section({"topic": document} if isinstance(document, str) else document, where)
    topics = _topics(section)
    at = _path(section, "path") or path("$")
    told = section.take("words", dict)
    read = READERS["link"]
    if told is not None:
        known = words(told, METRICS["link"], section)

        def worded(raw: Any) -> tuple[float | str, str] | None:
            word = known.find(plain(raw))
            return None if word is None else (word, "")

        read = worded
    form = section.take("format", str, default="json" if at.steps else "text")
    read_payload = payload(Section({"format": form}, where))
    section.done()
    return Message(topics, read_payload, link=(at, read))


def _device(section: Section) -> Path | str | None:
    told = section.take("device", str)
    return KEY if told == KEY else _compiled(section, "device", told)


def _fields(section: Section) -> tuple[tuple[str, tuple[Field, ...]], ...]:
    told = section.take("fields", dict, default={})
    if not told:
        section.wrong("fields", "is empty; give at least one, such as {$.smoke: smoke}")
    made = []
    for text, listed in told.items():
        for document in listed if isinstance(listed, list) else [listed]:
            made.append(field(str(text), document, section.at(f"fields[{text}]")))
    if len(made) > MOST_FIELDS:
        section.wrong("fields", f"has more than {MOST_FIELDS}")
    groups: dict[str, list[Field]] = {}
    for one in made:
        groups.setdefault(one.device, []).append(one)
    return tuple((device, tuple(fields)) for device, fields in groups.items())


def _path(section: Section, name: str, every: bool = False) -> Path | None:
    return _compiled(section, name, section.take(name, str), every)


def _compiled(section: Section, name: str, told: str | None, every: bool = False) -> Path | None:
    if told is None:
        return None
    try:
        return path(told, every)
    except ValueError as error:
        section.wrong(name, error)
    return None


def _time(section: Section) -> tuple[Path, Callable[[Any], Moment]] | None:
    told = section.take("time", dict)
    if told is None:
        return None
    inner = Section(told, section.at("time"))
    at = _path(inner, "path")
    form, zone = inner.take("format", str, default=""), inner.take("zone", str)
    inner.done()
    if at is None:
        inner.wrong("path", "is missing; a time is like {path: $.ts, format: ms}")
    try:
        return (at, clock(form, zone)) if at else None
    except ValueError as error:
        inner.wrong("format", error)
    return None


def _historic(section: Section) -> Historic | None:
    told = section.take("historic", dict)
    if told is None:
        return None
    inner = Section(told, section.at("historic"))
    at, listed = _path(inner, "path"), inner.take("is", list, str, int, bool, default=[True, 1])
    older = inner.take("older", int)
    inner.done()
    if (at is None) == (older is None):
        inner.wrong("path", "a message of the past is told by `path` (and `is`), or by `older` (seconds)")
    return Historic(at, frozenset(map(plain, listed if isinstance(listed, list) else [listed])), older)


def _topics(section: Section) -> tuple[Topic, ...]:
    told = section.take("topic", str, list)
    if not told:
        section.wrong("topic", "is missing; it is like factory/{device}/state")
    return tuple(_topic(text, section) for text in (told if isinstance(told, list) else [told]))


def _topic(text: Any, section: Section) -> Topic:
    if not isinstance(text, str) or not text or len(text) > 400 or "\0" in text:
        section.wrong("topic", f"{str(text)[:60]!r} is no topic such as factory/{{device}}/state")
    levels = tuple(text.split("/"))
    for number, level in enumerate(levels):
        if "#" in level and (level != "#" or number != len(levels) - 1 or number == 0):
            section.wrong("topic", f"{text!r}: # may only be the last level, and not the only one")
        holders = _HOLDER.findall(level)
        if ("+" in level and level != "+") or len(holders) > 1 or not all(holders):
            section.wrong("topic", f"{text!r}: in {level!r} there may be one {{name}}, or + alone")
    names = tuple(_HOLDER.findall(text))
    if len(set(names)) < len(names):
        section.wrong("topic", f"{text!r} has the same {{name}} twice")
    wide = "/".join("+" if _HOLDER.search(level) else level for level in levels)
    pattern = "/".join(_level(level) for level in levels).removesuffix("/.*") + (
        "(?:/.*)?" if levels[-1] == "#" else ""
    )
    return Topic(text, names, levels, wide, re.compile(pattern, re.DOTALL).fullmatch)


def _level(level: str) -> str:
    if level in ("+", "#"):
        return "[^/]*" if level == "+" else ".*"
    pieces = re.split(r"(\{[^{}]*\})", level)
    return "".join("([^/]+)" if piece[:1] == "{" else re.escape(piece) for piece in pieces)


def filled(topic: Topic, parts: list[str]) -> str:
    """The filter of the devices whose address begins with these parts."""
    left = iter(parts)
    return "/".join(_HOLDER.sub(lambda _: next(left), level) for level in topic.levels)
