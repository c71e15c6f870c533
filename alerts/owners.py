"""Thinks. Who answers for a device: its owner is a person or a team, and must be somebody who can be told."""

from collections.abc import Mapping

from alerts.duty.people import Directory, Person
from ingest.campus.device import OWN, Device

NAMED = 20  # so many are named, the rest are counted


def members(owner: str | None, directory: Directory) -> list[Person] | None:
    """The persons behind an owner, those who cannot be told as well; None for one that nobody is."""
    if owner in directory.persons:
        return [directory.persons[owner]]
    team = directory.teams.get(owner or "")
    if team is None:
        return None
    return [directory.persons[one] for one in team.members if one in directory.persons]


def state(owner: str | None, directory: Directory) -> str:
    """none, unknown (neither a person nor a team), reachable, or unreachable: nobody behind it has a contact
    on a configured channel."""
    if not owner:
        return "none"
    people = members(owner, directory)
    if people is None:
        return "unknown"
    return "reachable" if any(directory.contacts(person) for person in people) else "unreachable"


def unanswered(devices: Mapping[str, Device], directory: Directory) -> dict[str, str]:
    """The devices nobody answers for, each with the reason in words."""
    found = {}
    known: dict[str | None, str] = {}  # there are few owners and many devices
    for device in devices.values():
        if device.id != OWN:
            if device.owner not in known:
                known[device.owner] = _reason(device, directory)
            if known[device.owner]:
                found[device.id] = known[device.owner]
    return found


def _reason(device: Device, directory: Directory) -> str:
    match state(device.owner, directory):
        case "none":
            return "has no owner"
        case "unknown":
            return f"owner {device.owner!r} is neither a person nor a team"
        case "unreachable":
            if members(device.owner, directory):
                return f"owner {device.owner!r} has no contact on a configured channel"
            return f"owner {device.owner!r} is a team with nobody in it"
        case _:
            return ""


def told(found: Mapping[str, str]) -> list[str]:
    """A line each for the first of them, and a count of the rest."""
    lines = [f"device {name!r}: {reason}" for name, reason in list(found.items())[:NAMED]]
    if len(found) > NAMED:
        lines.append(f"and {len(found) - NAMED} more devices without an owner who can be told")
    return lines
