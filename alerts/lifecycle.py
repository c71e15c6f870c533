"""Thinks. The life of an alert as two tables: what a fact does, and what a joint state at once becomes.

Everything that decides which facts are legal and what they do to the axes lives here. An alert is ten small
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
    Pair,
    Raised,
    Verification,
)
from alerts.check import check
from alerts.factkind import PEOPLES, FactKind, kind_of
from alerts.limits import LIMITS, Limits
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
    "pair": tuple(Pair),
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
        F.PHOTOGRAPHED: (SAME, SAME),
        F.CLOSED: (Life.CLOSED, refusal.CLOSED),
        F.DRILL_OVER: (Life.CLOSED, SAME),
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
        F.JOINED: (refusal.NOTHING_TO_TAKE, refusal.TAKE_IT_YOURSELF, SAME, SAME),
        F.CONFIRMED: (SAME, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
        F.FALSE: (SAME, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
        F.UNDETERMINED: (SAME, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
        F.ACCEPTED: (SAME, Acknowledgement.PROMISED, SAME, SAME),
        F.SHELVED: (SAME, refusal.TAKE_FIRST, SAME, SAME),
        F.PROMISE_LAPSED: (SAME, SAME, Acknowledgement.NO, SAME),
        F.HANDOVER_LAPSED: (SAME, SAME, Acknowledgement.NO, Acknowledgement.NO),
        F.OFFER_GONE: (SAME, SAME, Acknowledgement.NO, Acknowledgement.NO),
        F.OWNER_GONE: (SAME, SAME, Acknowledgement.NO, Acknowledgement.NO),
        F.MADE_REAL: (SAME, SAME, Acknowledgement.NO, Acknowledgement.NO),
        F.DRILL_OVER: (SAME, Acknowledgement.NOT_NEEDED, Acknowledgement.KEPT, SAME),
        F.CLOSED: (SAME, Acknowledgement.KEPT, Acknowledgement.KEPT, SAME),
    },
    "verification": {  # not_needed, pending, confirmed, false, undetermined
        F.ACTIVATED: (SAME, SAME, SAME, AFRESH, AFRESH),
        F.CONFIRMED: (Verification.CONFIRMED, Verification.CONFIRMED, SAME, Verification.CONFIRMED,
                      Verification.CONFIRMED),
        F.FALSE: (Verification.FALSE, Verification.FALSE, Verification.FALSE, SAME, Verification.FALSE),
        F.UNDETERMINED: (refusal.NOT_TO_VERIFY, Verification.UNDETERMINED, refusal.VERIFIED,
                         refusal.VERIFIED, SAME),
        F.SHELVED: (SAME, refusal.VERIFY_THEN_SHELVE, refusal.NO_NUISANCE, SAME, refusal.VERIFY_THEN_SHELVE),
        F.MADE_REAL: (SAME, SAME, AFRESH, AFRESH, AFRESH),
        F.DRILL_OVER: (SAME, Verification.NOT_NEEDED, SAME, SAME, Verification.NOT_NEEDED),
        F.CLOSED: (SAME, refusal.VERIFY_FIRST, SAME, SAME, refusal.VERIFY_FIRST),
    },
    "ownership": {  # nobody, post, owned, offered
        F.ACKNOWLEDGED: (Ownership.OWNED, Ownership.OWNED, SAME, Ownership.OWNED),
        F.ARRIVED: (Ownership.OWNED, Ownership.OWNED, SAME, SAME),
        F.CONFIRMED: (Ownership.OWNED, Ownership.OWNED, SAME, SAME),
        F.FALSE: (Ownership.OWNED, Ownership.OWNED, SAME, SAME),
        F.UNDETERMINED: (Ownership.OWNED, Ownership.OWNED, SAME, SAME),
        F.HANDED_OVER: (refusal.NOT_TAKEN, refusal.NOT_TAKEN, Ownership.OFFERED, refusal.HANDOVER_WAITS),
        F.ACCEPTED: (refusal.NOT_OFFERED, refusal.NOT_OFFERED, refusal.NOT_OFFERED, Ownership.OWNED),
        F.DECLINED: (refusal.NOT_OFFERED, refusal.NOT_OFFERED, refusal.NOT_OFFERED, Ownership.OWNED),
        F.HANDOVER_LAPSED: (SAME, SAME, SAME, Ownership.OWNED),
        F.OFFER_GONE: (SAME, SAME, SAME, Ownership.OWNED),
        F.OWNER_GONE: (SAME, SAME, Ownership.POST, Ownership.POST),
        F.DRILL_OVER: (SAME, SAME, SAME, Ownership.OWNED),
        F.CLOSED: (Ownership.OWNED, Ownership.OWNED, SAME, refusal.HANDOVER_WAITS),
    },
    "pair": {  # not_needed, if_confirmed, wanted, complete
        F.JOINED: (refusal.ONE_IS_ENOUGH, Pair.COMPLETE, Pair.COMPLETE, refusal.JOINED),
        F.SECOND_GONE: (SAME, SAME, SAME, Pair.IF_CONFIRMED),
        F.CLOSED: (SAME, SAME, refusal.SECOND_WAITED_FOR, SAME),
    },
    "inhibition": {  # none, shelved, suppressed, out_of_service
        F.SHELVED: (Inhibition.SHELVED, refusal.INHIBITED, refusal.INHIBITED, refusal.INHIBITED),
        F.UNSHELVED: (refusal.NOT_SHELVED, Inhibition.NONE, refusal.NOT_SHELVED, refusal.NOT_SHELVED),
        F.SHELF_LAPSED: (SAME, Inhibition.NONE, SAME, Inhibition.NONE),
        F.MADE_REAL: (SAME, Inhibition.NONE, SAME, SAME),
        F.SUPPRESSED: (Inhibition.SUPPRESSED, refusal.INHIBITED, refusal.INHIBITED, refusal.INHIBITED),
        F.OUT_OF_SERVICE: (Inhibition.OUT_OF_SERVICE, Inhibition.OUT_OF_SERVICE, Inhibition.OUT_OF_SERVICE,
                           SAME),
        F.RELEASED: (refusal.NOT_OUT, refusal.NOT_OUT, Inhibition.NONE, Inhibition.NONE),
    },
    "mode": {F.MADE_REAL: (refusal.IS_REAL, Mode.REAL, Mode.REAL)},  # real, drill, test
    "latch": {  # free, held, ready
        F.ACTIVATED: (AFRESH, SAME, Latch.HELD),
        F.RESET: (refusal.NOT_LATCHED, refusal.CAUSE_STANDS, Latch.FREE),
        F.DRILL_OVER: (SAME, Latch.FREE, Latch.FREE),
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
    ({"acknowledgement": (Acknowledgement.NO,), "pair": (Pair.COMPLETE,)}, {"pair": Pair.IF_CONFIRMED}),
    ({"verification": (Verification.CONFIRMED,), "pair": (Pair.IF_CONFIRMED,)}, {"pair": Pair.WANTED}),
    (
        {
            "verification": tuple(word for word in Verification if word is not Verification.CONFIRMED),
            "pair": (Pair.WANTED,),
        },
        {"pair": Pair.IF_CONFIRMED},
    ),
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
            "ownership": (Ownership.NOBODY, Ownership.POST, Ownership.OWNED),
            "pair": (Pair.NOT_NEEDED, Pair.IF_CONFIRMED, Pair.COMPLETE),
            "inhibition": (Inhibition.NONE, Inhibition.SUPPRESSED, Inhibition.OUT_OF_SERVICE),
        },  # on the shelf it stays one alert: else the next activation would be a new one, and sound
        {"life": Life.CLOSED},
    ),
    (  # what logic hid is over without anybody: nobody was to come
        {
            "life": (Life.OPEN,),
            "origin": (Origin.RULE,),
            "inhibition": (Inhibition.SUPPRESSED,),
            "activity": (Activity.NORMAL,),
            "latch": (Latch.FREE,),
            "acknowledgement": (Acknowledgement.NO,),
            "pair": (Pair.NOT_NEEDED, Pair.IF_CONFIRMED, Pair.COMPLETE),
            "verification": (Verification.NOT_NEEDED, Verification.CONFIRMED, Verification.FALSE),
            "ownership": (Ownership.NOBODY, Ownership.POST, Ownership.OWNED),
        },
        {"life": Life.CLOSED, "acknowledgement": Acknowledgement.NOT_NEEDED},
    ),
)

MOVED_BY = {kind: tuple(axis for axis in MOVES if kind in MOVES[axis]) for kind in FactKind}


def step(
    alert: Alert | None,
    fact: Fact,
    now: int,
    promise: Mapping[Class, int] = PROMISE,
    limits: Limits = LIMITS,
) -> tuple[Alert | None, list[Effect]]:
    """What `alert` becomes when `fact` befalls it at `now`, and what that means for others.

    None stands for "nothing is open": a verdict that holds and a Raised make a new alert, other verdicts
    leave it None. Raises Refused for an act that is illegal or incomplete; a verdict, a deadline, a removal
    or somebody leaving is never refused.
    """
    if alert is None:
        return _born(fact, now)
    kind = kind_of(alert, fact)
    axes = move(alert, kind)
    check(alert, fact, now, limits)
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
    if before.acknowledge_needed and after.acknowledged:
        found.append(Effect.HUSHED)
    if before.verification is not after.verification:
        found += _verified(after)
    if kind in _TOLD:
        found.append(_TOLD[kind])
    if before.inhibited and not after.inhibited:
        found.append(Effect.BACK if after.acknowledged else Effect.RELEASED)
    if before.open and not after.open:
        found.append(Effect.CLOSED)
    return found


def _verified(after: Alert) -> list[Effect]:
    if after.verification is Verification.FALSE:
        return [Effect.FOUND]
    confirmed = after.verification is Verification.CONFIRMED and after.alert_class is Class.ALARM
    return [Effect.CONFIRMED] if confirmed else []


_TOLD = {
    F.OWNER_GONE: Effect.GONE,
    F.OFFER_GONE: Effect.BOUNCED,
    F.PROMISE_LAPSED: Effect.LAPSED,
    F.HANDOVER_LAPSED: Effect.BOUNCED,
    F.HANDED_OVER: Effect.OFFERED,
    F.DECLINED: Effect.DECLINED,
    F.MADE_REAL: Effect.REAL,
}
