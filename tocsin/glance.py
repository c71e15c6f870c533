"""Thinks. What life-safety messages mean at first sight, for when a commit hangs and nobody judges them."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Parts
from rules.evaluate import evaluate
from rules.memory import Memories
from rules.ruleset import RuleSet
from rules.verdict import Holds, Verdict


def glance(
    decoder: Decoder, rules: RuleSet, registry: Registry, messages: Iterable[Message]
) -> list[Verdict]:
    """The life-safety verdicts that hold, each message judged with an empty memory: a state may only be
    repeated, an event has happened anew. Nothing is remembered of it: all of them are judged again, in their
    order, once the commit has ended."""
    verdicts: list[Verdict] = []
    for message in messages:
        try:
            verdicts += _at_first_sight(decoder, rules, registry, message)
        except Exception:  # our own failure on one message: `life` brings it too, and then it is said
            continue
    told = [verdict for verdict in verdicts if not verdict.shadow]
    holding = [verdict for verdict in told if verdict.life_safety and verdict.holds is Holds.YES]
    return [replace(one, again=rules.by_id[one.rule].condition.momentary) for one in holding]


def _at_first_sight(
    decoder: Decoder, rules: RuleSet, registry: Registry, message: Message
) -> Iterator[Verdict]:
    result = decoder.decode(message)
    heard = result.heard if isinstance(result, Parts) else [result] if isinstance(result, Decoded) else []
    for reading in (reading for decoded in heard for reading in decoded.readings):
        device = registry.device(reading.device)
        if device is not None:
            yield from evaluate(rules, Memories(), reading, device, registry, [])
