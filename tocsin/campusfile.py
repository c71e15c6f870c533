"""Touches. The campus file: places, zones, devices, people and policies, as a person writes them.

YAML with `!include`, or CSV for devices alone. Every mistake is told at once, with file, line and column.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from alerts.people import Directory, Person, Policy, Post, Team
from ingest.campus.device import Device, Place, Zone
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry, RegistryError
from tocsin import duration
from tocsin.devicelist import read_devices
from tocsin.document import Document
from tocsin.mistake import KeyPath, Mistakes, Position, did_you_mean, told
from tocsin.yamlfile import load as load_yaml

T = TypeVar("T")
SECTIONS: dict[str, type[msgspec.Struct]] = {
    "places": Place,
    "zones": Zone,
    "devices": Device,
    "persons": Person,
    "teams": Team,
    "posts": Post,
    "policies": Policy,
}
_FORMS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_TARGETS = ("post", "team", "person")


class Parts(msgspec.Struct):
    """What a campus file says. A section that is not in it is None: it is left as it is."""

    places: list[Place] | None = None
    zones: list[Zone] | None = None
    devices: list[Device] | None = None
    persons: list[Person] | None = None
    teams: list[Team] | None = None
    posts: list[Post] | None = None
    policies: list[Policy] | None = None


def read(path: Path, environment: Mapping[str, str]) -> Document:
    """Read a campus file, to be parsed. Raises Mistakes where it cannot be read at all."""
    if path.suffix.lower() == ".csv":
        return read_devices(path)
    return load_yaml(path, environment)


def parse(document: Document, channels: Iterable[str] | None = None) -> Parts:
    """The parts of a campus file from its values. Raises Mistakes: every one of them. `channels` are those
    that the settings name; None where they are not known."""
    reader = _Reader(document)
    value = document.value or {}
    if not isinstance(value, dict):
        raise Mistakes([told(document.first, "", "must be sections such as `places:` and `devices:`")])
    parts = Parts()
    for name, rows in value.items():
        if name not in SECTIONS:
            reader.wrong((name,), "unknown section", did_you_mean(name, SECTIONS), key=True)
        elif not isinstance(rows, list):
            reader.wrong((name,), "must be a list")
        else:
            reader.once_each(name, rows)
            setattr(parts, name, [r for i, row in enumerate(rows) if (r := reader.row(name, i, row))])
    if channels is not None and not reader.mistakes:
        reader.channels(parts, [*channels, "null"])
    if reader.mistakes:
        raise Mistakes(reader.mistakes)
    return parts


def whole(parts: Parts) -> tuple[Registry, Directory]:
    """The parts as one campus. Raises Mistakes where they do not fit together."""
    mistakes: list[str] = []
    try:
        registry = Registry.build(parts.places or (), parts.zones or (), parts.devices or ())
    except RegistryError as error:
        registry, mistakes = Registry.build(), list(error.problems)
    directory = Directory(parts.persons or (), parts.teams or (), parts.posts or (), parts.policies or ())
    mistakes += _loose_ends(directory) + _loose_matches(directory, registry if not mistakes else None)
    if mistakes:
        raise Mistakes(mistakes)
    return registry, directory


def _loose_ends(directory: Directory) -> list[str]:
    people, found = directory.persons, []
    groups = [("team", t.id, t.members) for t in directory.teams.values()]
    groups += [("post", p.id, p.order) for p in directory.posts.values()]
    for what, name, members in groups:
        found += [
            f"{what} {name!r}: there is no person {m!r}  {did_you_mean(m, people)}".rstrip()
            for m in members
            if m not in people
        ]
    known: dict[str, Iterable[str]] = {
        "person": list(people),
        "team": list(directory.teams),
        "post": list(directory.posts),
        "everyone": [""],
    }
    for policy in directory.policies:
        for target in (t for step in policy.steps for t in step.notify):
            if target.id not in known[target.kind]:
                near = did_you_mean(target.id, known[target.kind])
                found.append(
                    f"policy {policy.id!r}: there is no {target.kind} {target.id!r}  {near}".rstrip()
                )
    return found


def _loose_matches(directory: Directory, registry: Registry | None) -> list[str]:
    found = []
    for policy in directory.policies:
        wanted: list[tuple[str, Iterable[str], Iterable[str]]] = [("kind", policy.match.kinds, KINDS)]
        if registry is not None:
            wanted.append(("place", policy.match.places, registry.places))
        for what, names, known in wanted:
            for name in names:
                if name not in known:
                    near = did_you_mean(name, known)
                    found.append(f"policy {policy.id!r}: there is no {what} {name!r}  {near}".rstrip())
    return found


class _Reader:
    """Turns rows into records, collecting mistakes."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.mistakes: list[str] = []

    def wrong(self, path: KeyPath, *sentences: str, key: bool = False) -> None:
        at = self.document.key_at(path) if key else self.document.at(path)
        self.mistakes.append(told(at, path, *sentences))

    def once_each(self, section: str, rows: list[Any]) -> None:
        """Complain of ids that are given twice."""
        first: dict[str, Position] = {}
        for index, row in enumerate(rows):
            if isinstance(row, dict) and "id" in row:
                path = (section, index, "id")
                name, here = str(row["id"]), self.document.at(path)
                if name in first:
                    self.wrong(path, f"got {name!r}", f"given twice; the first is at {first[name]}")
                first.setdefault(name, here)

    def channels(self, parts: Parts, known: list[str]) -> None:
        """Complain of channels that nothing is configured for: nobody would ever be told there."""
        named: list[tuple[KeyPath, str]] = [
            (("persons", i, "contacts", j, "channel"), contact.channel)
            for i, person in enumerate(parts.persons or ())
            for j, contact in enumerate(person.contacts)
        ]
        named += [
            (("policies", i, "steps", j, "channels", k), channel)
            for i, policy in enumerate(parts.policies or ())
            for j, step in enumerate(policy.steps)
            for k, channel in enumerate(step.channels)
        ]
        for path, name in named:
            if name not in known:
                near = did_you_mean(name, known)
                self.wrong(path, f"got {name!r}", "the settings name no such channel", near)

    def text(self, path: KeyPath, value: Any) -> Any:
        """Numbers as they were written: ids, addresses and names are text, also `305` and `+86138…`."""
        if isinstance(value, dict):
            return {k: v if k == "interval" else self.text((*path, k), v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.text((*path, index), inner) for index, inner in enumerate(value)]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.document.written(path) or value
        return value

    def row(self, section: str, index: int, row: Any) -> Any:
        path: KeyPath = (section, index)
        if not isinstance(row, dict):
            return self.wrong(path, "must be a mapping such as {id: …}")
        before = len(self.mistakes)
        row = dict(self.text(path, row))
        if section == "policies":
            row = self._policy(path, row)
        fields = SECTIONS[section].__struct_fields__
        for name in row:
            if name not in fields:
                self.wrong((*path, name), "unknown key", did_you_mean(name, fields), key=True)
        if section not in ("devices", "policies"):
            row = {"zh": row.get("en", row.get("id", "")), "en": row.get("zh", row.get("id", "")), **row}
        return self._convert(path, row, SECTIONS[section]) if len(self.mistakes) == before else None

    def _convert(self, path: KeyPath, row: Any, made: type[T]) -> T | None:
        try:
            return msgspec.convert(row, made, strict=True)
        except msgspec.ValidationError as error:
            sentence, _, where = str(error).partition(" - at `$")
            inner = tuple(int(p) if p.isdigit() else p for p in re.findall(r"\w+", where))
            at = (*path, *inner)
            self.wrong(at, self.document.got(at, _inside(row, inner)) if inner else "", _in_words(sentence))
            return None

    def _policy(self, path: KeyPath, row: dict[str, Any]) -> dict[str, Any]:
        match = row.get("match") or {}
        names = {"class": "classes", "kind": "kinds", "place": "places", "rule": "rules"}
        self._only((*path, "match"), match, names)
        row["match"] = {names[k]: v if isinstance(v, list) else [v] for k, v in match.items() if k in names}
        steps = row.get("steps") or []
        row["steps"] = [self._step((*path, "steps", i), step) for i, step in enumerate(steps)]
        if isinstance(row.get("repeat"), dict):
            self._only((*path, "repeat"), row["repeat"], ("every",))
            row["repeat"] = self._duration((*path, "repeat", "every"), row["repeat"].get("every"))
        elif row.get("repeat") is not None:
            row["repeat"] = self._duration((*path, "repeat"), row["repeat"])
        return row

    def _step(self, path: KeyPath, step: Any) -> dict[str, Any]:
        if not isinstance(step, dict):
            self.wrong(path, "must be a mapping such as {after: 60s, notify: [{post: duty}]}")
            return {}
        self._only(path, step, ("after", "notify", "channels", "until"))
        made = {k: v for k, v in step.items() if k in ("channels", "until")}
        made["after"] = self._duration((*path, "after"), step.get("after", "0s"))
        notify = step.get("notify") or []
        made["notify"] = [self._target((*path, "notify", i), target) for i, target in enumerate(notify)]
        return made

    def _target(self, path: KeyPath, target: Any) -> dict[str, Any]:
        if target == "everyone":
            return {"kind": "everyone"}
        if not isinstance(target, dict) or len(target) != 1 or next(iter(target)) not in _TARGETS:
            self.wrong(path, "must be {post: …}, {team: …}, {person: …} or everyone")
            return {"kind": "everyone"}
        kind, name = next(iter(target.items()))
        return {"kind": kind, "id": name}

    def _duration(self, path: KeyPath, text: object) -> int:
        made = duration.parse(text)
        if made is None:
            self.wrong(path, self.document.got(path, text), "must be a duration such as 60s, 5m, 2h or 1d")
            return 0
        return made

    def _only(self, path: KeyPath, row: Any, names: Any) -> None:
        for name in row if isinstance(row, dict) else ():
            if name not in names:
                self.wrong((*path, name), "unknown key", did_you_mean(name, names), key=True)


def _in_words(sentence: str) -> str:
    """What msgspec says of a wrong form, as a person would."""
    if found := re.fullmatch(r"Object missing required field `(\w+)`", sentence):
        return f"missing: {found[1]}"
    if found := re.fullmatch(r"Expected `([\w |]+)`, got `\w+`", sentence):
        return "must be " + " or ".join(_FORMS.get(form, form) for form in found[1].split(" | "))
    return sentence


def _inside(value: Any, path: KeyPath) -> Any:
    for key in path:
        if isinstance(value, dict | list):
            value = value[key]  # type: ignore[index]
    return value
