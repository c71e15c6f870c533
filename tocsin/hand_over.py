"""Touches. How facts reach the desk: all at once, or one by one when one of them fails."""

from collections.abc import Sequence
from functools import partial

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from alerts import desk
from alerts.delivery import pressing
from alerts.delivery.presses import Press
from alerts.delivery.pressing import Hands
from alerts.desk import AnyFact, Outcome
from alerts.duty import offshift
from rules import shadowstore
from rules.verdict import Verdict
from tocsin.house import House

log = structlog.get_logger("tocsin.hand_over")

POISON = 2_000  # ms until what the desk failed on is tried again


def apply_all(
    house: House, tx: Connection, verdicts: Sequence[Verdict], now: int
) -> tuple[Outcome, list[Verdict]]:
    elapsed = _elapsed(house, tx, now)
    return apply_facts(house, tx, [*verdicts, *elapsed], now), []


def _elapsed(house: House, tx: Connection, now: int) -> list[AnyFact]:
    due = house.desk_due is not None and house.desk_due <= now
    return [*desk.elapsed(tx, now), *offshift.leavers(tx, now, house.directory)] if due else []


def _next_due(tx: Connection) -> int | None:
    known = (desk.next_due(tx), offshift.next_due(tx))
    return min((moment for moment in known if moment is not None), default=None)


def apply_each(
    house: House, tx: Connection, verdicts: Sequence[Verdict], now: int
) -> tuple[Outcome, list[Verdict]]:
    """One fact that fails must not take the others with it; a verdict sounds unrecorded instead."""
    outcome, unheard, failed = Outcome(), [], 0
    for fact in (*verdicts, *desk.elapsed(tx, now), *offshift.leavers(tx, now, house.directory)):
        try:
            with tx.begin_nested():
                one = desk.apply(tx, [fact], now, house.directory, house.registry, house.limits)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("the desk failed on a fact", fact=repr(fact)[:300])
            failed += 1
            if isinstance(fact, Verdict):
                unheard.append(fact)
        else:
            outcome = outcome.joined(one)
    next_due = _next_due(tx)
    house.desk_due = None if next_due is None else max(next_due, now + POISON)
    if failed:  # the batch may have failed elsewhere
        outcome.troubles.append(("escalation", "fault", f"the desk failed on {failed} facts: see the log"))
    return outcome, unheard


def apply_presses(house: House, tx: Connection, presses: Sequence[Press], now: int) -> Outcome:
    """Whatever goes wrong with them must not cost the alarms of the same batch."""
    try:
        with tx.begin_nested():
            desk = partial(apply_facts, house, tx, now=now)
            return pressing.hear(tx, presses, Hands(house.directory, house.registry, desk, now))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a press of a take button was not heard", buttons=[one.device for one in presses])
        house.desk_due = 0  # it may have been moved before the act was undone: look again
        return Outcome()


def apply_facts(house: House, tx: Connection, facts: Sequence[AnyFact], now: int) -> Outcome:
    """The one way to the desk, for verdicts, for people's acts and for what is due by itself. What rules in
    shadow say goes on the record, and no further."""
    verdicts = [fact for fact in facts if isinstance(fact, Verdict) and fact.shadow]
    if verdicts:
        shadowstore.keep(tx, verdicts)
        facts = [fact for fact in facts if fact not in verdicts]
    if not facts and (house.desk_due is None or house.desk_due > now):
        return Outcome()
    outcome = desk.apply(tx, facts, now, house.directory, house.registry, house.limits)
    planned = house.desk_due
    if planned is not None and planned <= now:
        house.desk_due = _next_due(tx)
    elif outcome.due_at is not None:  # one that has been moved further is only looked at too early
        house.desk_due = outcome.due_at if planned is None else min(planned, outcome.due_at)
    return outcome
