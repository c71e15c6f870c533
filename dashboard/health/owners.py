"""Thinks. Who owns devices: what they are called, and who gets which report."""

from collections.abc import Iterable, Sequence

import msgspec

from alerts.duty.people import Contact, Directory, Person
from alerts.owners import members

CAMPUS, OWN = "campus", "own"  # what a letter is about: everything, or what its reader owns


class Recipient(msgspec.Struct, frozen=True):
    """`contact` is None for somebody who is owed a report and has no address on an e-mail channel. `owners`:
    the ids whose devices the report is about; None for the whole campus."""

    person: Person
    scope: str
    contact: Contact | None
    owners: tuple[str, ...] | None


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
        for person in members(owner, directory) or ():
            owned.setdefault(person.id, []).append(owner)
    campus = dict.fromkeys(person.id for one in to for person in members(one, directory) or ())
    told: list[tuple[str, str, tuple[str, ...] | None]] = [(person, CAMPUS, None) for person in campus]
    told += [(person, OWN, tuple(mine)) for person, mine in owned.items()]
    persons = directory.persons
    return [Recipient(persons[p], scope, _address(persons[p], channels), mine) for p, scope, mine in told]


def _address(person: Person, channels: set[str]) -> Contact | None:
    return next((c for c in person.contacts if c.channel in channels and c.address), None)
