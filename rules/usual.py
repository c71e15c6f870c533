"""Touches. The baselines in the state database: a restart knows what `past` compares with."""

import msgspec
from sqlalchemy import Connection, delete, insert, select

from rules.baseline import Baselines, Slot, Week
from rules.tables import rule_baseline


def load(tx: Connection) -> dict[Slot, tuple[Week, ...]]:
    c = rule_baseline.c
    return {
        Slot(device, metric, hour): msgspec.json.decode(weeks, type=tuple[Week, ...])
        for device, metric, hour, weeks in tx.execute(select(c.device, c.metric, c.hour, c.weeks))
    }


def save(tx: Connection, found: Baselines) -> None:
    """These are all that are kept."""
    tx.execute(delete(rule_baseline))
    rows = [{**slot._asdict(), "weeks": msgspec.json.encode(weeks).decode()} for slot, weeks in found.items()]
    if rows:
        tx.execute(insert(rule_baseline), rows)
