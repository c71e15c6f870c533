"""Touches. The campus file: places, zones, devices, people and policies, as a person writes them.

YAML with `!include`, XLSX for places, zones and devices, CSV for devices. Every mistake is told at once, with
file, line and column.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from alerts.duty import icalfile
from alerts.duty.people import Directory, Person, Policy, Post, Role, Team
from alerts.plan import Plan
from ingest.campus.calendar import Calendar, Hours, Span
from ingest.campus.definition import Definitions
from ingest.campus.device import Device, Place, Zone
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry, RegistryError
from tocsin.campusreader import DEFINED, Reader
from tocsin.csvfile import read_devices
from tocsin.document import Document
from tocsin.facts import facts
from tocsin.mistake import Mistakes, did_you_mean, told
from tocsin.yamlfile import load as load_yaml


class Parts(msgspec.Struct):
    """What a campus file says. A section that is not in it is None: it is left as it is."""

    places: list[Place] | None = None
    zones: list[Zone] | None = None
    devices: list[Device] | None = None
    persons: list[Person] | None = None
    teams: list[Team] | None = None
    posts: list[Post] | None = None
    policies: list[Policy] | None = None
    plans: list[Plan] | None = None
    mappings: list[dict[str, Any]] | None = None
    approvals: list[dict[str, Any]] | None = None
    calendar: list[Span] | None = None
    hours: list[Hours] | None = None

    def definitions(self) -> Definitions:
        """The mappings and approvals as the registry holds them: by dialect and name."""
        return {
            dialect: {row["id"]: {k: v for k, v in row.items() if k != "id"} for row in rows}
            for section, dialect in DEFINED.items()
            if (rows := getattr(self, section))
        }


def read(path: Path, environment: Mapping[str, str]) -> Document:
    """Read a campus file, to be parsed. Raises Mistakes where it cannot be read at all."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return read_devices(path)
    if suffix in (".xlsx", ".xlsm"):
        from tocsin.xlsxfile import read_workbook

        return read_workbook(path)
    if suffix in (".xls", ".xlsb", ".ods", ".numbers"):
        raise Mistakes([told(str(path), "", f"{suffix} is not read: save it as .xlsx or .csv")])
    return load_yaml(path, environment)


def parse(document: Document, channels: Iterable[str] | None = None) -> Parts:
    """The parts of a campus file from its values. Raises Mistakes: every one of them. `channels` are those
    that the settings name; None where they are not known."""
    reader = Reader(document)
    value = document.value or {}
    if not isinstance(value, dict):
        raise Mistakes([told(document.first, "", "must be sections such as `places:` and `devices:`")])
    parts = Parts()
    for name, rows in value.items():
        if name not in Parts.__struct_fields__:
            near = did_you_mean(name, Parts.__struct_fields__)
            reader.wrong((name,), "unknown section", near, key=True)
        elif not isinstance(rows, list):
            reader.wrong((name,), "must be a list")
        else:
            reader.once_each(name, rows)
            made = reader.definition if name in DEFINED else reader.row
            setattr(parts, name, [r for i, row in enumerate(rows) if (r := made(name, i, row))])
    if channels is not None and not reader.mistakes:
        reader.channels(parts.persons or (), parts.policies or (), [*channels, "null"])
    if reader.mistakes:
        raise Mistakes([*reader.mistakes, *facts(document)])
    return parts


def whole(parts: Parts, channels: Iterable[str] | None = None) -> tuple[Registry, Directory]:
    """The parts as one campus. Raises Mistakes where they do not fit together."""
    mistakes: list[str] = []
    try:
        registry = Registry.build(
            parts.places or (),
            parts.zones or (),
            parts.devices or (),
            parts.definitions(),
            calendar=Calendar(spans=parts.calendar or (), hours=parts.hours or ()),
        )
    except RegistryError as error:
        registry, mistakes = Registry.build(), list(error.problems)
    people = parts.persons or (), parts.teams or (), parts.posts or ()
    directory = Directory(*people, parts.policies or (), channels, plans=parts.plans or ())
    mistakes += _loose_ends(directory) + _loose_matches(directory, registry if not mistakes else None)
    if mistakes:
        raise Mistakes(mistakes)
    return registry, directory


def _loose_ends(directory: Directory) -> list[str]:
    people, found = directory.persons, []
    groups = [("team", t.id, t.members) for t in directory.teams.values()]
    groups += [("post", p.id, p.named) for p in directory.posts.values()]
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
        "role": get_args(Role),
        "everyone": [""],
    }
    for post in directory.posts.values():
        wrong = icalfile.problems(post.ics, directory.called) if post.ics else ()
        found += [f"post {post.id!r}: {problem}" for problem in wrong]
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
    for person in directory.persons.values() if registry is not None else ():
        for place in person.scope:
            if place not in registry.places:  # type: ignore[union-attr]
                near = did_you_mean(place, registry.places)  # type: ignore[union-attr]
                found.append(f"person {person.id!r}: there is no place {place!r}  {near}".rstrip())
    rows = [("policy", one.id, one.match) for one in directory.policies]
    rows += [("plan", one.id, one.match) for one in directory.plans]
    for section, row, match in rows:
        wanted: list[tuple[str, Iterable[str], Iterable[str]]] = [("kind", match.kinds, KINDS)]
        if registry is not None:
            wanted.append(("place", match.places, registry.places))
        for what, names, known in wanted:
            for name in names:
                if name not in known:
                    near = did_you_mean(name, known)
                    found.append(f"{section} {row!r}: there is no {what} {name!r}  {near}".rstrip())
    return found
