"""Touches. One message on its way into a batch: read, recognised, supervised, sifted; or for the tray."""

from ingest.campus.device import Device
from ingest.message import Message
from ingest.reading import Decoded, Parts, Rejected
from tocsin.house import House, Prepared


def take_in(house: House, into: Prepared, message: Message) -> None:
    """What one message adds to a batch."""
    result = house.decoder.decode(message)
    if isinstance(result, Decoded):
        if house.seen.is_new(message, result):
            _take(house, into, result, message.received)
    elif isinstance(result, Rejected):
        _refuse(house, into, [result])
    elif isinstance(result, Parts):
        into.replies += result.replies
        for announced in result.announced:
            house.tray.announce(announced, message.received)
        if house.decoder.renamed:
            house.decoder.renamed = False
            house.renamed()
        for decoded in house.seen.new_among(message, result.heard):
            _take(house, into, decoded, message.received)
        _refuse(house, into, result.rejected)


def _refuse(house: House, into: Prepared, rejected: list[Rejected]) -> None:
    into.rejected += rejected
    for one in rejected:
        found = house.unreadable.refused(one, house.registry)
        into.readings += found
        into.devices.update(reading.device for reading in found)


def _take(house: House, into: Prepared, decoded: Decoded, moment: int) -> None:
    name, readings, supervision = decoded.device, into.readings, house.supervision
    if (stranger := house.decoder.strangers.get(name)) is not None:
        _meet(house, into, stranger, decoded, moment)
        return
    readings += supervision.due(moment)
    if decoded.alive:
        if house.unreadable.standing:
            readings += house.unreadable.understood(name, house.registry, moment)
        readings += supervision.hear(name, moment)
        house.latest.hear(name, moment)
        readings += house.gaps.hear(decoded, moment)
        readings += house.clocks.hear(decoded, moment)
        if decoded.interval is not None:
            readings += supervision.expect(name, decoded.interval, moment)
    else:
        for reading in decoded.readings:
            if reading.metric == "link":
                readings += supervision.link(name, reading.value, moment)
    if house.blind.open:
        house.blind.look(decoded.readings, house.latest.value)
    readings += house.floods.sift(name, decoded.readings, moment)
    into.devices.add(name)
    if name in house.registry.take_buttons:
        into.presses += house.fingers.press(decoded, moment, house.all_since())


def _meet(house: House, into: Prepared, stranger: Device, decoded: Decoded, moment: int) -> None:
    """What somebody says whom nobody has registered."""
    judged = house.tray.hear(stranger, decoded, moment, house.registry.root.id)
    if judged and house.registry.device(stranger.id) is not None:
        judged = house.floods.sift(stranger.id, judged, moment)
    if house.tray.urgent:
        house.admit()
    into.readings += judged
    into.devices.update(reading.device for reading in judged)
