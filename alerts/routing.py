"""Thinks. Whether every alert will reach somebody: what is wrong with people and policies as registered."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import lru_cache

from alerts.people import Directory, Policy, Step, Target
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry

KINDS_OF_TARGET = {"post": "posts", "team": "teams", "person": "persons"}


@lru_cache(maxsize=2)  # neither ever changes: a new one replaces it
def problems(directory: Directory, registry: Registry) -> tuple[str, ...]:
    """One sentence for each thing that would keep an alert from reaching the people it should reach."""
    return (*_people(directory), *_staff(directory), *_policies(directory, registry))


def _people(directory: Directory) -> Iterator[str]:
    if not _reaches(directory, directory.fallback):
        yield "there is nobody who can be told: register persons with a contact on a configured channel"
    for person in directory.persons.values():
        for contact in person.contacts:
            if not directory.usable(contact.channel):
                yield f"person {person.id}: the settings name no channel {contact.channel!r}"
        if not person.contacts:
            yield f"person {person.id} has no contact and cannot be told"


def _staff(directory: Directory) -> Iterator[str]:
    groups = [("team", team.id, team.members) for team in directory.teams.values()]
    groups += [("post", post.id, post.order) for post in directory.posts.values()]
    for what, name, members in groups:
        if not members:
            yield f"{what} {name} has nobody in it"
        for member in members:
            if member not in directory.persons:
                yield f"{what} {name}: there is no person {member!r}{_near(member, directory.persons)}"


def _policies(directory: Directory, registry: Registry) -> Iterator[str]:
    for policy in directory.policies:
        if not policy.steps:
            yield f"policy {policy.id} has no steps: alerts that it matches would page nobody"
        for place in policy.match.places:
            if place not in registry.places:
                yield f"policy {policy.id}: there is no place {place!r}{_near(place, registry.places)}"
        for kind in policy.match.kinds:
            if kind not in KINDS:
                yield f"policy {policy.id}: there is no kind of device {kind!r}{_near(kind, KINDS)}"
        yield from _steps(policy, directory)


def _steps(policy: Policy, directory: Directory) -> Iterator[str]:
    before = 0
    for number, step in enumerate(policy.steps, start=1):
        where = f"policy {policy.id}, step {number}"
        if step.after < before:
            yield f"{where} comes earlier than the step before it: `after` counts from the first notice"
        before = step.after
        for channel in step.channels:
            if not directory.usable(channel):
                yield f"{where}: the settings name no channel {channel!r}"
        yield from (f"{where}: {problem}" for target in step.notify for problem in _target(target, directory))
        if not _reaches(directory, step) and not (step.channels and not step.notify):
            yield f"{where} reaches nobody"


def _target(target: Target, directory: Directory) -> Iterator[str]:
    if target.kind == "everyone":
        return
    known = getattr(directory, KINDS_OF_TARGET[target.kind])
    if target.id not in known:
        yield f"there is no {target.kind} {target.id!r}{_near(target.id, known)}"


def _reaches(directory: Directory, step: Step) -> bool:
    return any(directory.contacts(person) for person in directory.told_by(step.notify))


def _near(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""
