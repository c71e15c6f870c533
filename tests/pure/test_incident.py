"""An incident: every fact in every state is defined or refused; the command is never nobody's."""

from collections.abc import Iterator

import msgspec
import pytest

from alerts.alert import Acknowledged, Arrived, Life, Ownership
from alerts.incidents import incident
from alerts.incidents.attached import PutIn, TakenOut
from alerts.incidents.incident import (
    ACCEPT_WITHIN,
    COMMAND,
    UNBIDDEN,
    CommandDeclined,
    CommandLapsed,
    CommandLeft,
    CommandOffered,
    CommandTaken,
    Formed,
    Grown,
    Incident,
    IncidentFact,
    Over,
    Remarked,
    Shrunk,
    Together,
    formed,
    step,
)
from alerts.refusal import Refused
from tests.fakes.campus import LI, NOW, WANG, raised
from tests.pure.test_lifecycle_walk import named, understood

BORN = msgspec.structs.replace(formed(Formed(LI, (1, 2)), NOW), id=7)


def everything(one: Incident) -> Iterator[IncidentFact]:
    yield Grown(7, WANG, (3,))
    yield Shrunk(7, WANG, 1)
    yield Together(7, WANG, "acknowledge")
    for by in (LI, WANG):
        yield CommandOffered(7, by, WANG if by == LI else LI)
        yield CommandTaken(7, by)
        yield CommandDeclined(7, by)
        yield CommandLeft(7, by, "duty", "admin")
    yield CommandLapsed(7, one.offered_until or 0)
    yield CommandLapsed(7, NOW - 1)
    yield Remarked(7, LI, "the brigade is here")
    yield Over(7)


def test_every_word_of_the_command_has_a_cell_for_every_fact() -> None:
    words = {Ownership.OWNED, Ownership.OFFERED, Ownership.POST}
    assert all(set(row) == words for row in COMMAND.values())


def test_in_every_state_every_fact_is_defined_or_refused_and_somebody_commands() -> None:
    known: set[tuple[object, ...]] = set()
    waiting = [BORN]
    while waiting:
        one = waiting.pop()
        state = (one.life, one.command, one.commander, one.offered_to)
        if state in known:
            continue
        known.add(state)
        for fact in everything(one):
            try:
                after = step(one, fact, NOW + 5)
            except Refused as refusal:
                assert not isinstance(fact, UNBIDDEN)
                for language in ("zh", "en"):
                    understood(refusal.sentence(language, named), language)
                continue
            assert after.commander
            assert (after.command is Ownership.OFFERED) == bool(after.offered_to)
            assert (after.offered_until is not None) == bool(after.offered_to)
            assert (after.command is Ownership.POST) == bool(after.left_by)
            assert one.open or after.life is Life.CLOSED
            waiting.append(after)
    assert len(known) == 8


def test_who_puts_alerts_together_commands_until_somebody_accepts() -> None:
    offered = step(BORN, CommandOffered(7, LI, WANG), NOW)
    assert (offered.commander, offered.offered_until) == (LI, NOW + ACCEPT_WITHIN)
    with pytest.raises(Refused) as refused:
        step(offered, CommandTaken(7, LI), NOW)
    assert refused.value.person == WANG
    taken = step(offered, CommandTaken(7, WANG), NOW)
    assert (taken.commander, taken.command) == (WANG, Ownership.OWNED)
    assert step(offered, CommandLapsed(7, NOW + ACCEPT_WITHIN), NOW).commander == LI


def test_a_commander_who_is_gone_leaves_the_command_to_the_post() -> None:
    left = step(BORN, CommandLeft(7, LI, "duty", "admin"), NOW)
    assert (left.commander, left.command, left.left_by) == ("duty", Ownership.POST, LI)
    assert step(left, CommandTaken(7, WANG), NOW).commander == WANG


def test_one_alert_is_no_incident() -> None:
    with pytest.raises(Refused):
        formed(Formed(LI, (1, 1)), NOW)


def test_what_is_done_for_an_incident_is_one_fact_for_each_of_its_alerts() -> None:
    here = [msgspec.structs.replace(raised(), id=1), msgspec.structs.replace(raised(), id=2, arrived_at=NOW)]
    assert incident.acts(BORN, Formed(LI, (1, 2)), []) == [PutIn(1, LI, 7), PutIn(2, LI, 7)]
    assert incident.acts(BORN, Shrunk(7, LI, 2), here) == [TakenOut(2, LI)]
    taken = incident.acts(BORN, Together(7, LI, "acknowledge", "dashboard"), here)
    assert taken == [Acknowledged(1, LI, "dashboard"), Acknowledged(2, LI, "dashboard")]
    assert incident.acts(BORN, Together(7, LI, "arrived"), here) == [Arrived(1, LI)]
