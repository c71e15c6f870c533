"""Touches. `tocsin apply` and `tocsin export`: a campus file against the database."""

from typing import Any

import msgspec
from sqlalchemy import Connection

from alerts import roster
from alerts.people import Directory
from ingest.campus import store
from ingest.campus.registry import Registry
from tocsin.campusfile import Parts, whole
from tocsin.campusrows import plain


def merged(parts: Parts, registry: Registry, directory: Directory) -> Parts:
    """The parts with every section that the file leaves out taken from what is stored."""
    own = registry.devices["tocsin"]
    stored: dict[str, list[Any]] = {
        "places": list(registry.places.values()),
        "zones": list(registry.zones.values()),
        "devices": [d for d in registry.devices.values() if d != own],
        "persons": list(directory.persons.values()),
        "teams": list(directory.teams.values()),
        "posts": list(directory.posts.values()),
        "policies": list(directory.policies),
    }
    given = {f: getattr(parts, f) for f in Parts.__struct_fields__}
    return Parts(**{name: stored[name] if rows is None else rows for name, rows in given.items()})


def difference(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """`+ devices smoke-1`, `- …`, `~ devices smoke-1  place: 'a' → 'b'`, a line each."""
    lines = []
    for section, rows in after.items():
        old = {row["id"]: row for row in before[section]}
        new = {row["id"]: row for row in rows}
        lines += [f"- {section} {name}" for name in old if name not in new]
        lines += [f"+ {section} {name}" for name in new if name not in old]
        for name in new:
            if name in old and old[name] != new[name]:
                lines.append(f"~ {section} {name}  {_changes(old[name], new[name])}")
    return lines


def _changes(old: dict[str, Any], new: dict[str, Any]) -> str:
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return ", ".join(f"{key}: {old.get(key)!r} → {new.get(key)!r}" for key in keys)


def apply(tx: Connection, parts: Parts, write: bool = True) -> list[str]:
    """Check the parts together with what is stored, and write them. Returns the difference, a line each.

    Raises Mistakes when the whole does not fit together; then nothing is written.
    """
    registry, directory = store.load(tx), roster.load(tx)
    wanted = merged(parts, registry, directory)
    new_registry, new_directory = whole(wanted)
    lines = difference(plain(registry, directory), plain(new_registry, new_directory))
    if write and lines:
        store.replace(tx, new_registry)
        persons, teams, posts = (getattr(new_directory, n).values() for n in ("persons", "teams", "posts"))
        roster.replace(tx, persons, teams, posts, new_directory.policies)
    return lines


def export(tx: Connection) -> dict[str, Any]:
    """The stored campus as a campus file's values."""
    return plain(store.load(tx), roster.load(tx))


def encode(parts: Parts) -> Any:
    """Parts as plain values, to hand them to a running service; `decode` takes them back."""
    return msgspec.to_builtins(parts)


def decode(values: Any) -> Parts:
    return msgspec.convert(values, Parts)
