"""Thinks. Who owns devices: can they be reached, what are they called, and who gets which report."""

from collections.abc import Iterable, Sequence

import msgspec

from alerts.people import Contact, Directory, Person

CAMPUS, OWN = "campus", "own"  # what a letter is about: everything, or what its reader owns


class Recipient(msgspec.Struct, frozen=True):
    """`contact` is None for somebody who is owed a report and has no address on an e-mail channel. `owners`:
    the ids whose devices the report is about; None for the whole campus."""

    person: Person
    scope: str
    contact: Contact | None
    owners: tuple[str, ...] | None


def state(owner: str | None, directory: Directory) -> str:
    """reachable: a person with a contact on a configured channel, or a team in which somebody has one."""
    if not owner:
        return "none"
    members = _members(owner, directory)
    if members is None:
        return "unknown"
    return "reachable" if any(directory.contacts(person) for person in members) else "unreachable"


def name(owner: str, directory: Directory, language: str) -> str:
    known = directory.persons.get(owner) or directory.teams.get(owner)
    if known is None:
        return owner
    return (known.en or known.zh or owner) if language == "en" else (known.zh or known.en or owner)


def recipients(
    owners: Iterable[str], to: Sequence[str], directory: Directory, mail: Iterable[str]
) -> list[Recipient]:
    """Everybody behind `owners` gets what they own, everybody behind `to` the whole campus. `mail`: the names
    of the e-mail channels."""
    channels = set(mail)
    owned: dict[str, list[str]] = {}
    for owner in dict.fromkeys(owners):
        for person in _members(owner, directory) or ():
            owned.setdefault(person.id, []).append(owner)
    campus = dict.fromkeys(person.id for one in to for person in _members(one, directory) or ())
    told: list[tuple[str, str, tuple[str, ...] | None]] = [(person, CAMPUS, None) for person in campus]
    told += [(person, OWN, tuple(mine)) for person, mine in owned.items()]
    persons = directory.persons
    return [Recipient(persons[p], scope, _address(persons[p], channels), mine) for p, scope, mine in told]


def _address(person: Person, channels: set[str]) -> Contact | None:
    return next((c for c in person.contacts if c.channel in channels and c.address), None)


def _members(owner: str, directory: Directory) -> list[Person] | None:
    """The persons behind an id; None for one that nobody has."""
    if owner in directory.persons:
        return [directory.persons[owner]]
    if owner not in directory.teams:
        return None
    return [directory.persons[one] for one in directory.teams[owner].members if one in directory.persons]
