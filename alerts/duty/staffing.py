"""Thinks. Whether people and posts are fit to be told: numbers, names, and the gaps of the week to come."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from difflib import get_close_matches

from alerts.delivery.channels.addresses import unfit
from alerts.duty.hours import local_day
from alerts.duty.people import Directory, Person
from alerts.duty.rota import Watch
from ingest.campus.registry import Registry

AHEAD = 7 * 86_400_000  # ms in which a gap, or a number that runs out, is told before it comes
NAMED = 3  # so many gaps of a post are told one by one


def gaps(directory: Directory, post: str, start: int, end: int) -> list[Watch]:
    """When nobody who can be told is on duty, by the roster as it stands now."""
    found: list[Watch] = []
    for watch in directory.rotas[post].watches(start, end):
        if any(directory.reachable(one, watch.start) for one in watch.who):
            continue
        if found and found[-1].end == watch.start:
            found[-1] = Watch(found[-1].start, watch.end, ())
        else:
            found.append(Watch(watch.start, watch.end, watch.who))
    return found


def staffed(directory: Directory, post: str, now: int) -> bool:
    """Whether anybody can be told there in the week to come."""
    if post not in directory.rotas:
        return False
    watches = directory.rotas[post].watches(now, now + AHEAD)
    return any(directory.reachable(one, watch.start) for watch in watches for one in watch.who)


def people_problems(directory: Directory, registry: Registry, now: int) -> Iterator[str]:
    """A sentence for each thing that keeps a person or a post from being told."""
    for person in directory.persons.values():
        yield from (f"person {person.id} {said}" for said in _person(person, directory, registry, now))
    for team in directory.teams.values():
        if not team.members:
            yield f"team {team.id} has nobody in it"
        yield from _strangers(f"team {team.id}", team.members, directory)
    for post in directory.posts.values():
        yield from _strangers(f"post {post.id}", post.named, directory)
        if not post.named and not directory.ics(post):
            yield f"post {post.id} has nobody in it"
        elif directory.rotas[post.id].shifted:
            yield from _gaps(directory, post.id, now)


def _person(person: Person, directory: Directory, registry: Registry, now: int) -> Iterator[str]:
    if not person.contacts:
        yield "has no contact and cannot be told"
    today = local_day(now, directory.clock).isoformat()
    soon = local_day(now + AHEAD, directory.clock).isoformat()
    for contact in person.contacts:
        if not directory.usable(contact.channel):
            yield f"has a contact on {contact.channel!r}: the settings name no channel {contact.channel!r}"
        if contact.until and contact.until < today:
            yield f"cannot be told on {contact.channel} any more: the number expired on {contact.until}"
        elif contact.until and contact.until <= soon:
            yield f"can be told on {contact.channel} only until {contact.until}: the number expires"
    yield from misaddressed(person, directory)
    for place in person.scope:
        if place not in registry.places:
            yield f"has the scope {place!r}, and there is no such place{near(place, registry.places)}"


def misaddressed(person: Person, directory: Directory) -> Iterator[str]:
    """The contacts that a channel would refuse."""
    for contact in person.contacts:
        if why := unfit(directory.kinds.get(contact.channel, ""), contact.address):
            yield f"cannot be told on {contact.channel!r}: {why}"


def _strangers(where: str, members: Iterable[str], directory: Directory) -> Iterator[str]:
    for member in members:
        if member not in directory.persons:
            yield f"{where}: there is no person {member!r}{near(member, directory.persons)}"


def _gaps(directory: Directory, post: str, now: int) -> Iterator[str]:
    found = gaps(directory, post, now, now + AHEAD)
    for start, end, who in found[:NAMED]:
        what = f"{', '.join(who)} cannot be told" if who else "nobody is on duty"
        yield f"post {post}: {what} from {_when(start, directory)} to {_when(end, directory)}"
    if len(found) > NAMED:
        yield f"post {post}: and {len(found) - NAMED} more gaps in the next 7 days"


def _when(moment: int, directory: Directory) -> str:
    return datetime.fromtimestamp(moment / 1000, directory.clock).strftime("%Y-%m-%d %H:%M")


def near(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""
