"""Touches. What happens to a batch of messages, and to the passing of time. Read this page first.

    message ─▶ prepare: decode ─▶ seen? ─▶ supervision      once a message, never repeated
            ─▶ think:   due deadlines ─▶ evaluate            pure; rolled back when the commit fails
            ─▶ write:   quarantine · desk · rule memory · spool   one transaction

A batch is only a commit boundary: every reading carries its own receive moment and every deadline due at or
before it fires first, so the verdicts are the same however messages fall into batches.
"""

from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from alerts.desk import Outcome
from ingest import pending, quarantine, spool
from ingest.campus.device import OWN
from ingest.message import Message
from ingest.reading import Reading, Reason, Rejected
from rules import shadowstore, store
from rules.evaluate import Failure, due, judge
from rules.vanish import orphaned
from rules.verdict import Verdict
from tocsin.hand_over import apply_all, apply_each, apply_presses
from tocsin.house import House, Prepared
from tocsin.intake import take_in

log = structlog.get_logger("tocsin.pipeline")


def prepare(
    house: House, into: Prepared, messages: Sequence[Message], reports: Sequence[Reading], now: int
) -> None:
    """What messages say, and what is due by `now` whether or not any came."""
    read(house, into, messages)
    if reports:
        house.supervision.lines(reports)
    found = [
        *house.supervision.due(now),
        *house.tray.due(now, house.registry.root.id),
        *house.floods.due(now),
        *reports,
        *house.blind.lines(reports),
        *house.blind.due(now),
    ]
    if house.tray.urgent:
        house.admit()
    into.readings += found
    into.devices.update(reading.device for reading in found)
    into.moment = now


def read(house: House, into: Prepared, messages: Sequence[Message]) -> None:
    """Read messages into readings. Runs once for each message: what it remembers is not rolled back."""
    for message in messages:
        into.messages.append(message)
        if house.is_copy(message):
            continue
        try:
            take_in(house, into, message)
        except Exception as error:  # our own failure on one message must not take the others with it
            log.exception("a message could not be read", topic=message.topic)
            sample = message.payload[:512]
            into.rejected.append(
                Rejected(Reason.FAILED, repr(error)[:500], message.topic, sample, message.received)
            )
    if messages and (said := house.blind.hear(messages[-1].source.name, messages[-1].received)):
        into.readings += said
        into.devices.add(OWN)


def think(house: House, prepared: Prepared) -> None:
    """What the readings not yet thought of mean, and what time alone has made true by `prepared.moment`."""
    rules, memories, registry, baselines = house.rules, house.memories, house.registry, house.baselines
    verdicts, readings = prepared.verdicts, prepared.readings[prepared.thought :]
    failures: list[Failure] = []  # they must not stop the others' alarms
    verdicts += judge(rules, memories, readings, registry, failures, baselines)
    prepared.thought = len(prepared.readings)
    verdicts += due(rules, memories, prepared.moment, registry, failures, baselines)
    if any(one.shadow for one in verdicts):  # it is recorded, and nobody hears of it
        prepared.shadowed += [one for one in verdicts if one.shadow]
        verdicts[:] = [one for one in verdicts if not one.shadow]
    for failure in failures:
        log.error("a rule failed", rule=failure.rule, point=failure.point, exc_info=failure.error)
        prepared.failed.append(f"the rule {failure.rule} failed on {failure.point}: {failure.error!r}"[:500])


def write(
    house: House, tx: Connection, prepared: Prepared, now: int, each: bool = False
) -> tuple[Outcome, list[Verdict]]:
    """Everything the batch leaves behind, in one transaction; and the verdicts the desk failed on.

    `each`: the desk failed on the batch before, so every fact is tried alone.
    """
    if prepared.rejected:
        quarantine.keep_all(tx, prepared.rejected, house.quarantine_rows)
    if house.decoder.news:
        pending.save_learned(tx, house.decoder.news)
    if house.tray.urgent:
        pending.save(tx, house.tray)
    hand_over = apply_each if each else apply_all
    gone = orphaned(prepared.verdicts, house.rules, house.memories, now)  # by an act of this transaction
    outcome, unheard = hand_over(house, tx, [*prepared.verdicts, *gone], now)
    if prepared.presses:
        outcome = outcome.joined(apply_presses(house, tx, prepared.presses, now))
    shadowstore.keep(tx, prepared.shadowed)
    store.save(tx, house.memories)
    if prepared.readings:
        spool.append(tx, house.position + 1, prepared.moment, prepared.readings, house.seen.stored())
    return outcome, unheard
