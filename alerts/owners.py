"""Thinks. Who answers for a device: its owner is a person or a team, and must be somebody who can be told."""

from collections.abc import Mapping

from alerts.people import Directory
from ingest.campus.device import OWN, Device

NAMED = 20  # so many are named, the rest are counted


def owners(device: Device, directory: Directory) -> list[str]:
    """The persons behind a device's owner, those who cannot be told as well."""
    if device.owner in directory.persons:
        return [device.owner]
    team = directory.teams.get(device.owner or "")
    return [member for member in team.members if member in directory.persons] if team else []


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
    if device.owner is None:
        return "has no owner"
    people = owners(device, directory)
    if any(directory.contacts(directory.persons[person]) for person in people):
        return ""
    if people:
        return f"owner {device.owner!r} has no contact on a configured channel"
    if device.owner in directory.teams:
        return f"owner {device.owner!r} is a team with nobody in it"
    return f"owner {device.owner!r} is neither a person nor a team"


def told(found: Mapping[str, str]) -> list[str]:
    """A line each for the first of them, and a count of the rest."""
    lines = [f"device {name!r}: {reason}" for name, reason in list(found.items())[:NAMED]]
    if len(found) > NAMED:
        lines.append(f"and {len(found) - NAMED} more devices without an owner who can be told")
    return lines
