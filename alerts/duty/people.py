"""Thinks. Who can be told: persons, teams and posts, and the directory that holds them and their policies.

A Directory never changes: a new one replaces it. It answers for any moment (ms), and knows none itself.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from alerts.alert import Alert, Mode
from alerts.duty import icalfile
from alerts.duty.fetched import Fetched, check_address
from alerts.duty.hours import When, covers, day_of, local_day
from alerts.duty.policy import CANARY as CANARY
from alerts.duty.policy import DEFAULT, DUTY, NULL, OF_LOOP, OF_NOBODY, rungs
from alerts.duty.policy import EVERYONE as EVERYONE
from alerts.duty.policy import LOOP as LOOP
from alerts.duty.policy import NOBODY as NOBODY
from alerts.duty.policy import Match as Match
from alerts.duty.policy import Policy as Policy
from alerts.duty.policy import Step as Step
from alerts.duty.policy import Target as Target
from alerts.duty.rota import Duty, Rota, Watch
from alerts.duty.shift import Override, Shift, Swap
from alerts.plan import Plan
from ingest.campus.calendar import Calendar
from ingest.campus.device import OWN
from ingest.campus.registry import Registry
from rules.verdict import Class

Language = Literal["zh", "en"]
Role = Literal["viewer", "guard", "duty", "manager", "administrator"]


class Contact(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One way to reach a person: a channel of the settings and the person's address on it. After the day
    `until` it is nobody's number any more, and is not used."""

    channel: str
    address: str = ""
    until: str = ""

    def __post_init__(self) -> None:
        if self.until:
            day_of(self.until)


class Person(msgspec.Struct, frozen=True):
    """`contacts` are in order of preference. In `quiet` hours only life safety reaches them, and what they
    are on shift for. `role` is what they may do, in the places of `scope` and all that lies in
    them; none: in all places."""

    id: str
    zh: str
    en: str
    language: Language = "zh"
    contacts: tuple[Contact, ...] = ()
    quiet: tuple[When, ...] = ()
    role: Role | None = None
    scope: tuple[str, ...] = ()


class Team(msgspec.Struct, frozen=True):
    """Persons who are told together."""

    id: str
    zh: str
    en: str
    members: tuple[str, ...] = ()


class Post(msgspec.Struct, frozen=True):
    """A position to be staffed: by shifts, by a calendar (imported: `ics`, or fetched from an address:
    `calendar`), or both. `order` names those who are on duty while no shift stands, first to last; with
    neither, at all times."""

    id: str
    zh: str
    en: str
    order: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()
    overrides: tuple[Override, ...] = ()
    ics: str = ""
    calendar: str = ""

    def __post_init__(self) -> None:
        if self.calendar:
            check_address(self.calendar)
        if self.calendar and self.ics:
            raise ValueError("calendar: the post has an imported one (`ics`) as well; only one can count")

    @property
    def named(self) -> tuple[str, ...]:
        """Everybody whom its order, shifts and overrides name."""
        shifts = (one for shift in self.shifts for one in shift.members)
        overrides = (one for o in self.overrides for one in (*o.who, o.instead_of) if one)
        return tuple(dict.fromkeys((*self.order, *shifts, *overrides)))


