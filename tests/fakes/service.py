"""Touches. A whole Service for the dashboard's tests: real SQLite, the real desk, a clock to move."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError

import alerts.delivery.outbox
import alerts.tables
import dashboard.health.tables
import dashboard.tables
import ingest.tables
import rules.tables
from alerts import desk
from alerts.alert import Acknowledged, Arrived
from alerts.delivery import linked
from alerts.delivery.answering import Ear
from alerts.delivery.answers import Meant
from alerts.delivery.emergency import UnrecordedAlert
from alerts.delivery.linked import Pressed
from alerts.delivery.links import KEY, Flaw, Link, Links
from alerts.delivery.rungs import Rung
from alerts.duty import roster
from alerts.duty.people import Contact, Directory, Match, Person, Policy, Post, Step, Target
from alerts.incidents.photos import Photos
from dashboard import accounts
from dashboard.live import Live
from dashboard.service import Push, RulesInfo, Service, Within
from dashboard.settings import DashboardSettings
from ingest import quarantine
from ingest.campus.device import Device, Place, Zone
from ingest.campus.registry import Registry
from ingest.history.figures import Figures
from ingest.latest import Latest
from ingest.reading import Reading, Reason, Rejected
from rules.verdict import Class, Evidence, Holds, Text, Verdict

T = TypeVar("T")
START = 1_795_337_000_000  # 2026-11-22 in the evening, Asia/Shanghai
MINUTE = 60_000
LINKS = Links(bytes(range(KEY)), "http://wall.test", 120 * MINUTE)


class Clock:
    """A clock that goes only when told, or with `real` adds what a real one says."""

    def __init__(self, real: Callable[[], int] | None = None) -> None:
        self.moment = START
        self._real = real

    def __call__(self) -> int:
        return self._real() if self._real else self.moment


class FakeHistory:
    """A wave for a number, a word every hour for a state; `broken`: raises as one being mended does."""

    broken = False
    known: Figures | None = None

    def figures(self, now: int, standing: Sequence[tuple[str, str]]) -> Figures | None:
        if self.broken:
            raise OSError("history moved aside")
        return self.known

    def series(self, device: str, metric: str, start: int, end: int, points: int = 600) -> list[Any]:
        if self.broken:
            raise OSError("history moved aside")
        step = max(1, (end - start) // points)
        wave = ((at, 21 + 3 * math.sin(at / 9e6)) for at in range(start, end, step))
        return [(at, value - 0.6, value, value + 0.7) for at, value in wave]

    def words(self, device: str, metric: str, start: int, end: int) -> list[tuple[int, str]]:
        hours = range(start, end, 60 * MINUTE)
        return [(at, "alarm" if number % 5 == 3 else "normal") for number, at in enumerate(hours)]


class FakeHouse:
    """What the roof is to the dashboard. `service` is what make_app takes; the rest plays the other rooms."""

    def __init__(self, folder: Path, real_clock: Callable[[], int] | None = None, **settings: Any) -> None:
        self.now = Clock(real_clock)
        self._unreadable = False
        self._unwritable = False
        self.photos = Photos(folder)
        self._engine = create_engine(
            f"sqlite:///{folder / 'state.db'}", connect_args={"check_same_thread": False}
        )
        event.listen(self._engine, "connect", _configure)
        event.listen(self._engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
        for metadata in (
            ingest.tables.metadata,
            rules.tables.metadata,
            alerts.tables.metadata,
            dashboard.tables.metadata,
        ):
            metadata.create_all(self._engine)
        self.registry = campus()
        self.directory = people()
        self.latest = Latest()
        self.history = FakeHistory()
        self.rules = RulesInfo("1a2b3c", 42)
        self.unrecorded: list[UnrecordedAlert] = []
        self.rung = Rung.GATEWAYS
        self.push: Push | None = None
        self.callbacks: list[tuple[str, dict[str, str]]] = []
        self.scenarios_started: list[str] = []
        self.live = Live(self.read, self.now)
        with self._engine.begin() as tx:
            everybody = self.directory.persons, self.directory.teams, self.directory.posts
            roster.replace(tx, *(part.values() for part in everybody), self.directory.policies)
        self.service = self._service(DashboardSettings(**settings))

    def _service(self, settings: DashboardSettings) -> Service:
        return Service(
            read=self.read,
            transact=self.transact,
            apply=self.apply,
            change_people=self.change_people,
            now=self.now,
            registry=lambda: self.registry,
            directory=lambda: self.directory,
            latest=self.latest,
            history=self.history,
            rules=lambda: self.rules,
            emergency_open=lambda: self.unrecorded,
            rung=lambda: self.rung,
            push=lambda: self.push,
            called_back=self._called_back,
            live=self.live,
            settings=settings,
            status=lambda: {"messages": 12345, "queue": 0, "threads": ["writer", "web"]},
            photos=self.photos,
            links=LINKS,
            press=self.press,
            version="0.1.0",
            demo=self.scenarios_started.append,
            scenarios=(
                ("night-fire", "宿舍夜间火灾", "Night dormitory fire"),
                ("gas", "实验室燃气泄漏", "Gas leak"),
            ),
        )

    # ---- what the roof gives

    def _called_back(self, channel: str, form: Mapping[str, str], signature: str) -> bool:
        self.callbacks.append((channel, dict(form)))
        return self.push is not None and channel == self.push.channel

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        if self._unreadable:
            raise OperationalError("select", {}, OSError("disk I/O error"))
        with self._engine.connect() as conn:
            yield conn

    def transact(self, act: Callable[[Connection], T], /) -> Future[T]:
        future: Future[T] = Future()
        try:
            if self._unwritable:
                raise OperationalError("COMMIT", {}, OSError("database or disk is full"))
            with self._engine.begin() as tx:
                result = act(tx)
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    def change_people(self, act: Callable[[Connection], T], by: str) -> T:
        made = self.transact(act).result()
        known = self.directory
        self.directory = self.transact(lambda tx: roster.load(tx, known.channels, known.zone)).result()
        return made

    def press(self, link: Link, meant: Meant) -> Pressed | Flaw:
        def act(tx: Connection) -> tuple[desk.Outcome, Pressed | Flaw]:
            ear = Ear(
                lambda: self.directory,
                lambda tx, facts: desk.apply(tx, facts, self.now(), self.directory, self.registry),
                self.now,
            )
            return linked.press(ear, tx, link, meant, self.now())

        outcome, pressed = self.transact(act).result()
        self.live.publish(outcome.changed, ())
        return pressed

    def apply(self, facts: Sequence[desk.AnyFact], within: Within | None = None) -> Future[Any]:
        around = within or (lambda tx, act: act())
        done = self.transact(
            lambda tx: around(tx, lambda: desk.apply(tx, facts, self.now(), self.directory, self.registry))
        )
        if done.exception() is None:
            self.live.publish(done.result().changed, ())
        return done

    # ---- what the other rooms do

    def token(self) -> str:
        made = self.transact(lambda tx: accounts.first_token(tx, self.now())).result()
        assert made is not None
        return made

    def fires(self, device: str, rule: str = "smoke-alarm", holds: Holds = Holds.YES, **changes: Any) -> int:
        """A rule's verdict about a device goes through the desk; returns the alert's id."""
        outcome = self.apply([self.verdict(device, rule, holds, **changes)]).result()
        return outcome.changed[0] if outcome.changed else 0

    def verdict(self, device: str, rule: str, holds: Holds = Holds.YES, **changes: Any) -> Verdict:
        now = self.now()
        evidence = (Evidence("smoke", "alarm", now, now, "= alarm"),)
        fields: dict[str, Any] = {
            "rule": rule, "version": "1", "subject": device, "device": device, "holds": holds, "moment": now,
            "since": now, "title": Text("烟感报警", "Smoke alarm"), "alert_class": Class.ALARM, "priority": 1,
            "life_safety": True, "verify": True, "evidence": evidence,
        }  # fmt: skip
        return Verdict(**{**fields, **changes})

    def cannot_write(self, device: str) -> None:
        """A commit fails: the in-memory desk sounds an alarm of this device."""
        place = self.registry.devices[device].place
        lost = UnrecordedAlert(
            "smoke-alarm", device, device, place, self.now(), "烟感报警", "Smoke alarm", "alarm", "X7K", 3
        )
        self.unrecorded.append(lost)
        self.live.publish((), ())

    def stands_on(self, rung: Rung) -> None:
        """Gateways fail, or work again."""
        self.rung = rung
        self.live.publish((), ())

    def breaks_writing(self) -> None:
        self._unwritable = True

    def breaks_reading(self) -> None:
        self._unreadable = True

    def mends_reading(self) -> None:
        self._unreadable = False

    def refuses_rules(self, why: str) -> None:
        self.rules = RulesInfo("1a2b3c", 42, why)

    def time_passes(self) -> None:
        """What is due by now by itself: steps, promises, shelves."""
        self.apply(self.transact(lambda tx: desk.elapsed(tx, self.now())).result()).result()

    def drills(self, device: str) -> None:
        """An alarm raised inside a declared drill."""
        number = self.fires(device)
        alert = alerts.tables.alert
        self.transact(lambda tx: tx.execute(alert.update().where(alert.c.id == number).values(mode="drill")))
        self.live.publish([number], ())

    def starts_anew(self) -> None:
        """The process is another one: its stream numbers begin again."""
        self.live = Live(self.read, self.now)
        self.service = replace(self.service, live=self.live)

    def settles(self, number: int, device: str) -> None:
        """Somebody takes the alert, arrives, and the cause is gone: it closes."""
        self.apply([Acknowledged(number, "li-wei"), Arrived(number, "li-wei")]).result()
        self.fires(device, holds=Holds.NO, verify=False)

    def reads(self, device: str, metric: str, value: float | str) -> None:
        now = self.now()
        self.latest.note([Reading(device, metric, value, now, now)])
        self.latest.hear(device, now)
        self.live.publish((), [device])

    def all_report(self) -> None:
        for device in self.registry.devices:
            self.latest.hear(device, self.now() - 20_000)
        words = {"smoke_detector": ("smoke", "normal"), "emergency_light": ("power", "mains")}
        for device_id, device in self.registry.devices.items():
            metric, word = words.get(device.kind, ("battery", 87.0))
            moment = self.now() - 20_000
            self.latest.note([Reading(device_id, metric, word, moment, moment)])

    def quarantines(self, topic: str, sample: bytes) -> None:
        rejected = Rejected(Reason.MALFORMED, "expected an object", topic, sample, self.now())
        self.transact(lambda tx: quarantine.keep_all(tx, [rejected], 1000)).result()


def _configure(connection: Any, _: Any) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")


def people() -> Directory:
    persons = [
        Person("li-wei", "李伟", "Li Wei", "zh", (Contact("duty-webhook", "+8613800000001"),)),
        Person("wang-fang", "王芳", "Wang Fang", "zh", (Contact("duty-webhook", "+8613800000002"),)),
        Person("principal", "赵校长", "Principal Zhao", "zh", (Contact("duty-webhook", "+8613800000003"),)),
    ]
    steps = (Step(0, (Target("post", "duty"),), ("siren",)), Step(MINUTE, (Target("person", "principal"),)))
    fire = Policy("fire", Match((Class.ALARM,)), steps, 2 * MINUTE)
    duty = Post("duty", "值班室", "Security office", ("li-wei", "wang-fang"))
    return Directory(persons, (), (duty,), (fire,), ("duty-webhook", "siren"))


BUILDINGS = (
    ("teaching-1", "第一教学楼", "Teaching Building 1", 5, 9),
    ("teaching-2", "第二教学楼", "Teaching Building 2", 5, 9),
    ("dorm-1", "1号宿舍楼", "Dormitory 1", 6, 10),
    ("dorm-2", "2号宿舍楼", "Dormitory 2", 6, 10),
    ("lab", "实验楼", "Laboratories", 4, 7),
    ("library", "图书馆", "Library", 3, 6),
    ("canteen", "食堂", "Canteen", 2, 4),
)


def campus() -> Registry:
    places = [Place("campus", "示范学校", "Demo School")]
    devices: list[Device] = []
    for building, zh, en, floors, rooms in BUILDINGS:
        places.append(Place(building, zh, en, "campus"))
        for floor in range(1, floors + 1):
            level = f"{building}-f{floor}"
            places.append(Place(level, f"{floor}层", f"Floor {floor}", building))
            devices.append(
                Device(f"{level}-light", "emergency_light", level, zh="应急灯", en="Emergency light")
            )
            for room in range(1, rooms + 1):
                number = f"{floor}{room:02}"
                place = f"{building}-{number}"
                places.append(Place(place, f"{number}室", f"Room {number}", level))
                devices.append(Device(f"{place}-smoke", "smoke_detector", place, zone="z1", owner="li-wei"))
    places.append(Place("gate", "校门与周界", "Gate and perimeter", "campus"))
    places += [Place(f"gate-{n}", f"{n}号门", f"Gate {n}", "gate") for n in range(1, 5)]
    devices.append(Device("gate-1-button", "panic_button", "gate-1"))
    return Registry.build(places, [Zone("z1", "1区", "Zone 1")], devices)
