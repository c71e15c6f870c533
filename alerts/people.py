"""Thinks. Who can be told: persons, teams, posts, escalation policies, and the directory that holds them all.

Durations are ms. A Directory never changes: a new one replaces it.
"""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from alerts.alert import Alert
from ingest.campus.registry import Registry
from rules.verdict import Class

Language = Literal["zh", "en"]
DUTY = "duty"  # the post that is told when no policy says otherwise
LOOP = "loop"  # the built-in policy of Tocsin's own loop message: the null channel, and nobody else
NOBODY = "nobody"  # the built-in policy of what is only shown
DEFAULT = "default"


class Contact(msgspec.Struct, frozen=True):
    """One way to reach a person: a channel of the settings and the person's address on it."""

    channel: str
    address: str = ""


class Person(msgspec.Struct, frozen=True):
    """`contacts` are in order of preference."""

    id: str
    zh: str
    en: str
    language: Language = "zh"
    contacts: tuple[Contact, ...] = ()


class Team(msgspec.Struct, frozen=True):
    """Persons who are told together."""

    id: str
    zh: str
    en: str
    members: tuple[str, ...] = ()


class Post(msgspec.Struct, frozen=True):
    """A position to be staffed. `order` names the persons on duty now, first to last."""

    id: str
    zh: str
    en: str
    order: tuple[str, ...] = ()


class Target(msgspec.Struct, frozen=True):
    """Whom a step tells: everyone on duty at a post, everyone in a team, one person, or all persons."""

    kind: Literal["post", "team", "person", "everyone"]
    id: str = ""


class Step(msgspec.Struct, frozen=True):
    """One step of a ladder. `after` counts from the moment the ladder started. `channels` are told without a
    person (sirens, lamps). The step is left out once the act that it waits for (`until`) is done."""

    after: int = 0
    notify: tuple[Target, ...] = ()
    channels: tuple[str, ...] = ()
    until: Literal["acknowledged", "arrived", "verified"] = "acknowledged"


class Match(msgspec.Struct, frozen=True):
    """Which alerts a policy is for. Each list is "one of these"; an empty one takes all. `places` include
    everything inside them; `kinds` are kinds of device."""

    classes: tuple[Class, ...] = ()
    kinds: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def takes(self, alert: Alert, path: Iterable[str]) -> bool:
        """`path` is the alert's place and all that it lies in."""
        return (
            (not self.classes or alert.alert_class in self.classes)
            and (not self.kinds or alert.device_kind in self.kinds)
            and (not self.rules or alert.rule in self.rules)
            and (not self.places or not set(self.places).isdisjoint(path))
        )


class Policy(msgspec.Struct, frozen=True):
    """The escalation ladder of some alerts. `repeat`: the last step is done again every so many ms until
    somebody acts; None takes the default of the class (alerts/escalation.py)."""

    id: str
    match: Match = Match()
    steps: tuple[Step, ...] = ()
    repeat: int | None = None


NULL = "null"
_LOOP = Policy(LOOP, steps=(Step(channels=(NULL,)),))
_NOBODY = Policy(NOBODY)
EVERYONE = (Target("everyone"),)


class Directory:
    """Everybody who can be told, and by which policy. `channels` are the configured ones, None if not known;
    `zone` is the time zone of the campus."""

    def __init__(
        self,
        persons: Iterable[Person] = (),
        teams: Iterable[Team] = (),
        posts: Iterable[Post] = (),
        policies: Iterable[Policy] = (),
        channels: Iterable[str] | None = None,
        zone: str = "Asia/Shanghai",
    ) -> None:
        self.persons = {person.id: person for person in persons}
        self.teams = {team.id: team for team in teams}
        self.posts = {post.id: post for post in posts}
        self.policies = tuple(policies)
        self.channels = None if channels is None else frozenset(channels)
        self.zone = zone
        self._by_id = {policy.id: policy for policy in self.policies}
        duty = self.posts.get(DUTY)
        staffed = duty is not None and any(self._reachable(member) for member in duty.order)
        self.fallback = Step(notify=(Target("post", DUTY),) if staffed else EVERYONE)
        self._default = Policy(DEFAULT, steps=(self.fallback,))

    def policy_for(self, alert: Alert, registry: Registry) -> Policy:
        """The policy the rule names, else the first that matches, else the built-in one: the post `duty`, or
        everybody where there is none; nobody for class status."""
        if alert.policy == LOOP:
            return _LOOP
        if alert.policy is not None and alert.policy in self._by_id:
            return self._by_id[alert.policy]
        path = [place.id for place in registry.path(alert.place)]
        for policy in self.policies:
            if policy.match.takes(alert, path):
                return policy
        return _NOBODY if alert.alert_class is Class.STATUS else self._default

    def reach(self, step: Step, alert: Alert, now: int) -> list[tuple[Person, Contact]]:
        """Whom the step tells and where. An alarm goes to every contact of a person; anything else to the
        first, and in each further round to the next, so that a dead number does not stall it."""
        told: list[tuple[Person, Contact]] = []
        for person in self.told_by(step.notify):
            contacts = self.contacts(person)
            if contacts and alert.alert_class is not Class.ALARM:
                contacts = [contacts[alert.round % len(contacts)]]
            told += [(person, contact) for contact in contacts]
        return told

    def on_duty(self, post: str, now: int) -> list[Person]:
        """Who is on duty at the post at this moment, first to last."""
        staff = self.posts[post].order if post in self.posts else ()
        return [self.persons[member] for member in staff if member in self.persons]

    def name(self, person: str, language: str = "zh") -> str:
        """What a person is called; the id of one who is not registered (or "tocsin")."""
        known = self.persons.get(person)
        if known is None:
            return person
        return (known.en or known.zh) if language == "en" else (known.zh or known.en)

    def usable(self, channel: str) -> bool:
        """Whether the settings name this channel; `null` is built in."""
        return self.channels is None or channel in self.channels or channel == NULL

    def contacts(self, person: Person) -> list[Contact]:
        """Where a person can be told: the contacts on configured channels, in order of preference."""
        return [contact for contact in person.contacts if self.usable(contact.channel)]

    def _reachable(self, member: str) -> bool:
        return member in self.persons and bool(self.contacts(self.persons[member]))

    def told_by(self, targets: Iterable[Target]) -> list[Person]:
        """The registered persons behind some targets, each once, in their order."""
        ids = dict.fromkeys(member for target in targets for member in self._members(target))
        return [self.persons[member] for member in ids if member in self.persons]

    def _members(self, target: Target) -> Iterator[str]:
        if target.kind == "everyone":
            yield from self.persons
        elif target.kind == "person":
            yield target.id
        elif target.kind == "team":
            yield from self.teams[target.id].members if target.id in self.teams else ()
        else:
            yield from self.posts[target.id].order if target.id in self.posts else ()
