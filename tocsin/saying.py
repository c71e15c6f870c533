"""Thinks. What one message would say to us, in words: for `tocsin decode`."""

from collections.abc import Iterator, Sequence

from ingest.bilingual import told
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Parts, Rejected
from ingest.settings import BrokerSettings


class _Nobody:
    """The sender of a message that nobody sent."""

    name = "decode"

    def settle(self, messages: Sequence[Message]) -> None:
        pass


def said(registry: Registry, settings: BrokerSettings, topic: str, payload: bytes, now: int) -> Iterator[str]:
    """A line for each reading of a message, or one that says why it has none."""
    decoder = Decoder(registry, settings)
    result = decoder.decode(Message(_Nobody(), topic, payload, now))
    if isinstance(result, Rejected):
        yield _why(result)
    elif isinstance(result, Decoded):
        yield from _heard(result, decoder)
    elif isinstance(result, Parts):
        for heard in result.heard:
            yield from _heard(heard, decoder)
        yield from map(_why, result.rejected)
        for one in result.announced:
            words = " ".join(filter(None, (one.name, one.model)))
            yield f"announces {one.address}: {one.kind or 'of no kind that is known'}  {words}".rstrip()
        yield from (f"is remembered for later messages: {key}" for key in result.learned)
        yield from (f"is answered on {topic}" for topic, _ in result.replies)
    else:
        yield "understood, and means nothing to Tocsin"


def _why(rejected: Rejected) -> str:
    return f"rejected as {rejected.reason}: {rejected.detail}"


def _heard(heard: Decoded, decoder: Decoder) -> Iterator[str]:
    stranger = decoder.strangers.get(heard.device)
    who = f"unregistered {stranger.address}" if stranger else f"device {heard.device}"
    yield f"{who}: {len(heard.readings)} readings{'' if heard.alive else '; no sign of life'}"
    for reading in heard.readings:
        note = f"  ({told(reading.note, 'en')})" if reading.note else ""
        yield f"  {reading.metric} = {reading.value}  [time: {reading.time_quality}]{note}"
