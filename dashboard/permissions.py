"""Thinks. Who may do what, by role: one table. What is not written here is allowed to nobody."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    PUBLIC = "public"  # nobody needs to sign in: sign-in itself, static files, liveness
    SEE = "see"
    ACT = "act"  # whatever has no line of its own: swaps of shifts, backtests
    STAFF = "staff"  # rosters: shifts, exceptions, calendars; how notices fare, tries of a channel
    ADMINISTER = "administer"  # accounts, tokens for machines; demo scenarios


class Role(StrEnum):
    """From the least to the most: each may all that those before it may."""

    VIEWER = "viewer"
    GUARD = "guard"
    DUTY = "duty"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


_ORDER = tuple(Role)

# What → the least role that may do it. The acts are called as in the addresses of the API.
LEAST: Mapping[str, Role] = {
    Permission.SEE: Role.VIEWER,
    Permission.ACT: Role.GUARD,
    # on an alert, by whoever is there
    "acknowledge": Role.GUARD,
    "arrived": Role.GUARD,
    "join": Role.GUARD,
    "verify": Role.GUARD,
    "tick": Role.GUARD,
    "comment": Role.GUARD,
    "photo": Role.GUARD,
    "handover": Role.GUARD,
    "accept": Role.GUARD,
    "decline": Role.GUARD,
    "reset": Role.GUARD,
    "raise": Role.GUARD,
    "real": Role.GUARD,
    "unshelve": Role.GUARD,  # to bring a noise back is never forbidden to who is there
    "incident": Role.GUARD,
    "hazard": Role.GUARD,
    "close": Role.GUARD,
    # what hides an alert, or judges what others did
    "shelve": Role.DUTY,
    "drill": Role.DUTY,
    "agree": Role.DUTY,
    "recheck": Role.DUTY,
    "release": Role.DUTY,
    # what hides alerts that have not come yet
    "impair": Role.MANAGER,
    "out_of_service": Role.MANAGER,
    "erase": Role.MANAGER,  # who telephoned
    Permission.STAFF: Role.MANAGER,
    Permission.ADMINISTER: Role.ADMINISTRATOR,
}

# What a machine may do in nobody's name. The rest is a promise, and somebody by name must keep it.
NAMELESS: frozenset[str] = frozenset({Permission.SEE, "comment", "raise"})


def may(role: str, what: str) -> bool:
    """An unknown role may do nothing, and nobody may what is unknown."""
    if what == Permission.PUBLIC:
        return True
    least = LEAST.get(what)
    return least is not None and role in _ORDER and _ORDER.index(Role(role)) >= _ORDER.index(least)


def lesser(one: str, other: str) -> str:
    """The one of two roles that may less; an unknown one may least."""
    return min(one, other, key=lambda role: _ORDER.index(Role(role)) if role in _ORDER else -1)
