"""Thinks. Who asks, and what they may do today: roles and scopes hang on persons, and persons leave."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from alerts.duty.people import Person
from dashboard.permissions import NAMELESS, Role, lesser, may
from dashboard.reach import Reach
from ingest.campus.registry import Registry

NO_PLACE = ("-",)  # the id of no place: what two scopes have in common that have nothing in common


@dataclass(frozen=True)
class Account:
    """Who asks. `session` is the stored hash of the session, never the cookie; of a machine it is `token/ID`.
    `until` is ms. `scope` are the places whose alerts and devices they see; none: everywhere."""

    id: int
    name: str
    person: str
    role: str
    language: str
    theme: str
    session: str = ""
    until: int = 0
    wall: bool = False
    scope: tuple[str, ...] = ()
    machine: bool = False

    @property
    def reach(self) -> Reach:
        return Reach(self.scope, self.person)

    @property
    def by(self) -> str:
        """What facts and the log call them."""
        return self.person or f"api:{self.name}"

    def may(self, what: str) -> bool:
        """What a machine does in nobody's name is little: see permissions.NAMELESS."""
        return may(self.role, what) and (bool(self.person) or not self.machine or what in NAMELESS)


def standing(account: Account, persons: Mapping[str, Person], registry: Registry) -> Account:
    """The account with the role and the scope of its person. One that was made for a person who is no longer
    registered may do nothing, unless it is an administrator's: somebody must be able to mend that."""
    person = persons.get(account.person)
    if person is None:
        left = account.person not in ("", account.name) and account.role != Role.ADMINISTRATOR
        gone = bool(account.person) if account.machine else left
        return replace(account, role="") if gone else account
    if not account.machine:
        return replace(account, role=person.role or account.role, scope=person.scope)
    role = lesser(account.role, person.role) if person.role else account.role
    return replace(account, role=role, scope=both(account.scope, person.scope, registry))


def both(one: tuple[str, ...], other: tuple[str, ...], registry: Registry) -> tuple[str, ...]:
    """The places that lie in both scopes."""
    if not one or not other:
        return one or other
    inner = [place for place in one if Reach(other).has(registry, place)]
    inner += [place for place in other if Reach(one).has(registry, place)]
    return tuple(dict.fromkeys(inner)) or NO_PLACE
