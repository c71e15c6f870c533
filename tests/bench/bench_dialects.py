"""Touches. What decoding costs: the messages of every dialect (tests/fakes/messages.py), each decoded alone.

Asked for are ≤ 5 µs at the median for dialects of JSON and ≤ 60 µs with a template. Measured is
Decoder.decode as a whole (look-up of the topic, guard, decoding) in processor time, in batches of 1,000; of
the rounds the least, since other programs run too. A round is one batch of every message, so that a busy
second does not strike one dialect alone.
"""

import gc
import statistics
import time

from ingest.decode import Decoder
from ingest.message import Message
from tests.fakes.messages import NOW, TALKS, Nowhere, decoder, hear, refused

BATCH, ROUNDS = 1000, 9
LIMIT, LIMIT_TEMPLATE = 5.0, 60.0  # µs
TEMPLATED = "node2/"  # topics of the approved device with templates

Heard = tuple[str, str, bytes]  # dialect, topic, payload


def dialects() -> None:
    heard = [(name, topic, payload) for name in TALKS for topic, payload, _ in TALKS[name].messages]
    heard = [one for one in heard if not refused(hear(decoder(one[0]), *one[1:]))]
    costs = _costs(heard)
    json_alone = [cost for one, cost in costs.items() if one[2][:1] in (b"{", b"[") and not _templated(one)]
    for name in TALKS:
        plain = {one: cost for one, cost in costs.items() if one[0] == name and not _templated(one)}
        templates = {one: cost for one, cost in costs.items() if one[0] == name and _templated(one)}
        _tell(name, plain)
        if templates:
            _tell(f"{name}, templates", templates)
    middle, ninth = statistics.median(json_alone), sorted(json_alone)[len(json_alone) * 9 // 10]
    print(
        f"all messages of JSON: median {middle:.1f} µs (limit {LIMIT:.0f}), nine in ten {ninth:.1f} µs; "
        f"with templates the limit is {LIMIT_TEMPLATE:.0f}"
    )


def _templated(one: Heard) -> bool:
    return one[1].startswith(TEMPLATED)


def _costs(heard: list[Heard]) -> dict[Heard, float]:
    """µs of each message."""
    decoders = {one: decoder(one[0]) for one in heard}
    costs = dict.fromkeys(heard, float("inf"))
    gc.disable()  # it would run in whichever batch it likes
    for _ in range(ROUNDS):
        for one, by in decoders.items():
            costs[one] = min(costs[one], _cost(by, *one[1:]))
    gc.enable()
    return costs


def _cost(by: Decoder, topic: str, payload: bytes) -> float:
    """µs a message."""
    messages = [Message(Nowhere(), topic, payload, NOW) for _ in range(BATCH)]
    started = time.process_time()
    for message in messages:
        by.decode(message)
    return (time.process_time() - started) / BATCH * 1e6


def _tell(name: str, costs: dict[Heard, float]) -> None:
    (_, topic, payload), worst = max(costs.items(), key=lambda one: one[1])
    print(
        f"{name:24} median {statistics.median(costs.values()):5.1f} µs   "
        f"dearest {worst:5.1f} µs: {len(payload)} bytes at {topic[:50]}",
        flush=True,
    )
