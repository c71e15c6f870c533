"""Touches. A changed campus in a running service: written, loaded again, and everybody told."""

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection

from alerts import roster
from alerts.desk import Outcome
from ingest import pending
from ingest.campus import store
from ingest.decode import Decoder
from rules.evaluate import arm
from rules.vanish import reconcile
from tocsin import apply as applying
from tocsin.hand_over import apply_facts

if TYPE_CHECKING:
    from tocsin.run import Tocsin


def reload(
    tocsin: "Tocsin", values: Any, dry: bool = False, agreed: list[str] | None = None, add: bool = False
) -> Any:
    """Apply parts to the running service; the difference, as plain values. Raises Mistakes."""
    parts = applying.decode(values)
    difference = tocsin.writer.transact(
        lambda tx: applying.apply(tx, parts, not dry, tocsin.channels, agreed, add)
    ).result(120)
    if difference.lines and not dry:
        tocsin.writer.act(lambda tx: _take_over(tocsin, tx)).result(120)
        tocsin.life.resubscribe()
        tocsin.all.resubscribe()
        tocsin.check_routing()
        tocsin.check_owners()
        tocsin.live.publish((), ())
    return msgspec.to_builtins(difference)


def _take_over(tocsin: "Tocsin", tx: Connection) -> Outcome:
    """Loads what is now in the database and fits memory to it. On the writer's thread."""
    house, now = tocsin.house, tocsin.now()
    tocsin.life.granted = False  # until it has subscribed to the new devices, `all` judges them as well
    house.registry = store.load(tx)
    house.tray.fit(house.registry)
    house.admit()
    house.directory = roster.load(tx, tocsin.channels, tocsin.settings.zone)
    news = house.decoder.news
    learned = {**pending.load_learned(tx), **news}
    house.decoder = Decoder(house.registry, tocsin.settings.broker, learned=learned)
    house.decoder.news = news
    house.supervision = house.supervision.replace(house.registry, now)
    verdicts = reconcile(house.rules, house.rules, house.memories, house.registry, now)
    arm(house.rules, house.memories, house.registry, now)
    return apply_facts(house, tx, verdicts, now)
