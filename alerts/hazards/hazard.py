"""Thinks. The life of a hazard as two tables: what a fact does, and what a joint state at once becomes.

A hazard is found, has an owner and a day by which it is mended, is mended with evidence, and is looked at
again by somebody else before it is over. The same cause of the same subject is the same hazard again: it
comes back with its history. Tables as in alerts/lifecycle.py, of four small machines side by side.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from alerts import refusal
from alerts.alert import TOCSIN, Life
from alerts.hazards.found import Found, Source
from alerts.lifecycle import SAME, Cell
from alerts.refusal import Refused
from rules.verdict import Text


class Mending(StrEnum):
    STANDING = "standing"
    MENDED = "mended"


class Recheck(StrEnum):
    NONE = "none"
    PASSED = "passed"
    FAILED = "failed"  # the last one; it is to be mended again


class Term(StrEnum):
    RUNNING = "running"
    OVERDUE = "overdue"


class Hazard(msgspec.Struct, frozen=True, kw_only=True):
    """`id` 0 until it is stored. `due_at` is the day of mending, and once it is mended that of the recheck;
    `remind_at` when its owner is next told that this has passed. `times`: how often it was found; `alert` and
    `source` are those of the last time. `owner` is a person, a team or a post."""

    subject: str
    cause: str
    source: Source
    title: Text
    owner: str
    found_by: str
    found_at: int
    due_at: int
    id: int = 0
    device: str = ""
    place: str = ""
    rule: str = ""
    note: str = ""
    alert: int = 0
    life_safety: bool = False

    life: Life = Life.OPEN
    mending: Mending = Mending.STANDING
    recheck: Recheck = Recheck.NONE
    term: Term = Term.RUNNING

    times: int = 1
    found_again_at: int | None = None
    reopened: int = 0
    mended_by: str = ""
    mended_at: int | None = None
    evidence: str = ""
    rechecked_by: str = ""
    rechecked_at: int | None = None
    finding: str = ""
    reminders: int = 0
    remind_at: int | None = None

    @property
    def open(self) -> bool:
        return self.life is Life.OPEN

    @property
    def code(self) -> str:
        return f"H{self.id}"


class Assigned(msgspec.Struct, frozen=True):
    """`to` owns it from now on: a person, a team or a post."""

    hazard: int
    by: str
    to: str
    note: str = ""


class Postponed(msgspec.Struct, frozen=True):
    """Another day by which it is mended, with a reason."""

    hazard: int
    by: str
    until: int
    reason: str


class Mended(msgspec.Struct, frozen=True):
    """`evidence`: what was done, and how one can see it."""

    hazard: int
    by: str
    evidence: str


class Rechecked(msgspec.Struct, frozen=True):
    """Somebody else looked: it is mended (`passed`), or it is not."""

    hazard: int
    by: str
    passed: bool
    finding: str = ""


class Noted(msgspec.Struct, frozen=True):
    hazard: int
    by: str
    note: str


class PhotoAdded(msgspec.Struct, frozen=True):
    """`photo` is the hash under which it is kept (alerts/incidents/photos.py)."""

    hazard: int
    by: str
    photo: str
    note: str = ""


class Missed(msgspec.Struct, frozen=True):
    """Its day has passed, or the next reminder has come. `due` is that deadline."""

    hazard: int
    due: int


HazardFact = Found | Assigned | Postponed | Mended | Rechecked | Noted | PhotoAdded | Missed
HAZARD_FACTS = (Found, Assigned, Postponed, Mended, Rechecked, Noted, PhotoAdded, Missed)


class Kind(StrEnum):
    """A fact as the tables know it."""

    FOUND_AGAIN = "hazard_found_again"
    ASSIGNED = "hazard_assigned"
    POSTPONED = "hazard_postponed"
    MENDED = "hazard_mended"
    PASSED = "hazard_passed"
    FAILED = "hazard_failed"
    NOTED = "hazard_noted"
    PHOTO_ADDED = "hazard_photo_added"
    MISSED = "hazard_missed"
    STALE = "hazard_stale"  # a deadline that was moved since it was read


K = Kind
FOUND = "hazard_found"
Row = tuple[StrEnum | Cell | Text, ...]
WORDS: dict[str, tuple[StrEnum, ...]] = {
    "life": tuple(Life),
    "mending": tuple(Mending),
    "recheck": tuple(Recheck),
    "term": tuple(Term),
}
_OVER = refusal.HAZARD_OVER

# Table 1: axis → fact → the new word, one cell for each word of the axis in the order of WORDS.
MOVES: dict[str, dict[Kind, Row]] = {
    "life": {  # open, closed
        K.FOUND_AGAIN: (SAME, Life.OPEN),
        **dict.fromkeys((K.ASSIGNED, K.POSTPONED, K.MENDED, K.PASSED, K.FAILED), (SAME, _OVER)),
        K.NOTED: (SAME, SAME),
        K.PHOTO_ADDED: (SAME, SAME),
    },
    "mending": {  # standing, mended
        K.FOUND_AGAIN: (SAME, Mending.STANDING),
        K.POSTPONED: (SAME, refusal.HAZARD_MENDED),
        K.MENDED: (Mending.MENDED, refusal.HAZARD_MENDED),
        K.PASSED: (refusal.HAZARD_STANDS, SAME),
        K.FAILED: (refusal.HAZARD_STANDS, Mending.STANDING),
    },
    "recheck": {  # none, passed, failed
        K.FOUND_AGAIN: (SAME, Recheck.NONE, SAME),
        K.MENDED: (SAME, SAME, Recheck.NONE),
        K.PASSED: (Recheck.PASSED, SAME, SAME),
        K.FAILED: (Recheck.FAILED, SAME, SAME),
    },
    "term": {  # running, overdue
        K.POSTPONED: (SAME, Term.RUNNING),
        K.MENDED: (SAME, Term.RUNNING),
        K.FAILED: (SAME, Term.RUNNING),
        K.MISSED: (Term.OVERDUE, SAME),
    },
}

# Table 2: a joint state, and what it at once becomes; applied until nothing changes.
BECOMES: tuple[tuple[dict[str, StrEnum], dict[str, StrEnum]], ...] = (
    (
        {"life": Life.OPEN, "mending": Mending.MENDED, "recheck": Recheck.PASSED},
        {"life": Life.CLOSED},
    ),
    ({"life": Life.CLOSED, "term": Term.OVERDUE}, {"term": Term.RUNNING}),
)


def kind_of(hazard: Hazard, fact: HazardFact) -> Kind:
    match fact:
        case Found():
            return K.FOUND_AGAIN
        case Rechecked():
            return K.PASSED if fact.passed else K.FAILED
        case Missed():
            return K.MISSED if hazard.open and hazard.remind_at == fact.due else K.STALE
        case _:
            return _KINDS[type(fact)]


_KINDS: dict[type, Kind] = {
    Assigned: K.ASSIGNED,
    Postponed: K.POSTPONED,
    Mended: K.MENDED,
    Noted: K.NOTED,
    PhotoAdded: K.PHOTO_ADDED,
}


def born(found: Found, owner: str, due: int) -> Hazard:
    return Hazard(
        subject=found.subject,
        cause=found.cause,
        source=found.source,
        title=found.title,
        owner=owner,
        found_by=found.by,
        found_at=found.moment,
        due_at=due,
        remind_at=due,
        device=found.device,
        place=found.place,
        rule=found.rule,
        note=found.note,
        alert=found.alert,
        life_safety=found.life_safety,
    )


def step(hazard: Hazard, fact: HazardFact, now: int, due: int) -> Hazard:
    """What the hazard becomes. `due` is the day that a new term would end: of mending, or of the recheck.
    Raises Refused for an act that is illegal or incomplete; never for what was found, or a deadline."""
    kind = kind_of(hazard, fact)
    axes = move(hazard, kind)
    if type(fact) in _CHECKS:
        _CHECKS[type(fact)](hazard, fact, now)
    after = settled(replace(hazard, **axes, **_written(hazard, kind, fact, now, due)))
    return after if after.open else replace(after, remind_at=None)


def move(hazard: Hazard, kind: Kind) -> dict[str, Any]:
    """The axes that the fact changes, and to which words. Raises Refused."""
    changed: dict[str, Any] = {}
    for axis, rows in MOVES.items():
        if kind in rows:
            word = getattr(hazard, axis)
            cell = rows[kind][WORDS[axis].index(word)]
            if isinstance(cell, Text):
                raise Refused(cell)
            if cell is not SAME and cell is not word:
                changed[axis] = cell
    return changed


def settled(hazard: Hazard) -> Hazard:
    for pattern, words in BECOMES:
        if all(getattr(hazard, axis) is word for axis, word in pattern.items()):
            return settled(replace(hazard, **words))
    return hazard


def _check_words(text: str) -> None:
    if not text.strip():
        raise Refused(refusal.REASON_MISSING)


def _check_postponed(hazard: Hazard, fact: Postponed, now: int) -> None:
    _check_words(fact.reason)
    if fact.until <= now:
        raise Refused(refusal.END_MISSING)


def _check_mended(hazard: Hazard, fact: Mended, now: int) -> None:
    if not fact.evidence.strip():
        raise Refused(refusal.EVIDENCE_MISSING)


def _check_rechecked(hazard: Hazard, fact: Rechecked, now: int) -> None:
    if fact.by == hazard.mended_by:
        raise Refused(refusal.RECHECK_BY_ANOTHER)
    if not fact.passed:
        _check_words(fact.finding)


_CHECKS: dict[type, Callable[[Hazard, Any, int], None]] = {
    Postponed: _check_postponed,
    Mended: _check_mended,
    Rechecked: _check_rechecked,
    Noted: lambda hazard, fact, now: _check_words(fact.note),
}


def _written(hazard: Hazard, kind: Kind, fact: Any, now: int, due: int) -> dict[str, Any]:
    """The fields beside the axes that the fact writes."""
    term = {"due_at": due, "remind_at": due, "reminders": 0}
    match kind:
        case K.FOUND_AGAIN:
            return _found_again(hazard, fact, term)
        case K.ASSIGNED:
            return {"owner": fact.to}
        case K.POSTPONED:
            return term | {"due_at": fact.until, "remind_at": fact.until}
        case K.MENDED:
            looked = {"rechecked_by": "", "rechecked_at": None, "finding": ""}
            return term | looked | {"mended_by": fact.by, "mended_at": now, "evidence": fact.evidence}
        case K.PASSED:
            return {"rechecked_by": fact.by, "rechecked_at": now, "finding": fact.finding}
        case K.FAILED:
            return term | {"rechecked_by": fact.by, "rechecked_at": now, "finding": fact.finding}
        case K.MISSED:
            return {"reminders": hazard.reminders + 1, "remind_at": due}
        case _:
            return {}


def _found_again(hazard: Hazard, found: Found, term: dict[str, Any]) -> dict[str, Any]:
    """While it stands it is only counted. What comes back after it was mended has a term of its own, and what
    was written of the mending stays until it is mended again."""
    fresh = hazard.mending is Mending.MENDED or not hazard.open
    seen: dict[str, Any] = {"times": hazard.times + 1, "found_again_at": found.moment}
    seen |= {"source": found.source}
    seen |= {"alert": found.alert} if found.alert else {}
    seen |= {"note": found.note} if found.note else {}
    seen |= {"life_safety": True} if found.life_safety else {}
    reopened = {"reopened": hazard.reopened + 1, **term}
    return seen | (reopened if fresh else {})


def by_nobody(fact: HazardFact) -> bool:
    return getattr(fact, "by", TOCSIN) == TOCSIN
