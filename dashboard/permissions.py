"""Thinks. What an account may do, by role. Nothing is allowed that is not written here."""

from enum import StrEnum


class Permission(StrEnum):
    PUBLIC = "public"  # nobody needs to sign in: sign-in itself, static files, liveness
    SEE = "see"
    ACT = "act"  # acknowledge, arrived, verify, reset, comment, close
    ADMINISTER = "administer"  # accounts; demo scenarios


class Role(StrEnum):
    VIEWER = "viewer"
    GUARD = "guard"
    DUTY = "duty"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


_MAY: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.SEE}),
    Role.GUARD: frozenset({Permission.SEE, Permission.ACT}),
    Role.DUTY: frozenset({Permission.SEE, Permission.ACT}),
    Role.MANAGER: frozenset({Permission.SEE, Permission.ACT}),
    Role.ADMINISTRATOR: frozenset({Permission.SEE, Permission.ACT, Permission.ADMINISTER}),
}


def may(role: str, permission: Permission) -> bool:
    """An unknown role may do nothing."""
    if permission is Permission.PUBLIC:
        return True
    known = next((r for r in Role if r == role), None)
    return known is not None and permission in _MAY[known]
