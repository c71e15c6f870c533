"""Touches. `tocsin send-test`: tries a person's contacts or a channel, and says in words what came of it."""

import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from alerts.delivery import channels, trials
from alerts.delivery.channels.channel import Channel, ChannelError
from alerts.delivery.send_test import Tested, send_test
from alerts.delivery.tested import PATIENCE, WAITED_FOR, WELL, Stage, sentence, stage
from alerts.duty.people import Directory
from ingest.bilingual import told
from tocsin import clock
from tocsin.config import Settings

if TYPE_CHECKING:
    from tocsin.run import Tocsin

LOOK = 0.2  # seconds


def attempt(target: str, known: Mapping[str, Channel], directory: Directory) -> list[Tested]:
    """At rest: one try for each contact of a person, or one for a channel. Raises ValueError for an unknown
    name."""
    now, patience = clock.now(), PATIENCE / 1000
    _known(target, known, directory)
    person = directory.persons.get(target)
    if person is None:
        return [send_test(known[target], "", "", "en", now, patience)]
    tested = []
    for contact in person.contacts:
        if contact.channel in known:
            door = known[contact.channel]
            tested.append(send_test(door, person.id, contact.address, person.language, now, patience))
        else:
            tested.append(Tested(False, f"{contact.channel}: there is no such channel in the configuration"))
    return tested


def followed(tocsin: "Tocsin", target: str) -> list[Tested]:
    """With a service running: through its outbox, until each has arrived, has failed once, or its time is
    over."""
    directory, now = tocsin.house.directory, tocsin.now()
    _known(target, tocsin.channels, directory)
    person, channel = (target, "") if target in directory.persons else ("", target)
    rows = trials.doors(directory, person, channel)
    try:
        owed = tocsin.writer.transact(lambda tx: trials.begin(tx, rows, now)).result(60)
    except trials.TooSoon:
        why = f"{target} was tried less than {trials.GAP // 1000} s ago, or too much this hour"
        raise ValueError(why) from None
    tocsin.delivery.send(owed)
    while True:
        with tocsin.database.read() as conn:
            found, at = trials.of(conn, owed), tocsin.now()
        if not any(stage(one, at) in WAITED_FOR - {Stage.AGAIN} for one in found):
            return [Tested(stage(one, at) in WELL, told(sentence(one, at), "en")) for one in found]
        time.sleep(LOOK)


def _known(target: str, known: Collection[str], directory: Directory) -> None:
    person = directory.persons.get(target)
    if person is None and target not in known:
        names = ", ".join([*directory.persons, *(n for n in known if n != "null")])
        raise ValueError(f"there is no person or channel {target!r}; there are: {names or 'none yet'}")
    if person is not None and not person.contacts:
        raise ValueError(f"{target} has no contacts")


def channels_at_rest(settings: Settings) -> Mapping[str, Channel]:
    """The channels without a running service: those that need the broker's session say so."""
    return channels.build(settings.channels, _nobody_publishes, lambda moment: None, clock.now)


def _nobody_publishes(topic: str, payload: bytes, retain: bool) -> Future[None]:
    future: Future[None] = Future()
    why = "the service is not running, and this channel goes over its broker session"
    future.set_exception(ChannelError(why, False, zh="服务没有运行，而此通道要经由它的消息连接"))
    return future
