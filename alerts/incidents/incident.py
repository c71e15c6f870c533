"""Thinks. The incident: several alerts of one event, handled as one, with a commander.

It has two small machines: its life, which follows from its alerts (over when none of them is open), and its
command, which passes from hand to hand like ownership: a commander stays until somebody accepts. Each alert
keeps its own axes: what is done for the incident befalls every alert in it as a fact of its own.
"""

from enum import StrEnum
from typing import Literal

import msgspec
from msgspec.structs import replace

from alerts import refusal
from alerts.alert import TOCSIN, Acknowledged, Act, Alert, Arrived, Life, Ownership
from alerts.incidents.attached import PutIn, TakenOut
from alerts.reasons import HANDOVER
from alerts.refusal import Refused
from rules.verdict import Class, Text

ACCEPT_WITHIN = HANDOVER[Class.ALARM]  # ms


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """`commander` is a person, or a post while `command` says so: then `left_by` had it before."""

    opened_by: str
    opened_at: int
    commander: str
    id: int = 0
    life: Life = Life.OPEN
    command: Ownership = Ownership.OWNED
    left_by: str = ""
    offered_to: str = ""
    offered_until: int | None = None
    handovers: int = 0
    closed_at: int | None = None

    @property
    def open(self) -> bool:
        return self.life is Life.OPEN


class Formed(msgspec.Struct, frozen=True):
    """A person puts alerts together, and commands until somebody else accepts the command."""

    by: str
    alerts: tuple[int, ...]
    note: str = ""


class Grown(msgspec.Struct, frozen=True):
    incident: int
    by: str
    alerts: tuple[int, ...]


class Shrunk(msgspec.Struct, frozen=True):
    incident: int
    by: str
    alert: int


class Together(msgspec.Struct, frozen=True):
    """Takes, or is at, every alert of it that waits for that."""

    incident: int
    by: str
    what: Literal["acknowledge", "arrived"]
    via: str = ""


class CommandOffered(msgspec.Struct, frozen=True):
    incident: int
    by: str
    to: str
    note: str = ""


class CommandTaken(msgspec.Struct, frozen=True):
    """The offer is accepted; or the post had the command."""

    incident: int
    by: str


class CommandDeclined(msgspec.Struct, frozen=True):
    incident: int
    by: str


class CommandLapsed(msgspec.Struct, frozen=True):
    """Nobody accepted by `due`."""

    incident: int
    due: int


class CommandLeft(msgspec.Struct, frozen=True):
    """A person is no longer there, and the command they have is the post's."""

    incident: int
    person: str
    post: str
    by: str


class Remarked(msgspec.Struct, frozen=True):
    incident: int
    by: str
    note: str


class Over(msgspec.Struct, frozen=True):
    """None of its alerts is open any more."""

    incident: int


Commanding = CommandOffered | CommandTaken | CommandDeclined | CommandLapsed | CommandLeft
IncidentFact = Formed | Grown | Shrunk | Together | Commanding | Remarked | Over
INCIDENT_FACTS = (
    Formed, Grown, Shrunk, Together, CommandOffered, CommandTaken, CommandDeclined, CommandLapsed,
    CommandLeft, Remarked, Over,
)  # fmt: skip


class Kind(StrEnum):
    """A fact as the table knows it, and as the log names it."""

    FORMED = "incident_formed"
    GROWN = "incident_grown"
    SHRUNK = "incident_shrunk"
    TOGETHER = "incident_together"
    OFFERED = "command_offered"
    TAKEN = "command_taken"
    DECLINED = "command_declined"
    LAPSED = "command_lapsed"
    LEFT = "command_left"
    OFFER_LEFT = "command_offer_left"  # whom it was offered to
    REMARKED = "incident_remarked"
    OVER = "incident_over"
    STALE = "incident_stale"  # means nothing any more


K = Kind
_KINDS: dict[type, Kind] = {
    Formed: K.FORMED,
    Grown: K.GROWN,
    Shrunk: K.SHRUNK,
    Together: K.TOGETHER,
    CommandOffered: K.OFFERED,
    CommandTaken: K.TAKEN,
    CommandDeclined: K.DECLINED,
    Remarked: K.REMARKED,
    Over: K.OVER,
}
UNBIDDEN = (CommandLapsed, CommandLeft, Over)  # what nobody decided: never refused

