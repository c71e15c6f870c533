"""Touches. Presses of take buttons reach the desk, each recorded among people's answers with what it did."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, insert

from alerts import naming, store
from alerts.alert import Acknowledged, Alert
from alerts.clean import clean
from alerts.delivery.answering import answer
from alerts.delivery.presses import DOOR, LATE, Press, Result, on_behalf, post_of, taken, via
from alerts.desk import AnyFact, Outcome
from alerts.duty.people import Directory, Person
from alerts.refusal import Refused
from ingest.campus.device import Device
from ingest.campus.registry import Registry

log = structlog.get_logger("alerts.delivery.pressing")


class Hands(NamedTuple):
    """What a press is heard with: `apply` is the desk's door inside this transaction."""

    directory: Directory
    registry: Registry
    apply: Callable[[Sequence[AnyFact]], Outcome]
    now: int


def hear(tx: Connection, presses: Iterable[Press], hands: Hands) -> Outcome:
    outcome = Outcome()
    for press in presses:
        device = hands.registry.devices.get(press.device)
        if device is not None:
            outcome = outcome.joined(_heard(tx, press, device, hands))
    return outcome


def _heard(tx: Connection, press: Press, device: Device, hands: Hands) -> Outcome:
    person = on_behalf(device, hands.directory, press.at)
    late = Result.LATE if hands.now - press.received > LATE else None  # nothing could be written meanwhile
    spoilt = press.spoilt or late or (Result.NOBODY_ON_SHIFT if person is None else None)
    found: list[Alert] = []
    outcome, result = Outcome(), spoilt or Result.NOTHING_OPEN
    if spoilt is None and person is not None:
        found = taken(device, person, press.at, store.all_open(tx), hands.registry)
    if found and person is not None:
        outcome, result = _take(tx, found, device, person, hands)
    _record(tx, press, person, found, result, hands.now)
    return outcome


def _take(
    tx: Connection, found: Sequence[Alert], device: Device, person: Person, hands: Hands
) -> tuple[Outcome, Result]:
    note = _note(device, hands.directory)
    try:
        with tx.begin_nested():
            return hands.apply(
                [Acknowledged(one.id, person.id, via(device), note) for one in found]
            ), Result.TAKE
    except Refused:
        return Outcome(), Result.REFUSED


def _note(device: Device, directory: Directory) -> str:
    """For the timeline: who pressed is not known, and that is said."""
    button, post = naming.name(device), directory.posts[post_of(device)]
    zh = f"由“{button.zh}”代{post.zh or post.en or post.id}当班人员受理"
    en = f"taken at “{button.en}” on behalf of whoever is on shift at {post.en or post.zh or post.id}"
    return clean(f"{zh} / {en}", 300)


def _record(
    tx: Connection, press: Press, person: Person | None, found: Sequence[Alert], result: Result, now: int
) -> None:
    codes = [one.code for one in found]
    log.info("a take button was pressed", button=press.device, result=result.value, alerts=codes)
    tx.execute(
        insert(answer).values(
            channel=DOOR,
            gateway_id=f"{press.device}/{press.received}",
            person=person.id if person else "",
            alert=found[0].id if found else None,
            words=clean(" ".join((press.device, *codes)), 200),
            at=now,
            result=result.value,
        )
    )
