"""Touches. `tocsin check` beyond the file: whether what is stored fits the settings and rules of the file.

Reads only: a service may be running on the same database, with other settings.
"""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from alerts.duty import roster
from alerts.duty.people import Directory
from alerts.duty.policy import CANARY, LOOP
from alerts.duty.routing import problems
from ingest.campus import store
from rules.ruleset import RuleSet
from tocsin import schema
from tocsin.config import Settings
from tocsin.database import Database

_OURS = {"loop": (LOOP,), "canary": (CANARY,)}  # the only rules that our own policies are for


def amiss(settings: Settings, rules: RuleSet, now: int) -> list[str]:
    """A sentence for each thing that keeps an alert from its people. Nothing while nothing is stored."""
    if settings.database is None and not Path(settings.folder, "state.db").exists():
        return []
    database = Database.open(settings.database_url)
    try:
        with database.read() as conn:
            if schema.stored(conn) != schema.newest():
                return ["the database is of another version: people and posts were not looked at"]
            registry = store.load(conn, *settings.where)
            directory = roster.load(conn, settings.channels, settings.zone, registry.calendar)
        return [*problems(directory, registry, now), *_unknown(rules, directory)]
    except SQLAlchemyError as error:
        return [f"the database cannot be read: {str(error).splitlines()[0][:200]}"]
    finally:
        database.close()


def _unknown(rules: RuleSet, directory: Directory) -> Iterator[str]:
    known = {policy.id for policy in directory.policies}
    plans = {plan.id for plan in directory.plans}
    for rule in rules.rules:
        if rule.policy not in (None, *_OURS.get(rule.id, ()), *known):
            yield f"rule {rule.id}: there is no policy {rule.policy!r}"
        if rule.plan is not None and rule.plan not in plans:
            yield f"rule {rule.id}: there is no plan {rule.plan!r}"
