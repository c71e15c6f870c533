"""Thinks. Whether every alert will reach somebody: what is wrong with people and policies as registered."""

from collections.abc import Iterable, Iterator

from alerts.delivery import presses
from alerts.duty.people import Directory, Policy, Step, Target
from alerts.duty.staffing import near, people_problems, staffed
from ingest.campus.device import OWN
from ingest.campus.kinds import KINDS
from ingest.campus.registry import Registry
from rules.verdict import Class

KINDS_OF_TARGET = {"post": "posts", "team": "teams", "person": "persons"}
PAGED = (Class.ALARM, Class.SUPERVISORY, Class.TROUBLE)
HALF_HOUR = 1_800_000
WEEK = 7 * 86_400_000


def problems(directory: Directory, registry: Registry, now: int) -> tuple[str, ...]:
    """A sentence for each thing that keeps an alert from the people it should reach, or will within days."""
    found = [*_nobody(directory, now), *people_problems(directory, registry, now)]
    found += _buttons(directory, registry)
    found += [*_policies(directory, registry, now), *_bare_places(directory, registry, now)]
    return tuple(dict.fromkeys(found))


def _nobody(directory: Directory, now: int) -> Iterator[str]:
    if not _reaches(directory, directory.fallback, now):
        yield "there is nobody who can be told: register persons with a contact on a configured channel"


def _buttons(directory: Directory, registry: Registry) -> Iterator[str]:
    """Take buttons that can take nothing, or for nobody."""
    for device in map(registry.devices.__getitem__, sorted(registry.take_buttons)):
        post, place = presses.post_of(device), presses.place_of(device)
        if post not in directory.posts:
            hint = near(post, directory.posts) or f"; name one: labels: {{{presses.POST}: …}}"
            yield f"take button {device.id}: there is no post {post!r}{hint}"
        if place not in registry.places:
            yield f"take button {device.id}: there is no place {place!r}{near(place, registry.places)}"


def _policies(directory: Directory, registry: Registry, now: int) -> Iterator[str]:
    for policy in directory.policies:
        if not policy.steps:
            yield f"policy {policy.id} has no steps: alerts that it matches would page nobody"
        for place in policy.match.places:
            if place not in registry.places:
                yield f"policy {policy.id}: there is no place {place!r}{near(place, registry.places)}"
        for kind in policy.match.kinds:
            if kind not in KINDS:
                yield f"policy {policy.id}: there is no kind of device {kind!r}{near(kind, KINDS)}"
        yield from _steps(policy, directory, now)
        yield from _roles(policy, directory, registry)


def _steps(policy: Policy, directory: Directory, now: int) -> Iterator[str]:
    before = 0
    for number, step in enumerate(policy.steps, start=1):
        where = f"policy {policy.id}, step {number}"
        if step.after < before:
            yield f"{where} comes earlier than the step before it: `after` counts from the first notice"
        before = step.after
        for channel in step.channels:
            if not directory.usable(channel):
                yield f"{where}: the settings name no channel {channel!r}"
        yield from (f"{where}: {problem}" for target in step.notify for problem in _target(target, directory))
        if not step.notify and step.channels and number == len(policy.steps):
            yield f"{where} is the last and tells no person: nobody would have to answer"
        if not _reaches(directory, step, now) and not (step.channels and not step.notify):
            yield f"{where} reaches nobody"


def _target(target: Target, directory: Directory) -> Iterator[str]:
    if target.kind in ("everyone", "role"):
        return
    known = getattr(directory, KINDS_OF_TARGET[target.kind])
    if target.id not in known:
        yield f"there is no {target.kind} {target.id!r}{near(target.id, known)}"


def _reaches(directory: Directory, step: Step, now: int) -> bool:
    """By the roster of the week: a gap in it is told apart."""
    if any(target.kind == "post" and staffed(directory, target.id, now) for target in step.notify):
        return True
    roles = {target.id for target in step.notify if target.kind == "role"}
    persons = [person for person in directory.persons.values() if person.role in roles]
    return any(directory.contacts(one, now) for one in (*directory.told_by(step.notify, now), *persons))


def _roles(policy: Policy, directory: Directory, registry: Registry) -> Iterator[str]:
    """A role that nobody has for a place where the policy is the one that counts."""
    wanted = {target.id for step in policy.steps for target in step.notify if target.kind == "role"}
    for role in sorted(wanted):
        scopes = [set(person.scope) for person in directory.persons.values() if person.role == role]
        if any(not scope for scope in scopes):
            continue
        for place in _places(registry):
            path = {one.id for one in registry.path(place)}
            ours = not policy.match.places or not path.isdisjoint(policy.match.places)
            if ours and all(path.isdisjoint(scope) for scope in scopes):
                yield f"policy {policy.id}: nobody of the role {role} has the place {place!r} in scope"


def _bare_places(directory: Directory, registry: Registry, now: int) -> Iterator[str]:
    """Places that are left to the built-in policy although others of their class have one of their own. Where
    no policy speaks of a class at all, the built-in one is meant."""
    for alert_class in PAGED:
        about = [p for p in directory.policies if not p.match.classes or alert_class in p.match.classes]
        about = [p for p in about if not p.match.rules]
        if not about or any(_whole(policy, directory, now) for policy in about):
            continue
        for place in _places(registry):
            path = {one.id for one in registry.path(place)}
            here = [p for p in about if not p.match.places or not path.isdisjoint(p.match.places)]
            for kind in _uncovered(here, place, registry, directory, now):
                yield f"place {place} has no policy for {alert_class.value} of {kind} at every hour"
                break


def _uncovered(
    policies: list[Policy], place: str, registry: Registry, directory: Directory, now: int
) -> Iterator[str]:
    for kind in sorted({device.kind for device in registry.devices.values() if device.place == place}):
        fit = [policy for policy in policies if not policy.match.kinds or kind in policy.match.kinds]
        if not any(not policy.match.hours for policy in fit) and not _all_week(fit, directory, now):
            yield kind


def _whole(policy: Policy, directory: Directory, now: int) -> bool:
    """Whether it takes every place, kind and hour of its classes."""
    match = policy.match
    return not (match.places or match.kinds) and (not match.hours or _all_week([policy], directory, now))


def _all_week(policies: list[Policy], directory: Directory, now: int) -> bool:
    moments = range(now - now % HALF_HOUR, now + WEEK, HALF_HOUR)
    return bool(policies) and all(
        any(not p.match.hours or directory.within(p.match.hours, moment) for p in policies)
        for moment in moments
    )


def _places(registry: Registry) -> Iterable[str]:
    """Where there is anything that could raise an alert."""
    return dict.fromkeys(device.place for device in registry.devices.values() if device.id != OWN)
