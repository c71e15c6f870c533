"""Thinks. Whose topic it is, where more than one device could be meant.

A registered device keeps its topic, whatever somebody has approved or mapped: what nobody registered never
takes it away. Two registered devices on one topic would tell one fact twice, so `clashes` has that refused. A
last will is meant for several (a bridge's for whatever hangs on it): `each` lets all of them hear it.
"""

from collections.abc import Callable, Iterable, Iterator

from msgspec.structs import replace

from ingest.campus.device import Device, address_of
from ingest.dialects.dialect import MANY, Dialect, Known, Result, Said, rejected
from ingest.reading import Decoded, Parts, Reason, Rejected

Guard = Callable[[str, bytes], tuple[Reason, str] | None]
Route = tuple[Guard, Callable[[Said], Result], str, str, Device, Known]
Door = tuple[str, Dialect, Known]
Found = tuple[str, Dialect, Known, tuple[str, ...]]


def below(base: str, topic: str) -> str | None:
    """The topic below a base; None where it is not."""
    if not base:
        return topic
    return topic[len(base) + 1 :] if topic.startswith(base + "/") else None


def claimed(doors: Iterable[Door], topic: str, nobody: Device) -> tuple[list[Route], Found | None]:
    """The routes of the registered devices that a topic is of; and the first door that reads it at all.

    They are several only where one of them is defined by a person: of the others the first door counts.
    """
    claims: list[Route] = []
    first: Found | None = None
    for base, dialect, known in doors:
        rest = below(base, topic)
        candidates = None if rest is None else dialect.addresses(rest, known)
        if rest is None or candidates is None:
            continue
        first = first or (rest, dialect, known, candidates)
        owner = next(((a, device) for a in candidates if a and (device := known.registered(a))), None)
        if owner is None and MANY[0] in candidates and (claims or known.definitions):
            owner = "", nobody
        if owner is not None:
            claims.append((dialect.guard, dialect.decode, rest, *owner, known))
            if not known.definitions:
                break
    return claims, first


def each(claims: list[Route], learn: Callable[[Known, Parts], None]) -> Route:
    """A route on which every one of them is asked."""

    def decode(said: Said) -> Result:
        whole = Parts()
        for guard, read, rest, address, device, known in claims:
            one = replace(said, rest=rest, address=address, device=device, known=known)
            trouble = guard(rest, said.payload)
            result = read(one) if trouble is None else rejected(*trouble, one)
            if isinstance(result, Parts):
                learn(known, result)
                whole.heard += result.heard
                whole.rejected += result.rejected
                whole.announced += result.announced
                whole.replies += result.replies
            elif isinstance(result, Decoded):
                whole.heard.append(result)
            elif isinstance(result, Rejected):
                whole.rejected.append(result)
        whole.heard = [one for one in whole.heard if one.device]
        return whole

    *_, rest, address, device, known = claims[0]
    return (lambda *_: None), decode, rest, address, device, known


def clashes(devices: Iterable[Device], doors: list[Door]) -> Iterator[str]:
    """A sentence for each registered device that has a topic which is another's by another dialect."""
    told: set[tuple[str, str]] = set()
    for device in devices:
        address = address_of(device)
        for base, dialect, known in doors:
            if device.dialect != dialect.NAME:
                continue
            for rest in dialect.filters(address.removeprefix(base + "/") if base else address, known):
                topic = f"{base}/{rest}" if base else rest
                if "+" in topic or "#" in topic:
                    continue
                for other in _others(topic, device, doors):
                    pair = min(device.id, other.id), max(device.id, other.id)
                    if pair not in told:
                        told.add(pair)
                        yield _sentence(device, other, topic)


def _others(topic: str, device: Device, doors: list[Door]) -> Iterator[Device]:
    for base, dialect, known in doors:
        rest = below(base, topic)
        if rest is None or device.dialect == dialect.NAME:
            continue
        for address in dialect.addresses(rest, known) or ():
            other = known.registered(address) if address else None
            if other is not None and "gateway" not in (other.kind, device.kind):  # its last will is theirs
                yield other
                break


def _sentence(device: Device, other: Device, topic: str) -> str:
    by = f"{other.dialect} {address_of(other)!r}"
    return (
        f"device {device.id!r}: its topic {topic!r} is that of device {other.id!r} already ({by}); one thing "
        f"on a wall is registered once, or one fire is two alerts: leave out one of the two"
    )
