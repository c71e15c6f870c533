"""Touches. What is installed: the database, the rules, the people, the devices, and the running service."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from alerts.duty import roster
from alerts.duty.people import Directory
from alerts.duty.routing import problems
from ingest.campus import store
from ingest.campus.device import OWN
from ingest.campus.registry import Registry, RegistryError
from rules.load import RuleErrors
from rules.load import load as load_rules
from tocsin import clock, schema
from tocsin.config import Settings
from tocsin.control import NotRunning
from tocsin.database import Database
from tocsin.doctor import judge
from tocsin.doctor.finding import Finding, found
from tocsin.office import Office

_POSTGRES = 150_000  # server_version_num of the oldest that is good


@dataclass
class Campus:
    """What the database says of devices and people, as far as it could be read."""

    registry: Registry | None = None
    directory: Directory | None = None

    def sample_device(self) -> str:
        """The address of a device that speaks Tocsin's own dialect; "" where there is none."""
        devices = self.registry.devices.values() if self.registry else ()
        own = [d.address or d.id for d in devices if d.dialect == "tocsin" and d.id != OWN]
        return own[0] if own else ""


def look_at_service(settings: Settings) -> tuple[bool, list[Finding]]:
    """(whether it runs, what it says of itself)."""
    try:
        status = Office(settings).status()
    except NotRunning:
        return False, [found("service_absent", socket=str(settings.folder / "control.sock"))]
    except PermissionError:
        return True, [found("service_not_mine", socket=str(settings.folder / "control.sock"))]
    except (OSError, RuntimeError, ValueError) as error:
        return True, [found("service_silent", why=str(error) or type(error).__name__)]
    older = status.get("settings") not in (None, settings.version)
    return True, [found("service_settings_older")] * older + _said(status)


def _said(status: dict[str, Any]) -> list[Finding]:
    faults = status.get("faults") or {}
    findings = [found("service_fault", point=point, word=word) for point, word in sorted(faults.items())]
    for name, session in (status.get("broker") or {}).items():
        if not session.get("granted"):
            findings.append(found("service_session", session=name, connected=session.get("connected")))
    if status.get("failing"):
        findings.append(found("service_not_recording", why=str(status["failing"])))
    return findings or [found("service_good", devices=status.get("devices"), messages=status.get("messages"))]


def look_at_rules(settings: Settings) -> list[Finding]:
    try:
        rules = load_rules(settings.rules, settings.standard_rules)
    except RuleErrors as error:
        return [found("rule_mistake", where=line) for line in error.mistakes]
    return [found("rules_good" if rules.rules else "rules_none", count=len(rules.rules))]


def look_at_database(settings: Settings, campus: Campus) -> list[Finding]:
    """Reachable, of the right version, and what it holds; nothing is created or migrated."""
    aside = sorted(path.name for path in settings.folder.glob("*.corrupt.*"))
    findings = [found("moved_aside", names=judge.some(aside), folder=str(settings.folder))] if aside else []
    if settings.database is None and not (settings.folder / "state.db").exists():
        return [*findings, found("database_absent", path=str(settings.folder / "state.db"))]
    database = None
    try:
        database = Database.open(settings.database_url)
        with database.read() as tx:
            return [*findings, *_state(tx, campus)]
    except (SQLAlchemyError, OSError) as error:
        why = str(getattr(error, "orig", None) or error).splitlines()[0]
        return [*findings, found("database_unreachable", why=why)]
    finally:
        if database is not None:
            database.close()


def _state(tx: Connection, campus: Campus) -> list[Finding]:
    stored = None
    if inspect(tx).has_table("alembic_version"):
        stored = tx.execute(text("SELECT version_num FROM alembic_version")).scalar()
    findings = [judge.schema_version(stored, schema.newest())]
    if tx.dialect.name == "postgresql":
        findings += _postgres(tx)
    if stored != schema.newest():
        return findings  # its tables have another shape than we read
    try:
        campus.registry = store.load(tx)
    except RegistryError as error:
        findings += [found("registry_broken", why=problem) for problem in error.problems[:5]]
    campus.directory = roster.load(tx)
    return findings


def _postgres(tx: Connection) -> list[Finding]:
    said = {
        name: str(tx.execute(text(f"SHOW {name}")).scalar())
        for name in ("server_version_num", "fsync", "synchronous_commit")
    }
    findings = []
    if int(said["server_version_num"]) < _POSTGRES:
        findings.append(found("postgres_old", version=said["server_version_num"]))
    for name in ("fsync", "synchronous_commit"):
        if said[name] == "off":
            findings.append(found("postgres_forgets", setting=name))
    return findings


def look_at_people(settings: Settings, campus: Campus) -> list[Finding]:
    """Whether every channel has somebody behind it, and every alert somebody to go to."""
    if campus.registry is None or campus.directory is None:
        return [found("people_unknown")]
    known = campus.directory
    directory = Directory(
        known.persons.values(), known.teams.values(), known.posts.values(), known.policies, settings.kinds,
        settings.zone, known.calendar, known.swaps,
    )  # fmt: skip
    findings = [found("routing_gap", why=gap) for gap in problems(directory, campus.registry, clock.now())]
    used = {contact.channel for person in known.persons.values() for contact in person.contacts}
    used |= {name for policy in known.policies for step in policy.steps for name in step.channels}
    idle = sorted(set(settings.channels) - used)
    if idle:
        findings.append(found("channel_idle", names=judge.some(idle)))
    if not settings.channels:
        findings.append(found("channels_none"))
    return findings or [found("people_good", persons=len(known.persons), channels=len(settings.channels))]


def look_at_devices(settings: Settings, campus: Campus) -> list[Finding]:
    """Devices whose trouble nobody would look after."""
    if campus.registry is None or campus.directory is None:
        return []
    devices = [device for device in campus.registry.devices.values() if device.id != OWN]
    if not devices:
        return [found("devices_none")]
    people = campus.directory
    reached = {
        p.id for p in people.persons.values() if any(c.channel in settings.channels for c in p.contacts)
    }
    groups = [(team.id, team.members) for team in people.teams.values()]
    groups += [(post.id, post.order) for post in people.posts.values()]
    reached |= {name for name, members in groups if reached.intersection(members)}
    without = sorted(device.id for device in devices if not device.owner)
    lost = sorted(device.id for device in devices if device.owner and device.owner not in reached)
    findings = [found("owner_absent", count=len(without), names=judge.some(without))] if without else []
    findings += [found("owner_unreachable", count=len(lost), names=judge.some(lost))] if lost else []
    return findings or [found("devices_good", count=len(devices))]


def configuration_lines(path: Path, lines: list[str]) -> list[Finding]:
    return [found("configuration_mistake", where=line) for line in lines] or [
        found("configuration_good", path=str(path))
    ]
