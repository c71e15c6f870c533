"""Touches. The running service: puts the house together, starts its threads and stops them in order.

Threads: broker-life, broker-all, writer, delivery, senders (a pool a channel), history, feed, web, watch,
watch-disk, watch-rules, errands, heartbeat, control, states, outward-… (interfaces); broker-ear while commits
fail; broker-acks where sirens acknowledge.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from alerts import store
from alerts.delivery import channels
from alerts.delivery.channels.channel import Notice
from alerts.delivery.channels.email import Email
from alerts.delivery.channels.null import NullSettings
from alerts.delivery.deliver import Delivery
from alerts.delivery.emergency import Emergency
from alerts.delivery.notification import Lost, Notification
from alerts.delivery.rewording import Rewording, reworded
from alerts.delivery.subscriptions import Subscribed
from alerts.desk import AnyFact, Outcome
from alerts.duty.people import Contact
from alerts.hazards.found import of_failures
from dashboard.health.weekly import Weekly
from dashboard.live import Live
from dashboard.service import Within
from ingest import listeners, spool
from ingest.broker import Session
from ingest.history.feed import Feed
from ingest.history.history import History
from ingest.reading import Reason
from rules.record import kept_files, promoted
from tocsin import acks, answers, clock, house, schema
from tocsin.backtest import Source, source
from tocsin.backtests import Backtests
from tocsin.ballast import Ballast, opening
from tocsin.campus import fetched_calendars
from tocsin.config import Settings
from tocsin.control import Control
from tocsin.database import open_or_move_aside
from tocsin.duties import Duties
from tocsin.ear import Ear
from tocsin.heartbeat import Heartbeat
from tocsin.house import Prepared
from tocsin.links import links
from tocsin.lock import FolderLock
from tocsin.outward import Outward
from tocsin.own import Own
from tocsin.pasts import Pasts
from tocsin.requests import handlers
from tocsin.rulebook import Rulebook
from tocsin.selfcheck import SelfCheck
from tocsin.waking import wake_up
from tocsin.watch import watch_disk, watch_errands, watch_rules
from tocsin.web import Web
from tocsin.writer import Writer

log = structlog.get_logger("tocsin.run")

TOLD = (Reason.IDENTITY, Reason.FAILED)  # somebody pretends, or we are broken: not only something to look up
WOKEN = 1.0  # seconds that the first message waits for a start to be recorded; the writer has begun by then


@dataclass(frozen=True)
class Demo:
    """What the demo adds to the dashboard: scenarios as (name, zh, en), and how to play one."""

    scenarios: Sequence[tuple[str, str, str]] = ()
    play: Callable[["Tocsin", str], None] | None = None


class Tocsin:
    """One running service on one data folder. `start()` returns when it receives and judges messages."""

    def __init__(self, settings: Settings, demo: Demo = Demo(), now: Callable[[], int] = clock.now) -> None:
        self.settings = settings
        self.demo = demo
        self.now = now
        self._stopping = False
        self.rulebook = Rulebook(settings.rules, settings.standard_rules, now)
        self.ballast = Ballast(settings.folder)
        with opening(settings.folder):
            self.lock = FolderLock(settings.folder)
            self.ballast.make_room()
            self.database = open_or_move_aside(settings.database_url, now())
            schema.upgrade(self.database)
        with opening(settings.folder), self.database.transaction() as tx:
            self.spool_epoch = spool.epoch(tx)
            rules = self.rulebook.open(kept_files(tx), promoted(tx))
            self.house = house.load(tx, settings.broker, rules, now(), settings.kinds, *settings.where)
            standing = store.all_open(tx)
        self._open_house()
        self.own = Own(lambda reading: self.writer.report(reading), now)
        self.checks = SelfCheck(self.house, self.own)
        self.channels = channels.build(
            {**settings.channels, "null": NullSettings(kind="null")}, self._publish, self.own.returned, now,
            settings.folder, Subscribed(self.database.read, self._transact_soon),
        )  # fmt: skip
        self.emergency = Emergency(
            lambda rows: self.delivery.send(rows),
            lambda clears: self.delivery.written_again(clears),
            self._directory,
            self._registry,
            self._sounded,
        )
        self.emergency.follow(standing)
        self.links = links(settings)
        self.writer = Writer(self.house, self.database, self.emergency, now, self._committed)
        self.delivery = self._delivery()
        self.answers = answers.listeners(self)
        self.live = Live(self.database.read, now)
        self.life = self._session("life", self.writer.deliver_life)
        self.all = self._session("all", self.writer.deliver_all)
        self.acks = acks.session(self.channels, settings.broker, now)
        self.history = self._history()
        self.feed = self._feed()
        self.backtests = Backtests(self._backtest, now)
        self.web = Web(self)
        self.heartbeat = Heartbeat(self)
        self.outward = Outward(self)
        self.outward.follow(standing)
        self.errands = watch_errands(self._weekly().look, fetched_calendars(self).look)
        self.doors = listeners.opened(settings.listeners, self.writer.deliver_life, self.own.report_part, now)
        self.ear = Ear(lambda: self._session("ear", self.writer.overhear))
        self.watch = Duties(self).watch()
        self.disk_watch = watch_disk(settings.folder, self.ballast.take_back, self.own.report)
        self.rulebook.watch(self.house, self.writer, self._rules_say)
        self.rules_watch = watch_rules(self.rulebook.look, self._pasts().look, self._undecided)
        self.control = Control(settings.folder / "control.sock", handlers(self))

    def _open_house(self) -> None:
        house = self.house
        house.quarantine_rows = self.settings.quarantine.max_rows
        house.limits = self.settings.alerts.limits()
        house.life_epoch = lambda: self.life.epoch if self.life.connected else 0
        house.all_since = lambda: self.all.opened_at
        house.life_grant, house.renamed = self.life_grant, self._renamed

    # ---- starting and stopping -------------------------------------------------------------------------

    def start(self) -> None:
        self._speak_for_the_quiet()
        woken = self._keep_trying(lambda tx: wake_up(self.house, tx, self.now()))
        self.writer.start()
        wait([woken], WOKEN)
        self.life.start()
        for door in self.doors:
            door.start()
        self.watch.start()
        self.outward.start()
        self.delivery.start()  # it waits for the database; nothing that it is handed before is lost
        self.answers.start()
        self.web.start()
        self.life.ever_granted.wait(5)  # so that `all` can leave to `life` what is its own
        self.all.start()
        if self.acks:
            self.acks.start()
        self.ballast.take_back()  # what this start owed is written; before the history takes the room
        self.history.start()
        if self.feed:
            self.feed.start()
        self.disk_watch.start()
        self.rules_watch.start()
        self.errands.start()
        self.heartbeat.start()
        self.control.start()
        log.info("running", threads=sorted(t.name for t in threading.enumerate()))

    def stop(self) -> None:
        self._stopping = True
        self.control.stop()
        self.watch.stop()
        self.disk_watch.stop()
        self.rules_watch.stop()
        self.errands.stop()
        self.heartbeat.stop()
        self.ear.listen(False)
        for door in self.doors:
            door.stop()
        self.life.stop()
        self.all.stop()
        if self.acks:
            self.acks.stop()
        self.web.stop()
        self.backtests.stop()
        self.outward.stop()
        self.answers.stop()
        self.delivery.stop()
        self.writer.stop()
        if self.feed:
            self.feed.stop()
        self.history.stop()
        self.database.close()
        self.lock.release()

    def _keep_trying(self, act: Callable[[Connection], Outcome]) -> Future[Outcome]:
        """What a start owes is done when it is committed, and not before."""

        def again(future: Future[Outcome]) -> None:
            if future.exception() is not None and not self._stopping:
                self._keep_trying(act)

        future = self.writer.act(act)
        future.add_done_callback(again)
        return future

    def check_campus(self) -> None:
        """After a change of devices, people or calendar."""
        self.checks.campus(self.now())

    def _speak_for_the_quiet(self) -> None:
        self.checks.speak_for_the_quiet()
        self.check_campus()
        if self.ballast.released:
            self.own.report("disk", "fault", f"the disk of {self.settings.folder} was full at the start")
        if self.database.moved_aside:
            self.own.report("database", "fault", f"moved aside to {self.database.moved_aside}")
        if self.rulebook.refused:
            self._rules_say(self.rulebook.refused)
        if self.settings.refused:
            self.own.report("config", "fault", "\n".join(self.settings.refused))

    def _session(self, name: str, deliver: Callable[[list[Any]], None]) -> Session:
        def filters() -> Sequence[str]:
            decoder = self.house.decoder
            return decoder.all_filters() if name == "all" else decoder.life_filters()

        def report(metric: str, word: str, note: str) -> None:
            if lasting:
                self.own.report_part(name, metric, word, note)
            else:  # nothing can be written while it listens
                log.info("the ear", metric=metric, word=word, note=note)

        lasting = name != "ear"
        return Session(name, self.settings.broker, filters, deliver, report, self.now, lasting)

    def life_grant(self) -> int:
        return self.life.grants if self.life.granted else 0

    def _delivery(self) -> Delivery:
        def lost(found: Sequence[Lost]) -> Future[Any]:
            return self.apply(of_failures(found, self._directory(), self.now()))

        write, say = self.writer.transact_soon, self._channels_say
        rest = self._contacts, self._used, *self._words(), self.settings.alerts.messages.limits()
        return Delivery(self.channels, write, say, self.now, self._settled, lost, *rest)

    def _history(self) -> History:
        return History(
            self.settings.folder / "history",
            self.database.read,
            self.spool_epoch,
            self.settings.history,
            self.own.report,
            self.now,
            self.writer.consumed,
            fed=self.settings.feed is not None,
        )

    def _feed(self) -> Feed | None:
        settings, folder = self.settings.feed, self.settings.folder / "history"
        if settings is None:
            return None
        refused = folder / "refused-lines.jsonl"
        return Feed(settings, self.history, self._registry, refused, self.own.report, self.now)

    def _backtest(self, start: int, end: int) -> Source:
        files = self.history.recorded(start, end)
        with self.database.read() as conn:
            return source(conn, files, self.house.registry, self.rulebook.texts)

    def _undecided(self) -> None:
        with self.database.read() as conn:
            found = self.rulebook.undecided(conn, self.settings.zone)
        self.checks.undecided(found)

    def _pasts(self) -> Pasts:
        return Pasts(self.house, self.writer, self.history, self.now)

    def _weekly(self) -> Weekly:
        mail = {name: one for name, one in self.channels.items() if isinstance(one, Email)}

        def report(metric: str, word: str, note: str) -> None:
            self.own.report_part("health", metric, word, note)

        return Weekly(self.web.service(), self.settings.health, mail, report)

    # ---- what the parts ask of one another ----------------------------------------------------------------

    def _registry(self) -> Any:
        return self.house.registry

    def _directory(self) -> Any:
        return self.house.directory

    def _contacts(self, person: str) -> Sequence[Contact]:
        people = self.house.directory
        return people.contacts(people.persons[person], self.now()) if person in people.persons else ()

    def _transact_soon(self, act: Callable[[Connection], Any]) -> Future[Any]:
        return self.writer.transact_soon(act)

    def _used(self) -> set[str]:
        """The channels on which people can be told now."""
        people, now = self.house.directory, self.now()
        return {one.channel for person in people.persons.values() for one in people.contacts(person, now)}

    def _words(self) -> tuple[Callable[[Sequence[Notification]], Notice], Rewording]:
        """What a message says at the moment of sending."""

        def anew(tx: Connection, rows: list[Notification]) -> list[Notification]:
            return reworded(tx, rows, self.house.directory, self.house.registry, self.now())

        return lambda rows: self.links.noticed(rows, self.now()), anew

    def _publish(self, topic: str, payload: bytes, retain: bool) -> Future[None]:
        return self.all.publish(topic, payload, retain)

    def _renamed(self) -> None:
        self.life.granted = False  # until it has subscribed to the new topics, `all` judges them as well
        self.life.resubscribe()

    def _committed(self, prepared: Prepared, outcome: Outcome) -> None:
        """After the commit, on the writer's thread: who is owed something hears it first."""
        self.delivery.send(outcome.owed)
        self.emergency.follow(outcome.alerts)
        self.outward.follow(outcome.alerts)
        for metric, word, note in outcome.troubles:
            self.own.report(metric, word, note)
        self.checks.committed(bool(outcome.troubles), bool(outcome.owed), self.now())
        for failure in prepared.failed:
            self.own.happened("rules", failure)
        for one in prepared.rejected:
            if one.reason in TOLD:
                self.own.happened("quarantine", f"{one.reason}: {one.detail} ({one.topic})"[:500])
                break
        self.live.publish(outcome.changed, prepared.devices)
        self.history.wake()
        for topic, payload in prepared.replies:
            self._publish(topic, payload, False)

    def _channels_say(self, metric: str, word: str, note: str) -> None:
        self.own.report_part("channels", metric, word, note)

    def _rules_say(self, mistakes: Sequence[str]) -> None:
        self.checks.refused(mistakes)
        self.checks.calendar(self.now())
        self.live.publish((), ())

    def _settled(self, alerts: Iterable[int]) -> None:
        self.live.publish(alerts, ())

    def _sounded(self) -> None:
        self.live.publish((), ())

    def apply(self, facts: Sequence[AnyFact], within: Within | None = None) -> Future[Outcome]:
        """People's acts, from wherever they come. `within` is run around the desk, in its transaction."""
        return self.writer.apply(list(facts), within)

    def status(self) -> dict[str, Any]:
        """The health of the service, for the status page and `tocsin status`."""
        return {
            "ready": self.life.granted and self.all.granted and not self.writer.failing,
            "faults": self.own.faults(),
            "failing": self.writer.failing,
            "unrecorded": len(self.emergency.open()),
            "waiting": self.writer.waiting(),
            "position": self.house.position,
            "messages": self.writer.messages,
            "history": self.history.cursor,
            "duty": {
                post: list(self.house.directory.duty(post, self.now()).who)
                for post in self.house.directory.posts
            },
            "rules": self.house.rules.version,
            "settings": self.settings.version,
            "devices": len(self.house.registry.devices),
            "memories": len(self.house.memories),
            "listeners": {door.name: door.status() for door in self.doors},
            "broker": {
                one.name: {"connected": one.connected, "granted": one.granted}
                for one in (self.life, self.all, self.ear.session)
                if one is not None
            },
        }
