"""Touches. One visit of the doctor: which checks, in which order, each with a time limit; nothing is left."""

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tocsin.config import Settings
from tocsin.doctor import (
    brokerfile,
    hearing,
    installation,
    judge,
    keeping,
    machine,
    reach,
    restart,
    strangers,
)
from tocsin.doctor.finding import Finding, found
from tocsin.doctor.ground import Ground
from tocsin.doctor.installation import Campus
from tocsin.doctor.keeping import PROBE_EXPIRY
from tocsin.doctor.link import Interrupted, Login, NoLink
from tocsin.doctor.strangers import Stranger

Check = Callable[[], list[Finding]]
LOCAL, PROBE = 15.0, 60.0  # seconds a check of this machine, or of the broker, may take
PER_MESSAGE = 0.005  # seconds more for each message of a longer queue
WAITED_FOR = 1000.0
ENDING = 3.0  # seconds a probe has to notice that the person wants no more


@dataclass(frozen=True)
class Options:
    """What the person asked for. `tell` shows the sentence that asks for a restart of the broker."""

    queue: int = 2000
    plain_port: int = 1883
    device: Login | None = None
    broker_file: Path | None = None
    tell_restart: Callable[[], None] | None = None


@dataclass
class Visit:
    settings: Settings
    options: Options
    now: int
    stop: threading.Event = field(default_factory=threading.Event)
    ground: Ground | None = None
    running: bool = False
    open_to_all: bool = False
    campus: Campus = field(default_factory=Campus)
    _at_work: threading.Thread | None = None

    def all(self) -> Iterator[tuple[str, list[Finding]]]:
        """(section, what one check of it found), as it is found."""
        for section, name, seconds, check in self._local():
            yield section, self._limited(name, seconds, check)
        reached = self._limited("reach", PROBE, self._reach)
        yield "reach", reached
        if self.ground is not None or any(finding.name == "broker_tls" for finding in reached):
            yield "reach", self._limited("TLS", PROBE, self._tls)
        if self.ground is None:
            return
        for section, name, seconds, check in self._probes(self.ground):
            yield section, self._limited(name, seconds, check)
        if not self.stop.is_set() and not self.clean():
            left = [*self.ground.sessions, *self.ground.retained]
            yield "keeping", [found("probes_left", minutes=PROBE_EXPIRY // 60, names=judge.some(left))]

    def clean(self) -> bool:
        """Remove what the probes left at the broker; whether nothing is left."""
        self.stop.set()
        if self._at_work is not None:
            self._at_work.join(ENDING)
        return self.ground is None or self.ground.clean()

    def _local(self) -> list[tuple[str, str, float, Check]]:
        s, campus, today = self.settings, self.campus, reach.today(self.now)
        return [
            ("installation", "rules", LOCAL, partial(installation.look_at_rules, s)),
            ("installation", "service", LOCAL, self._service),
            ("installation", "database", LOCAL, partial(installation.look_at_database, s, campus)),
            ("installation", "people", LOCAL, partial(installation.look_at_people, s, campus)),
            ("installation", "devices", LOCAL, partial(installation.look_at_devices, s, campus)),
            ("machine", "disk", LOCAL, partial(machine.look_at_disk, s.folder)),
            ("machine", "secrets", LOCAL, partial(machine.look_at_secrets, s)),
            ("machine", "dashboard", LOCAL, lambda: machine.look_at_dashboard(s, self.running, today)),
            ("machine", "time zone", LOCAL, partial(machine.look_at_zone, s, self.now)),
        ]

    def _probes(self, ground: Ground) -> Iterator[tuple[str, str, float, Check]]:
        yield "strangers", "nobody", PROBE, partial(self._stranger, ground, Stranger("nobody"))
        yield "strangers", "invented", PROBE, partial(self._invented, ground)
        if self.options.device is not None:
            device = Stranger("device", self.options.device, str(self.options.device.username))
            yield "strangers", "device", PROBE, partial(self._stranger, ground, device)
        if not ground.admitted:
            return
        longer = PROBE + PER_MESSAGE * self.options.queue
        absence = partial(keeping.look_at_absence, ground, self.options.queue)
        yield (
            "strangers",
            "own account",
            PROBE,
            partial(strangers.look_at_own, ground, self.campus.sample_device()),
        )
        known, other = self.campus.registry, self.options.device
        hear = partial(hearing.look_at_hearing, ground, known, self.settings.broker, other)
        yield "strangers", "hearing", PROBE, hear
        yield "keeping", "counters", PROBE, partial(keeping.look_at_counters, ground)
        yield "keeping", "promises", PROBE, partial(keeping.look_at_promises, ground)
        yield "keeping", "there and back", PROBE, partial(keeping.look_at_live, ground)
        yield "keeping", "retained", PROBE, partial(keeping.look_at_retained, ground)
        yield "keeping", "same id", PROBE, partial(keeping.look_at_same_id, ground)
        yield "keeping", "absence", longer, absence
        yield "keeping", "restart", WAITED_FOR, partial(self._restart, ground)

    def _service(self) -> list[Finding]:
        self.running, findings = installation.look_at_service(self.settings)
        return findings

    def _reach(self) -> list[Finding]:
        broker = self.settings.broker
        own, mark = Login(broker.username, broker.password), secrets.token_hex(3)
        door, finding = reach.find_door(broker, f"tocsin-doctor-{mark}-h", own, self.stop)
        if door is not None:
            self.ground = Ground(door, own, broker.base, mark, finding.name == "broker_reached")
        return [finding]

    def _tls(self) -> list[Finding]:
        broker = self.settings.broker
        beside = reach.look_beside_tls(broker, self.options.plain_port, self.stop)
        return [*reach.look_at_tls(broker, reach.today(self.now)), *beside]

    def _stranger(self, ground: Ground, stranger: Stranger) -> list[Finding]:
        findings = strangers.look_at(ground, stranger)
        self.open_to_all = self.open_to_all or findings[0].name == "nobody_accepted"
        return findings

    def _invented(self, ground: Ground) -> list[Finding]:
        """Where anybody may come in without an account, what one may do then is said already."""
        login = Login(ground.name("i"), secrets.token_hex(16))
        return self._stranger(ground, Stranger("invented", login, only_in=self.open_to_all))

    def _restart(self, ground: Ground) -> list[Finding]:
        if self.options.tell_restart is not None:
            return restart.look_through_restart(ground, self.options.tell_restart)
        path = self.options.broker_file
        if path is None and not reach.is_here(ground.door.host):
            return [found("restart_unknown", path=str(brokerfile.USUAL), why=ground.door.host)]
        return brokerfile.look_at_file(path or brokerfile.USUAL)

    def _limited(self, name: str, seconds: float, check: Check) -> list[Finding]:
        """The check on a thread of its own: a disk that hangs must not take the doctor with it."""
        if self.stop.is_set():
            return []
        findings: list[Finding] = []

        def look() -> None:
            try:
                findings.extend(check())
            except NoLink as error:
                findings.append(found("probe_cut", check=name, why=error.why or error.kind))
            except Interrupted:
                pass
            except Exception as error:  # a doctor that falls over helps nobody: the other checks go on
                findings.append(found("check_failed", check=name, why=f"{type(error).__name__}: {error}"))

        thread = self._at_work = threading.Thread(target=look, name=f"doctor-{name}", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            return [found("check_hung", check=name, seconds=round(seconds))]
        return findings
