"""Touches. One message on its way into a batch: read, recognised, supervised, sifted; or for the tray."""

from ingest.message import Message
from ingest.reading import Decoded, Parts, Reading, Rejected
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
    stranger = house.decoder.strangers.get(decoded.device)
    if stranger is None:
        _supervise(house, decoded, moment, into.readings)
        into.readings += house.floods.sift(decoded.device, decoded.readings, moment)
        into.devices.add(decoded.device)
        return
    judged = house.tray.hear(stranger, decoded, moment, house.registry.root.id)
    if judged and house.registry.device(stranger.id) is not None:
        judged = house.floods.sift(stranger.id, judged, moment)
    if house.tray.urgent:
        house.admit()
    into.readings += judged
    into.devices.update(reading.device for reading in judged)


def _supervise(house: House, decoded: Decoded, moment: int, readings: list[Reading]) -> None:
    supervision = house.supervision
    readings += supervision.due(moment)
    if decoded.alive:
        if house.unreadable.standing:
            readings += house.unreadable.understood(decoded.device, house.registry, moment)
        readings += supervision.hear(decoded.device, moment)
        house.latest.hear(decoded.device, moment)
        readings += house.gaps.hear(decoded, moment)
        readings += house.clocks.hear(decoded, moment)
        if decoded.interval is not None:
            readings += supervision.expect(decoded.device, decoded.interval, moment)
    else:
        for reading in decoded.readings:
            if reading.metric == "link":
                readings += supervision.link(decoded.device, reading.value, moment)
    if house.blind.open:
        house.blind.look(decoded.readings, house.latest.value)
