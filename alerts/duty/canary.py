"""Thinks. The canary: once a shift one test alert goes the whole way to whoever is on duty, and back.

Which posts are owed one now; what the message says; and what makes an alert of it that tells one person only.
A shift begins where the persons on duty change. Where they have been the same for a day, because there are no
shifts or one lasts long, one is owed a day at a set time.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.alert import Acknowledgement, Alert, Mode
from alerts.duty.hours import local_day, moment
from alerts.duty.people import CANARY, Directory, Target
from alerts.duty.policy import NULL
from alerts.duty.rota import Rota
from ingest.campus.device import OWN

DAY = 86_400_000
LATE = 2 * 3_600_000  # ms: nobody is tried hours after their shift began, when they may be asleep
_SAID = re.compile(r"(\d{1,15}) (\d{1,15}) (\S.*)")


class Plan(msgspec.Struct, frozen=True):
    """`after` the begin of a shift (ms) it goes, and `within` (ms) something must prove that it arrived.
    `daily`: minutes since midnight, where no shift begins. `posts`: these only; none for all."""

    on: bool = True
    after: int = 600_000
    within: int = 1_800_000
    daily: int = 540
    posts: tuple[str, ...] = ()


class Owed(msgspec.Struct, frozen=True):
    """A post that has had no canary for the shift that began at `shift` (ms). `person` is "" where nobody on
    duty can be told now; `late` where its time has passed."""

    post: str
    shift: int
    person: str
    late: bool = False


class Said(msgspec.Struct, frozen=True):
    """What the message of a canary carries: its number, until when (ms) an answer counts, and for whom."""

    number: int
    until: int
    person: str

    def __str__(self) -> str:
        return f"{self.number} {self.until} {self.person}"


def read(text: str) -> Said | None:
    found = _SAID.fullmatch(text)
    return Said(int(found[1]), int(found[2]), found[3]) if found else None


def reaches_persons(directory: Directory, now: int) -> bool:
    """Whether anybody could be told at all: until then there is nothing to try."""
    people = directory.persons.values()
    return any(one.channel != NULL for person in people for one in directory.contacts(person, now))


def due(directory: Directory, plan: Plan, now: int) -> Iterator[Owed]:
    """For each post, the shift whose canary has its time by now; whether it has had it the record tells."""
    if not plan.on or not reaches_persons(directory, now):
        return
    for post, rota in directory.rotas.items():
        if plan.posts and post not in plan.posts:
            continue
        shift = begun(rota, plan.daily, directory.clock, now)
        if shift is not None and shift + plan.after <= now:
            late = now > shift + plan.after + LATE
            yield Owed(post, shift, _first(directory, post, now), late)


def unknown(found: Iterable[Owed], known: Mapping[str, int], since: int) -> list[Owed]:
    """Those that have had none. `known`: post → the begin of the last shift that had one, or was found to get
    none. A post that never had one begins with the first shift after `since` (ms): neither an installation
    nor an upgrade sends something at once."""
    return [one for one in found if one.shift > known.get(one.post, since)]


def begun(rota: Rota, daily: int, zone: ZoneInfo, now: int) -> int | None:
    """When (ms) the shift began that a canary at `now` is for."""
    watch = rota.watches(now - 2 * DAY, now + 1)[-1]
    shift = watch.start if watch.start > now - 2 * DAY else None
    today = local_day(now, zone)
    at = next(one for back in range(3) if (one := moment(today - timedelta(days=back), daily, zone)) <= now)
    return at if shift is None or at - shift >= DAY else shift


def _first(directory: Directory, post: str, now: int) -> str:
    """The first person on duty there who can be told without being woken."""
    people = directory.told_by((Target("post", post),), now, wake=False)
    return next((person.id for person in people if directory.contacts(person, now)), "")


def marked(alert: Alert, now: int) -> Alert:
    """A new alert, as a canary if it is one: a test from its start, for one person, which waits for an answer
    and ends by itself. One that was under way too long tells nobody."""
    if not is_canary(alert):
        return alert
    said = read(alert.evidence[-1].note) if alert.evidence else None
    if said is None or said.until <= now:
        return msgspec.structs.replace(alert, mode=Mode.TEST)
    return msgspec.structs.replace(
        alert,
        mode=Mode.TEST,
        acknowledgement=Acknowledgement.NO,
        drill_until=said.until,
        drill_people=(said.person,),
    )


def is_canary(alert: Alert) -> bool:
    """A rule about anything else that names this policy must not become a test."""
    return alert.policy == CANARY and alert.device == OWN
