"""Thinks. What one message would say to us, in words: for `tocsin decode`."""

from collections.abc import Iterator

from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Rejected
from ingest.settings import BrokerSettings


class _Nobody:
    """The sender of a message that nobody sent."""

    name = "decode"

    def settle(self, message: Message) -> None:
        pass


def said(registry: Registry, settings: BrokerSettings, topic: str, payload: bytes, now: int) -> Iterator[str]:
    """A line for each reading of a message, or one that says why it has none."""
    result = Decoder(registry, settings).decode(Message(_Nobody(), topic, payload, now))
    if isinstance(result, Rejected):
        yield f"rejected as {result.reason}: {result.detail}"
    elif not isinstance(result, Decoded):
        yield "understood, and means nothing to Tocsin"
    else:
        sign = "" if result.alive else "; no sign of life"
        yield f"device {result.device}: {len(result.readings)} readings{sign}"
        for reading in result.readings:
            note = f"  ({reading.note})" if reading.note else ""
            yield f"  {reading.metric} = {reading.value}  [time: {reading.time_quality}]{note}"
