"""Touches. `tocsin apply` and `tocsin export`: a campus file against the database."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection

from alerts import desk
from alerts.alert import TOCSIN, Gone
from alerts.delivery.erasing import erase
from alerts.duty import roster
from alerts.duty.people import Directory
from alerts.duty.staffing import misaddressed
from alerts.limits import Limits
from alerts.owners import told, unanswered
from alerts.reroute import rerouted
from alerts.store import all_open
from ingest import pending
from ingest.campus import store
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.settings import BrokerSettings
from tocsin.campusfile import Parts, whole
from tocsin.campusrows import definition_rows, plain
from tocsin.mistake import Mistakes

LONGEST = 400  # characters of a value that a difference shows


def merged(parts: Parts, registry: Registry, directory: Directory, add: bool = False) -> Parts:
    """The parts with every section that the file leaves out taken from what is stored; with `add` every row
    as well."""
    own = registry.devices["tocsin"]
    stored: dict[str, list[Any]] = {
        "places": list(registry.places.values()),
        "zones": list(registry.zones.values()),
        "devices": [d for d in registry.devices.values() if d != own],
        "persons": list(directory.persons.values()),
        "teams": list(directory.teams.values()),
        "posts": list(directory.posts.values()),
        "policies": list(directory.policies),
        "plans": list(directory.plans),
        **definition_rows(registry),
        "calendar": list(registry.calendar.spans),
        "hours": list(registry.calendar.own_hours),
    }
    given = {f: getattr(parts, f) for f in Parts.__struct_fields__}
    if add:
        given = {name: rows and _joined(stored[name], rows) for name, rows in given.items()}
    return Parts(**{name: stored[name] if rows is None else rows for name, rows in given.items()})


def _joined(stored: list[Any], rows: list[Any]) -> list[Any]:
    """The stored rows in their order, each as the new ones have it, and then what is new."""
    new = {_id(row): row for row in rows}
    known = {_id(row) for row in stored}
    return [new.get(_id(row), row) for row in stored] + [r for r in rows if _id(r) not in known]


def _id(row: Any) -> str:
    return str(row["id"] if isinstance(row, dict) else row.id)


class Count(msgspec.Struct):
    """What a difference does to one section; `before` is how many there were."""

    section: str
    before: int
    added: int
    changed: int
    removed: int


class Difference(msgspec.Struct):
    """What applying does: a line for each row, a count for each section that changes, and what is amiss all
    the same (devices that nobody answers for)."""

    lines: list[str] = []
    counts: list[Count] = []
    warnings: list[str] = []


def difference(before: dict[str, Any], after: dict[str, Any]) -> Difference:
    """`+ devices smoke-1`, `- …`, `~ devices smoke-1  place: 'a' → 'b'`, a line each."""
    made = Difference()
    for section, rows in after.items():
        old = {row["id"]: row for row in before[section]}
        new = {row["id"]: row for row in rows}
        removed = [f"- {section} {name}" for name in old if name not in new]
        added = [f"+ {section} {name}" for name in new if name not in old]
        changed = [
            f"~ {section} {name}  {_changes(old[name], new[name])}"
            for name in new
            if name in old and old[name] != new[name]
        ]
        if [name for name in old if name in new] != [name for name in new if name in old]:
            changed.append(f"~ {section}  in another order")
        made.lines += removed + added + changed
        if removed or added or changed:
            made.counts.append(Count(section, len(old), len(added), len(changed), len(removed)))
    return made


def _changes(old: dict[str, Any], new: dict[str, Any]) -> str:
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return ", ".join(f"{key}: {_short(old.get(key))} → {_short(new.get(key))}" for key in keys)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 20]}… ({len(text)} characters)"


def apply(
    tx: Connection,
    parts: Parts,
    write: bool = True,
    channels: Iterable[str] | None = None,
    agreed: list[str] | None = None,
    add: bool = False,
    broker: BrokerSettings | None = None,
) -> Difference:
    """Check the parts together with what is stored, and write them. Returns the difference.

    Raises Mistakes when the whole does not fit together, or when the difference is no longer the one that a
    person agreed to; then nothing is written.
    """
    registry, directory = store.load(tx), roster.load(tx)
    wanted = merged(parts, registry, directory, add)
    new_registry, new_directory = whole(wanted, channels)
    made = difference(plain(registry, directory), plain(new_registry, new_directory))
    made.warnings = told(unanswered(new_registry.devices, new_directory))
    made.warnings += [
        f"person {person.id!r}: {said}"
        for person in new_directory.persons.values()
        for said in misaddressed(person, new_directory)
    ]
    made.warnings += _clashes(tx, registry, new_registry, broker or BrokerSettings())
    if agreed is not None and made.lines != agreed:
        raise Mistakes(["the stored campus has changed since this difference was shown; nothing was written"])
    if write and made.lines:
        store.replace(tx, new_registry)
        persons, teams, posts = (getattr(new_directory, n).values() for n in ("persons", "teams", "posts"))
        roster.replace(tx, persons, teams, posts, new_directory.policies, new_directory.plans)
        erase(tx, new_directory.persons)
    return made


def _clashes(tx: Connection, before: Registry, after: Registry, broker: BrokerSettings) -> list[str]:
    """Topics that two devices have. Raises Mistakes for those that this file brings; what was so before (a
    device was renamed into it) must not keep anybody from writing something else."""
    learned = pending.load_learned(tx)
    now = Decoder(after, broker, learned=learned).clashes()
    was = set(Decoder(before, broker, learned=learned).clashes()) if now else set()
    new = [line for line in now if line not in was]
    if new:
        raise Mistakes(new)
    return now


def befall(
    tx: Connection,
    before: Directory,
    channels: Iterable[str],
    where: tuple[str, str],
    limits: Limits,
    now: int,
) -> None:
    """At rest: what a change of people and policies means for alerts that are open, as in a running service.
    Who is not registered any more owns nothing; the next step is that of the new policy. Whom it tells is
    told when the service starts. Whose shift the change ends is found then, too."""
    registry = store.load(tx, *where)
    directory = roster.load(tx, channels, where[0], registry.calendar)
    gone = [Gone(one, TOCSIN, "removed") for one in before.persons if one not in directory.persons]
    others = rerouted(all_open(tx), before, directory, registry, TOCSIN, now)
    desk.apply(tx, [*gone, *others], now, directory, registry, limits)


def export(tx: Connection) -> dict[str, Any]:
    """The stored campus as a campus file's values."""
    return plain(store.load(tx), roster.load(tx))


def encode(parts: Parts) -> Any:
    """Parts as plain values, to hand them to a running service; `decode` takes them back."""
    return msgspec.to_builtins(parts)


def decode(values: Any) -> Parts:
    return msgspec.convert(values, Parts)
