"""Touches. A changed campus in a running service: written, loaded again, and everybody told."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Connection

from alerts import store as alert_store
from alerts.alert import TOCSIN, Fact, Gone
from alerts.desk import Outcome
from alerts.duty import offshift, roster
from alerts.duty.fetching import Calendars, Hands
from alerts.reroute import rerouted
from ingest import pending
from ingest.campus import store
from ingest.decode import Decoder
from rules.evaluate import arm
from rules.present import moved
from rules.vanish import reconcile
from tocsin import apply as applying
from tocsin.hand_over import apply_facts
from tocsin.house import House
from tocsin.inherit import inherited
from tocsin.rulebook import standing

if TYPE_CHECKING:
    from tocsin.run import Tocsin


def reload(
    tocsin: "Tocsin", values: Any, dry: bool = False, agreed: list[str] | None = None, add: bool = False
) -> Any:
    """Apply parts to the running service; the difference, as plain values. Raises Mistakes."""
    parts = applying.decode(values)
    difference = tocsin.writer.transact(
        lambda tx: applying.apply(
            tx, parts, not dry, tocsin.settings.kinds, agreed, add, tocsin.settings.broker
        )
    ).result(120)
    if difference.lines and not dry:
        tocsin.writer.act(lambda tx: _take_over(tocsin, tx)).result(120)
        tocsin.life.resubscribe()
        tocsin.all.resubscribe()
        tocsin.check_campus()
        tocsin.live.publish((), ())
    return msgspec.to_builtins(difference)


def _take_over(tocsin: "Tocsin", tx: Connection) -> Outcome:
    """Loads what is now in the database and fits memory to it. On the writer's thread."""
    house, now, before = tocsin.house, tocsin.now(), tocsin.house.registry
    tocsin.life.granted = False  # until it has subscribed to the new devices, `all` judges them as well
    house.registry = store.load(tx, *tocsin.settings.where)
    registered = house.tray.fit(house.registry)
    house.admit()
    news_of_people = people_again(house, tx, tocsin.settings.kinds, tocsin.settings.zone, now)
    news = house.decoder.news
    learned = {**pending.load_learned(tx), **news}
    house.decoder = Decoder(house.registry, tocsin.settings.broker, learned=learned)
    house.decoder.news = news
    house.supervision = house.supervision.replace(house.registry, now)
    verdicts = reconcile(house.rules, house.rules, house.memories, house.registry, now)
    arm(house.rules, house.memories, house.registry, now)
    verdicts += standing(house, moved(before), now)
    facts = inherited(house, alert_store.all_open(tx), registered, verdicts, now)
    return apply_facts(house, tx, [*facts, *news_of_people], now)


def reload_people(tocsin: "Tocsin", by: str) -> None:
    """Rosters were changed in the database: load them, and let open alerts know. Waits for the commit."""

    def take_over(tx: Connection) -> Outcome:
        zone = tocsin.settings.zone
        facts = people_again(tocsin.house, tx, tocsin.settings.kinds, zone, tocsin.now(), by)
        return apply_facts(tocsin.house, tx, facts, tocsin.now())

    tocsin.writer.act(take_over).result(120)
    tocsin.checks.routing(tocsin.now())
    tocsin.live.publish((), ())


def people_again(
    house: House, tx: Connection, channels: Iterable[str], zone: str, now: int, by: str = TOCSIN
) -> list[Fact]:
    """Load people and policies; what that means for open alerts. The desk then looks for who left."""
    before = house.directory
    house.directory = roster.load(tx, channels, zone, house.registry.calendar)
    offshift.look_again(tx, now)
    house.desk_due = 0
    removed = [Gone(one, by, "removed") for one in before.persons if one not in house.directory.persons]
    others = rerouted(alert_store.all_open(tx), before, house.directory, house.registry, by, now)
    return [*removed, *offshift.sent_home(before, house.directory, now), *others]


def fetched_calendars(tocsin: "Tocsin") -> Calendars:
    def report(post: str, word: str, note: str) -> None:
        tocsin.own.report_part(f"calendar {post}", "routing", word, note)

    hands = Hands(
        tocsin.database.read,
        lambda fn: tocsin.writer.transact(fn).result(30),
        lambda: tocsin.house.directory,
        lambda: reload_people(tocsin, TOCSIN),
        report,
        tocsin.now,
    )
    settings = tocsin.settings.alerts.calendars
    return Calendars(hands, settings.inside, settings.ca)
