"""Touches. What decoding costs: the messages of every dialect (tests/fakes/messages.py), each decoded alone.

Asked for are ≤ 5 µs at the median for dialects of JSON and ≤ 60 µs with a template. Measured is
Decoder.decode as a whole (look-up of the topic, guard, decoding) in processor time, in batches of 1,000; of
the rounds the least, since other programs run too.
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


def dialects() -> None:
    gc.disable()  # it would run in whichever batch it likes
    json_alone: list[float] = []
    for name in TALKS:
        costs = {}
        for topic, payload, _ in TALKS[name].messages:
            if not refused(hear(decoder(name), topic, payload)):
                costs[topic, payload] = _cost(decoder(name), topic, payload)
        plain = {one: cost for one, cost in costs.items() if not one[0].startswith(TEMPLATED)}
        json_alone += [cost for (_, payload), cost in plain.items() if payload[:1] in (b"{", b"[")]
        _tell(name, plain)
        if len(plain) < len(costs):
            _tell(f"{name}, templates", {one: cost for one, cost in costs.items() if one not in plain})
    gc.enable()
    middle, ninth = statistics.median(json_alone), sorted(json_alone)[len(json_alone) * 9 // 10]
    print(
        f"all messages of JSON: median {middle:.1f} µs (limit {LIMIT:.0f}), nine in ten {ninth:.1f} µs; "
        f"with templates the limit is {LIMIT_TEMPLATE:.0f}"
    )


def _cost(by: Decoder, topic: str, payload: bytes) -> float:
    """µs a message."""
    messages = [Message(Nowhere(), topic, payload, NOW) for _ in range(BATCH)]
    spans = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for message in messages:
            by.decode(message)
        spans.append(time.process_time() - started)
    return min(spans) / BATCH * 1e6


def _tell(name: str, costs: dict[tuple[str, bytes], float]) -> None:
    (topic, payload), worst = max(costs.items(), key=lambda one: one[1])
    print(
        f"{name:24} median {statistics.median(costs.values()):5.1f} µs   "
        f"dearest {worst:5.1f} µs: {len(payload)} bytes at {topic[:50]}",
        flush=True,
    )
