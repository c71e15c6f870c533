"""Thinks. The life of an alert as two tables: what a fact does, and what a joint state at once becomes.

Everything that decides which facts are legal and what they do to the axes lives here. An alert is nine small
machines side by side. A row of MOVES is one fact seen by one axis, with a cell for every word of that axis,
so no pair can be missing; an axis that has no row for a fact is not moved by it. An illegal fact raises
Refused and changes nothing. Who did it and when is written by alerts/record.py; the drawing in
docs/lifecycle.md is made from these tables by alerts/drawing.py.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any

import msgspec

from alerts import record, refusal
from alerts.alert import (
    Acknowledgement,
    Activity,
    Alert,
    Effect,
    Fact,
    Inhibition,
    Latch,
    Life,
    Mode,
    Origin,
    Ownership,
    Raised,
    Verification,
)
from alerts.check import check
from alerts.factkind import PEOPLES, FactKind, kind_of
from alerts.reasons import PROMISE
from alerts.refusal import Refused as Refused
from rules.verdict import Class, Holds, Text, Verdict


class Cell(Enum):
    SAME = "same"
    AFRESH = "afresh"  # the word this axis had when the alert was raised


SAME, AFRESH = Cell.SAME, Cell.AFRESH
Row = tuple[StrEnum | Cell | Text, ...]
F = FactKind

WORDS: dict[str, tuple[StrEnum, ...]] = {
    "life": tuple(Life),
    "activity": tuple(Activity),
    "acknowledgement": tuple(Acknowledgement),
    "verification": tuple(Verification),
    "ownership": tuple(Ownership),
    "inhibition": tuple(Inhibition),
    "mode": tuple(Mode),
    "latch": tuple(Latch),
    "origin": tuple(Origin),
}

# Table 1: axis → fact → the new word, one cell for each word of the axis in the order of WORDS.
MOVES: dict[str, dict[FactKind, Row]] = {
    "life": {  # open, closed
        **dict.fromkeys(PEOPLES, (SAME, refusal.CLOSED)),
        F.COMMENTED: (SAME, SAME),
        F.CLOSED: (Life.CLOSED, refusal.CLOSED),
    },
    "activity": {  # normal, active, unknown
        F.ACTIVATED: (Activity.ACTIVE, SAME, Activity.ACTIVE),
        F.HELD: (Activity.ACTIVE, SAME, Activity.ACTIVE),
        F.CLEARED: (SAME, Activity.NORMAL, Activity.NORMAL),
        F.LOST: (Activity.UNKNOWN, Activity.UNKNOWN, SAME),
        F.CLOSED: (SAME, Activity.NORMAL, SAME),
        F.REMOVED: (Activity.UNKNOWN, Activity.UNKNOWN, SAME),
    },
    "acknowledgement": {  # not_needed, no, promised, kept
        F.ACTIVATED: (SAME, SAME, Acknowledgement.NO, Acknowledgement.NO),
        F.ACKNOWLEDGED: (
            refusal.NOTHING_TO_TAKE,
            Acknowledgement.PROMISED,
            refusal.TAKEN,
            refusal.TAKEN,
        ),
        F.ARRIVED: (refusal.NOTHING_TO_TAKE, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
        F.CONFIRMED: (SAME, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
        F.FALSE: (SAME, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
        F.UNDETERMINED: (SAME, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
        F.ACCEPTED: (SAME, Acknowledgement.PROMISED, SAME, SAME),
        F.SHELVED: (SAME, refusal.TAKE_FIRST, SAME, SAME),
        F.PROMISE_LAPSED: (SAME, SAME, Acknowledgement.NO, SAME),
        F.HANDOVER_LAPSED: (SAME, SAME, Acknowledgement.NO, Acknowledgement.NO),
        F.CLOSED: (SAME, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
    },
    "verification": {  # not_needed, pending, confirmed, false, undetermined
        F.ACTIVATED: (SAME, SAME, SAME, AFRESH, AFRESH),
        F.CONFIRMED: (Verification.CONFIRMED, Verification.CONFIRMED, SAME, Verification.CONFIRMED,
                      Verification.CONFIRMED),
        F.FALSE: (Verification.FALSE, Verification.FALSE, Verification.FALSE, SAME, Verification.FALSE),
        F.UNDETERMINED: (refusal.NOT_TO_VERIFY, Verification.UNDETERMINED, refusal.VERIFIED,
                         refusal.VERIFIED, SAME),
        F.CLOSED: (SAME, refusal.VERIFY_FIRST, SAME, SAME, refusal.VERIFY_FIRST),
    },
    "ownership": {  # nobody, owned, offered
        F.ACKNOWLEDGED: (Ownership.OWNED, SAME, Ownership.OWNED),
        F.ARRIVED: (Ownership.OWNED, SAME, SAME),
        F.CONFIRMED: (Ownership.OWNED, SAME, SAME),
        F.FALSE: (Ownership.OWNED, SAME, SAME),
        F.UNDETERMINED: (Ownership.OWNED, SAME, SAME),
        F.HANDED_OVER: (refusal.NOT_TAKEN, Ownership.OFFERED, refusal.HANDOVER_WAITS),
        F.ACCEPTED: (refusal.NOT_OFFERED, refusal.NOT_OFFERED, Ownership.OWNED),
        F.DECLINED: (refusal.NOT_OFFERED, refusal.NOT_OFFERED, Ownership.OWNED),
        F.HANDOVER_LAPSED: (SAME, SAME, Ownership.OWNED),
        F.CLOSED: (Ownership.OWNED, SAME, refusal.HANDOVER_WAITS),
    },
    "inhibition": {  # none, shelved, suppressed, out_of_service
        F.SHELVED: (Inhibition.SHELVED, refusal.INHIBITED, refusal.INHIBITED, refusal.INHIBITED),
        F.UNSHELVED: (refusal.NOT_SHELVED, Inhibition.NONE, refusal.NOT_SHELVED, refusal.NOT_SHELVED),
        F.SHELF_LAPSED: (SAME, Inhibition.NONE, SAME, Inhibition.NONE),
        F.SUPPRESSED: (Inhibition.SUPPRESSED, refusal.INHIBITED, refusal.INHIBITED, refusal.INHIBITED),
        F.OUT_OF_SERVICE: (Inhibition.OUT_OF_SERVICE, Inhibition.OUT_OF_SERVICE, Inhibition.OUT_OF_SERVICE,
                           refusal.INHIBITED),
        F.RELEASED: (refusal.NOT_OUT, refusal.NOT_OUT, Inhibition.NONE, Inhibition.NONE),
    },
    "mode": {F.MADE_REAL: (refusal.IS_REAL, Mode.REAL, Mode.REAL)},  # real, drill, test
    "latch": {  # free, held, ready
        F.ACTIVATED: (AFRESH, SAME, Latch.HELD),
        F.RESET: (refusal.NOT_LATCHED, refusal.CAUSE_STANDS, Latch.FREE),
        F.CLOSED: (SAME, Latch.FREE, Latch.FREE),
    },
    "origin": {  # rule, person, orphan
        F.REMOVED: (Origin.ORPHAN, SAME, SAME),
        F.CLOSED: (refusal.CLOSES_ITSELF, SAME, SAME),
    },
}  # fmt: skip

# Table 2: a joint state, and what it at once becomes; applied until nothing changes.
BECOMES: tuple[tuple[dict[str, tuple[StrEnum, ...]], dict[str, StrEnum]], ...] = (
    ({"latch": (Latch.HELD,), "activity": (Activity.NORMAL,)}, {"latch": Latch.READY}),
    ({"latch": (Latch.READY,), "activity": (Activity.ACTIVE, Activity.UNKNOWN)}, {"latch": Latch.HELD}),
    (
        {
            "life": (Life.OPEN,),
            "origin": (Origin.RULE,),
            "activity": (Activity.NORMAL,),
            "latch": (Latch.FREE,),
            "acknowledgement": (
                Acknowledgement.NOT_NEEDED,
                Acknowledgement.PROMISED,
                Acknowledgement.KEPT,
            ),
            "verification": (Verification.NOT_NEEDED, Verification.CONFIRMED, Verification.FALSE),
            "ownership": (Ownership.NOBODY, Ownership.OWNED),
        },
        {"life": Life.CLOSED},
    ),
)

MOVED_BY = {kind: tuple(axis for axis in MOVES if kind in MOVES[axis]) for kind in FactKind}


def step(
    alert: Alert | None, fact: Fact, now: int, promise: Mapping[Class, int] = PROMISE
) -> tuple[Alert | None, list[Effect]]:
    """What `alert` becomes when `fact` befalls it at `now`, and what that means for others.

    None stands for "nothing is open": a verdict that holds and a Raised make a new alert, other verdicts
    leave it None. Raises Refused for an act that is illegal or incomplete; a verdict, a deadline or a
    removal is never refused.
    """
    if alert is None:
        return _born(fact, now)
    kind = kind_of(alert, fact)
    axes = move(alert, kind)
    check(alert, fact, now)
    changes = axes | record.written(alert, kind, fact, now)
    if not changes:
        return alert, effects(alert, alert, kind)
    after = settled(msgspec.structs.replace(alert, **changes))
    moment = fact.moment if isinstance(fact, Verdict) else now
    after = record.tidied(after, kind, moment, promise)
    return after, effects(alert, after, kind)


def _born(fact: Fact, now: int) -> tuple[Alert | None, list[Effect]]:
    if isinstance(fact, Verdict):
        return (record.of_verdict(fact), [Effect.RAISED]) if fact.holds is Holds.YES else (None, [])
    if isinstance(fact, Raised):
        return record.of_person(fact, now), [Effect.RAISED]
    raise Refused(refusal.NO_SUCH_ALERT)


def move(alert: Alert, kind: FactKind) -> dict[str, Any]:
    """The axes that the fact changes, and to which words. Raises Refused."""
    changed: dict[str, Any] = {}
    for axis in MOVED_BY[kind]:
        word: StrEnum = getattr(alert, axis)
        cell = MOVES[axis][kind][WORDS[axis].index(word)]
        if isinstance(cell, Text):
            raise Refused(cell, record.person_of(cell, alert))
        if cell is AFRESH:
            cell = getattr(alert, "initial_" + axis)
        if cell is not SAME and cell is not word:
            changed[axis] = cell
    return changed


def settled(alert: Alert) -> Alert:
    """The joint state after table 2 has nothing more to say."""
    for pattern, words in BECOMES:
        if all(getattr(alert, axis) in allowed for axis, allowed in pattern.items()):
            return settled(msgspec.structs.replace(alert, **words))
    return alert


def effects(before: Alert, after: Alert, kind: FactKind) -> list[Effect]:
    found: list[Effect] = []
    if after.occurrence > before.occurrence:
        found.append(Effect.AGAIN)
    if before.acknowledge_needed and not after.acknowledge_needed:
        found.append(Effect.HUSHED)
    if kind in _TOLD:
        found.append(_TOLD[kind])
    if before.inhibited and not after.inhibited and not after.acknowledged:
        found.append(Effect.RELEASED)
    if before.open and not after.open:
        found.append(Effect.CLOSED)
    return found


_TOLD = {
    F.PROMISE_LAPSED: Effect.LAPSED,
    F.HANDOVER_LAPSED: Effect.BOUNCED,
    F.HANDED_OVER: Effect.OFFERED,
    F.DECLINED: Effect.DECLINED,
    F.MADE_REAL: Effect.REAL,
}
