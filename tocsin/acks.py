"""Touches. Hears what sirens and lamps acknowledge, where a channel asks for it: a broker session of its own.

Without a promise, at QoS 0: an acknowledgement that is missed is one that did not come, and what follows then
is the same. So it takes no place from alarms, and nothing waits for it.
"""

from collections.abc import Callable, Mapping, Sequence

import structlog

from alerts.delivery.channels.acknowledged import Acknowledged
from alerts.delivery.channels.channel import Channel
from ingest.broker import Session
from ingest.message import Message
from ingest.settings import BrokerSettings

log = structlog.get_logger("tocsin.acks")


def session(
    channels: Mapping[str, Channel], broker: BrokerSettings, now: Callable[[], int]
) -> Session | None:
    """None when no channel asks for acknowledgements."""
    asking = [one for one in channels.values() if isinstance(one, Acknowledged)]
    if not asking:
        return None

    def filters() -> Sequence[str]:
        return sorted({topic for one in asking for topic in one.answers_on()})

    def deliver(messages: list[Message]) -> None:
        for message in messages:
            for one in asking:
                one.answered(message.topic, bytes(message.payload))

    def report(metric: str, word: str, note: str) -> None:
        log.info("acknowledgements", metric=metric, word=word, note=note)

    made = Session("acks", broker, filters, deliver, report, now, lasting=False)
    for one in asking:
        one.more = made.resubscribe
    return made
