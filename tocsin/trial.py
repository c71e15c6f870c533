"""Touches. `tocsin send-test`: tries a person's contacts or a channel, and says in words what came of it."""

from collections.abc import Mapping
from concurrent.futures import Future

from alerts.delivery import channels
from alerts.delivery.channels.channel import Channel
from alerts.delivery.send_test import Tested, send_test
from alerts.duty.people import Directory
from tocsin import clock
from tocsin.config import Settings


def attempt(target: str, known: Mapping[str, Channel], directory: Directory) -> list[Tested]:
    """One try for each contact of a person, or one for a channel. Raises ValueError for an unknown name."""
    now = clock.now()
    person = directory.persons.get(target)
    if person is None:
        if target not in known:
            names = ", ".join([*directory.persons, *(n for n in known if n != "null")])
            raise ValueError(f"there is no person or channel {target!r}; there are: {names or 'none yet'}")
        return [send_test(known[target], "", "", "en", now)]
    if not person.contacts:
        raise ValueError(f"{target} has no contacts")
    tested = []
    for contact in person.contacts:
        if contact.channel in known:
            tested.append(send_test(known[contact.channel], person.id, contact.address, person.language, now))
        else:
            tested.append(Tested(False, f"{contact.channel}: there is no such channel in the configuration"))
    return tested


def channels_at_rest(settings: Settings) -> Mapping[str, Channel]:
    """The channels without a running service: those that need the broker's session say so."""
    return channels.build(settings.channels, _nobody_publishes, lambda moment: None, clock.now)


def _nobody_publishes(topic: str, payload: bytes, retain: bool) -> Future[None]:
    future: Future[None] = Future()
    future.set_exception(ConnectionError("the service is not running, and this channel goes over its broker"))
    return future