# The command: fact → the new word, or why not, for owned, offered and the post's. None: stays as it is.
COMMAND: dict[Kind, dict[Ownership, Ownership | Text | None]] = {
    K.OFFERED: {
        Ownership.OWNED: Ownership.OFFERED,
        Ownership.OFFERED: refusal.COMMAND_WAITS,
        Ownership.POST: refusal.COMMAND_FREE,
    },
    K.TAKEN: {
        Ownership.OWNED: refusal.COMMANDED,
        Ownership.OFFERED: Ownership.OWNED,
        Ownership.POST: Ownership.OWNED,
    },
    K.DECLINED: {
        Ownership.OWNED: refusal.NOT_OFFERED,
        Ownership.OFFERED: Ownership.OWNED,
        Ownership.POST: refusal.NOT_OFFERED,
    },
    K.LAPSED: {Ownership.OWNED: None, Ownership.OFFERED: Ownership.OWNED, Ownership.POST: None},
    K.OFFER_LEFT: {Ownership.OWNED: None, Ownership.OFFERED: Ownership.OWNED, Ownership.POST: None},
    K.LEFT: {Ownership.OWNED: Ownership.POST, Ownership.OFFERED: Ownership.POST, Ownership.POST: None},
    K.OVER: {Ownership.OWNED: None, Ownership.OFFERED: Ownership.OWNED, Ownership.POST: None},
}


def formed(fact: Formed, now: int) -> Incident:
    if len(set(fact.alerts)) < 2:
        raise Refused(refusal.TWO_ALERTS)
    return Incident(opened_by=fact.by, opened_at=now, commander=fact.by)


def kind_of(incident: Incident, fact: IncidentFact) -> Kind:
    if isinstance(fact, UNBIDDEN) and not incident.open:
        return K.STALE
    if isinstance(fact, CommandLapsed):
        return K.LAPSED if incident.offered_until == fact.due else K.STALE
    if isinstance(fact, CommandLeft):
        if incident.commander == fact.person and incident.command is not Ownership.POST:
            return K.LEFT
        return K.OFFER_LEFT if fact.person and incident.offered_to == fact.person else K.STALE
    return _KINDS[type(fact)]


def step(incident: Incident, fact: IncidentFact, now: int) -> Incident:
    """What becomes of it. Raises Refused; what nobody decided is never refused."""
    kind = kind_of(incident, fact)
    if kind is K.STALE:
        return incident
    if not incident.open and kind is not K.REMARKED:
        raise Refused(refusal.INCIDENT_OVER)
    word = COMMAND[kind][incident.command] if kind in COMMAND else None
    if isinstance(word, Text):
        raise Refused(word, incident.offered_to or incident.commander)
    _check(incident, fact)
    after = incident if word is None else replace(incident, command=word)
    if isinstance(fact, CommandOffered):
        until, count = now + ACCEPT_WITHIN, incident.handovers + 1
        after = replace(after, offered_to=fact.to, offered_until=until, handovers=count)
    elif isinstance(fact, CommandTaken):
        after = replace(after, commander=fact.by, left_by="")
    elif kind is K.LEFT and isinstance(fact, CommandLeft):
        after = replace(after, commander=fact.post, left_by=fact.person)
    elif isinstance(fact, Over):
        after = replace(after, life=Life.CLOSED, closed_at=now)
    return after if after.command is Ownership.OFFERED else replace(after, offered_to="", offered_until=None)


def _check(incident: Incident, fact: IncidentFact) -> None:
    """Whose act it is, and what it must bring."""
    if isinstance(fact, Remarked) and not fact.note.strip():
        raise Refused(refusal.REASON_MISSING)
    if isinstance(fact, CommandOffered):
        if fact.by != incident.commander:
            raise Refused(refusal.NOT_THE_COMMANDER, incident.commander)
        if fact.to == incident.commander:
            raise Refused(refusal.OWN_HANDOVER)
    answered = isinstance(fact, CommandTaken | CommandDeclined) and incident.command is Ownership.OFFERED
    if answered and getattr(fact, "by", TOCSIN) != incident.offered_to:
        raise Refused(refusal.OFFERED_TO_ANOTHER, incident.offered_to)


def acts(incident: Incident, fact: IncidentFact, alerts: list[Alert]) -> list[Act]:
    """What the fact means for each alert of the incident, or for those that come to it."""
    if isinstance(fact, Formed | Grown):
        return [PutIn(number, fact.by, incident.id) for number in dict.fromkeys(fact.alerts)]
    if isinstance(fact, Shrunk):
        return [TakenOut(fact.alert, fact.by)]
    if not isinstance(fact, Together):
        return []
    if fact.what == "acknowledge":
        return [Acknowledged(one.id, fact.by, fact.via) for one in alerts if one.open]
    return [Arrived(one.id, fact.by) for one in alerts if one.open and one.arrived_at is None]