class Directory:
    """Everybody who can be told, and by which policy. `channels` are the configured ones, with their
    kinds where these are known, None if not known; `zone` is the time zone of the campus, `calendar` the
    school's, `swaps` those that were ever offered, `fetched` the calendars that come from elsewhere, by
    post."""

    def __init__(
        self,
        persons: Iterable[Person] = (),
        teams: Iterable[Team] = (),
        posts: Iterable[Post] = (),
        policies: Iterable[Policy] = (),
        channels: Mapping[str, str] | Iterable[str] | None = None,
        zone: str = "Asia/Shanghai",
        calendar: Calendar | None = None,
        swaps: Iterable[Swap] = (),
        plans: Iterable[Plan] = (),
        fetched: Mapping[str, Fetched] | None = None,
    ) -> None:
        self.persons = {person.id: person for person in persons}
        self.teams = {team.id: team for team in teams}
        self.posts = {post.id: post for post in posts}
        self.policies = tuple(policies)
        self.channels = None if channels is None else frozenset(channels)
        self.kinds = dict(channels) if isinstance(channels, Mapping) else {}
        self.zone, self.clock = zone, ZoneInfo(zone)
        self.calendar = calendar or Calendar(zone)
        self.swaps = tuple(swaps)
        self.plans = tuple(plans)
        self._fetched = fetched or {}
        self.called = _called(self.persons.values())
        self.rotas = {post.id: self._rota(post) for post in self.posts.values()}
        members = {team.id: team.members for team in self.teams.values()}
        self._ladders = {policy.id: rungs(policy, members) for policy in self.policies}
        duty = self.posts.get(DUTY)
        staffed = duty is not None and (
            self.ics(duty) or any(self._reachable(member) for member in duty.named)
        )
        self.fallback = Step(notify=(Target("post", DUTY),)) if staffed else EVERYONE
        self._default = Policy(DEFAULT, steps=(self.fallback,))
        self._resolved: dict[tuple[str, str], Policy] = {}

    def _rota(self, post: Post) -> Rota:
        signed = (one for swap in self.swaps if swap.post == post.id for one in swap.overrides())
        ics = self.ics(post)
        events = partial(_events, ics, self.called, self.clock) if ics else None
        overrides = (*post.overrides, *signed)
        return Rota(post.order, post.shifts, overrides, self.clock, self.calendar, events)

    def ics(self, post: Post) -> str:
        """The calendar that counts: the imported one, or the last good one that was fetched."""
        found = self._fetched.get(post.id)
        return found.ics if found is not None and found.address == post.calendar else post.ics

    def policy_for(self, alert: Alert, registry: Registry, moment: int | None = None) -> Policy:
        """The policy the rule names, else the first that matches, else the built-in one: the post `duty`, or
        everybody where there is none; nobody for class status. Hours are those of `moment`, else of when the
        ladder started, so that nobody is lost between two policies. Roles are told by their persons."""
        if alert.policy == LOOP:
            return OF_LOOP
        if alert.policy == CANARY and alert.device == OWN:
            return _of_canary(alert)
        if alert.policy is not None and alert.policy in self._ladders:
            return self._resolve(self._ladders[alert.policy], alert, registry)
        at = moment or alert.sounded_at or alert.raised_at
        path = [place.id for place in registry.path(alert.place)]
        for policy in self.policies:
            match = policy.match
            if match.takes(alert, path) and (not match.hours or self.within(match.hours, at)):
                return self._resolve(self._ladders[policy.id], alert, registry)
        return OF_NOBODY if alert.alert_class is Class.STATUS else self._default

    def plan_for(self, alert: Alert, registry: Registry) -> Plan | None:
        """The plan its rule names, else the first that fits. Its hours are those of the moment the alert was
        raised, so that no plan changes under the hands of those who follow it."""
        named = next((plan for plan in self.plans if plan.id == alert.plan), None)
        if named is not None:
            return named
        path = [place.id for place in registry.path(alert.place)]
        for plan in self.plans:
            hours = plan.match.hours
            if plan.match.takes(alert, path) and (not hours or self.within(hours, alert.raised_at)):
                return plan
        return None

    def within(self, hours: tuple[When, ...], moment: int) -> bool:
        return covers(hours, moment, self.clock, self.calendar)

    def _resolve(self, policy: Policy, alert: Alert, registry: Registry) -> Policy:
        """With the persons whose scope has the alert's place in the stead of their role."""
        if not any(target.kind == "role" for step in policy.steps for target in step.notify):
            return policy
        key = policy.id, alert.place
        if key not in self._resolved:
            path = {place.id for place in registry.path(alert.place)}
            steps = (msgspec.structs.replace(s, notify=self._persons_for(s, path)) for s in policy.steps)
            self._resolved[key] = msgspec.structs.replace(policy, steps=tuple(steps))
        return self._resolved[key]

    def _persons_for(self, step: Step, path: set[str]) -> tuple[Target, ...]:
        found: list[Target] = []
        for target in step.notify:
            persons = [p for p in self.persons.values() if target.kind == "role" and p.role == target.id]
            here = [Target("person", p.id) for p in persons if not p.scope or not path.isdisjoint(p.scope)]
            found += here or [target]
        return tuple(found)

    def reach(self, step: Step, alert: Alert, now: int, wake: bool = False) -> list[tuple[Person, Contact]]:
        """Whom the step tells and where. An alarm goes to every contact of a person; anything else to the
        first, and in each further round to the next, so that a dead number does not stall it. Quiet hours
        are kept, unless it is life safety, the person is on shift for it, or `wake` says so. Of a drill
        nobody but those who take part in it is ever told."""
        wake = wake or alert.life_safety or alert.alert_class is Class.ALARM
        told: list[tuple[Person, Contact]] = []
        for person in self.told_by(step.notify, now, wake):
            if alert.mode is not Mode.REAL and person.id not in alert.drill_people:
                continue
            contacts = self.contacts(person, now)
            if contacts and alert.alert_class is not Class.ALARM:
                contacts = [contacts[alert.round % len(contacts)]]
            told += [(person, contact) for contact in contacts]
        return told

    def duty(self, post: str, moment: int) -> Duty:
        """Who is on duty at the post at this moment, first to last, until when, and who comes next."""
        return self.rotas[post].at(moment) if post in self.rotas else Duty(())

    def next_shift(self, moment: int) -> int | None:
        """When the persons on duty next change, at any post."""
        changes = (rota.at(moment).until for rota in self.rotas.values())
        return min((change for change in changes if change is not None), default=None)

    def on_duty(self, post: str, moment: int) -> list[Person]:
        return [self.persons[member] for member in self.duty(post, moment).who if member in self.persons]

    def has_shift(self, post: str, person: str, day: str) -> bool:
        """Whether the person has a shift there that begins on this day."""
        return any(person in watch.who for watch in self.rotas[post].staff(day_of(day)))

    def name(self, person: str, language: str = "zh") -> str:
        """What a person is called; the id of one who is not registered (or "tocsin")."""
        known = self.persons.get(person)
        if known is None:
            return person
        return (known.en or known.zh) if language == "en" else (known.zh or known.en)

    def usable(self, channel: str) -> bool:
        """Whether the settings name this channel; `null` is built in."""
        return self.channels is None or channel in self.channels or channel == NULL

    def contacts(self, person: Person, now: int | None = None) -> list[Contact]:
        """Where a person can be told: the contacts on configured channels, in order of preference. With a
        moment, only those that have not expired by then."""
        usable = [contact for contact in person.contacts if self.usable(contact.channel)]
        if now is None or not any(contact.until for contact in usable):
            return usable
        today = local_day(now, self.clock).isoformat()
        return [contact for contact in usable if not contact.until or today <= contact.until]

    def reachable(self, member: str, now: int) -> bool:
        return member in self.persons and bool(self.contacts(self.persons[member], now))

    def _reachable(self, member: str) -> bool:
        return member in self.persons and bool(self.contacts(self.persons[member]))

    def told_by(self, targets: Iterable[Target], now: int, wake: bool = True) -> list[Person]:
        """The registered persons behind some targets, each once, in their order. Unless `wake`, without those
        who have quiet hours and are not on shift."""
        ids: dict[str, None] = {}
        for target in targets:
            members = self._members(target, now)
            on_shift = target.kind == "post" and target.id in self.rotas and self.rotas[target.id].shifted
            ids |= dict.fromkeys(m for m in members if wake or on_shift or self._awake(m, now))
        return [self.persons[member] for member in ids if member in self.persons]

    def _awake(self, member: str, now: int) -> bool:
        person = self.persons.get(member)
        return person is None or not person.quiet or not self.within(person.quiet, now)

    def _members(self, target: Target, now: int) -> Iterable[str]:
        match target.kind:
            case "everyone":
                return self.persons
            case "person":
                return (target.id,)
            case "team":
                return self.teams[target.id].members if target.id in self.teams else ()
            case "role":
                return ()  # nobody has it for this place
            case _:
                return self.duty(target.id, now).who


def _of_canary(alert: Alert) -> Policy:
    """Whom it names; alerts/duty/escalation.py tells them once, whatever comes of it."""
    if not alert.drill_people:
        return OF_NOBODY
    return Policy(CANARY, steps=(Step(notify=tuple(Target("person", one) for one in alert.drill_people)),))


def _called(persons: Iterable[Person]) -> dict[str, str]:
    """Every name of a person, in small letters: id, names, addresses."""
    found: dict[str, str] = {}
    for person in persons:
        for name in (person.id, person.zh, person.en, *(c.address for c in person.contacts)):
            found.setdefault(name.lower(), person.id)
    return found


def _events(text: str, called: dict[str, str], zone: ZoneInfo, day: date) -> tuple[Watch, ...]:
    try:
        return icalfile.watches(text, day, called, zone)
    except Exception:  # the libraries raise whatever they meet, and no alarm may wait for them
        return ()  # a gap, which is told as one
