"""Touches. What a start must do before the first message: fit memory to the rules, and wait for silence."""

from sqlalchemy import Connection

from alerts import store
from alerts.desk import Outcome
from rules.evaluate import arm
from rules.present import fresh
from rules.record import past, unheard
from rules.ruleset import RuleSet
from rules.vanish import reconcile
from tocsin.hand_over import apply_facts
from tocsin.house import House
from tocsin.inherit import inherited
from tocsin.rulebook import standing


def wake_up(house: House, tx: Connection, now: int) -> Outcome:
    """What time, rules and registry have made of the past while we were away, handed to the desk."""
    verdicts = reconcile(RuleSet(), house.rules, house.memories, house.registry, now, unheard(tx))
    arm(house.rules, house.memories, house.registry, now)
    judged = {name: one.version for name, one in past(tx).items()}
    verdicts += standing(house, fresh(house.rules, judged), now)
    registered = house.tray.fit(house.registry)  # while we were at rest
    house.admit()
    facts = inherited(house, store.all_open(tx), registered, verdicts, now)
    return apply_facts(house, tx, facts, now)
