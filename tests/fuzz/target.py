"""Touches. One dialect under the coverage-guided fuzzer: what bytes mean as messages, and what must not be.

An input is one to four messages to a decoder that has just started, so that what one teaches meets the next.
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fakes.messages import TALKS, decoder, hear
from tests.fuzz.judge import wrong

WORK = Path(__file__).parents[2] / ".cache" / "fuzz"
MOST_BYTES = 16_000  # tests/fuzz/stall.py goes to the limit of a payload
MOST_MESSAGES = 4
DEAREST = "dearest message:"
STALL = 0.05  # seconds of processor time for one message
_BETWEEN = b"\x1e\x1e"  # between messages; within one a line break ends the flags and another the topic
_STRANGE: tuple[Any, ...] = (None, True, False, "", "nan", "alarm", "ON", -1, 0, 2**63, 10**30, 1e308, [], {},
                             [[]], "1970-01-01T00:00:00Z", "not alarm")  # fmt: skip


def written(messages: list[tuple[str, bytes]], flags: int = 0) -> bytes:
    return _BETWEEN.join(b"%c\n%b\n%b" % (48 + flags, topic.encode(), body) for topic, body in messages)


def read(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    for one in data.split(_BETWEEN)[:MOST_MESSAGES]:
        flags, _, rest = one.partition(b"\n")
        topic, _, payload = rest.partition(b"\n")
        yield flags[0] if flags else 0, topic.decode("utf-8", "ignore"), payload


def seeds(name: str) -> list[bytes]:
    alone = [(topic, payload) for topic, payload, _ in TALKS[name].messages]
    pairs = [written([first, second]) for first in alone for second in alone[:3]]
    return [*(written([one], flags) for one in alone for flags in (0, 1, 2)), *pairs]


class Failure(Exception):
    """What a finding is about."""


class Target:
    """Runs inputs. Remembers what the dearest message took, in seconds."""

    def __init__(self, name: str) -> None:
        self.name, self.dearest = name, 0.0
        self._fresh = [decoder(name), decoder(name, strangers=True)]

    def run(self, data: bytes) -> None:
        """Raises Failure."""
        for flags, topic, payload in read(data):
            retain, stranger = bool(flags & 1), flags >> 1 & 1
            started = time.process_time()
            found = hear(self._fresh[stranger], topic, payload, retain)
            took = time.process_time() - started
            if took > self.dearest:
                took = min(took, self._again(topic, payload, retain, stranger))
            if took > self.dearest:
                self.dearest = took
                told = f"{took * 1e6:.0f} µs, {len(payload)} bytes: {topic[:40]!r} {payload[:60]!r}"
                print(f"{DEAREST} {told}", flush=True)  # libFuzzer leaves without a word: say it now
            if took > STALL:
                raise Failure(f"{took * 1000:.0f} ms for {len(payload)} bytes at {topic[:100]!r}")
            if (trouble := wrong(found, retain)) is not None:
                raise Failure(f"{trouble} at {topic[:100]!r}: {payload[:200]!r}")
        for number, by in enumerate(self._fresh):
            if by.news or len(by._routes) > 1000:
                self._fresh[number] = decoder(self.name, strangers=bool(number))

    def _again(self, topic: str, payload: bytes, retain: bool, stranger: int) -> float:
        """The least of three: other programs run too."""
        spans = []
        for _ in range(3):
            started = time.process_time()
            hear(self._fresh[stranger], topic, payload, retain)
            spans.append(time.process_time() - started)
        return min(spans)


def swapped(data: bytes, seed: int) -> bytes | None:
    """One value of a JSON payload exchanged for another one; None where there is no JSON."""
    chance = random.Random(seed)
    parts = data.split(_BETWEEN)
    at = chance.randrange(len(parts))
    head, topic, payload = [*parts[at].split(b"\n", 2), b"", b""][:3]
    try:
        body = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict | list) or not body:
        return None
    here = body
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = chance.choice(keys)
        if not (isinstance(here[key], dict | list) and here[key]) or chance.random() < 0.1:
            break
        here = here[key]
    _swap(here, key, chance)
    told = json.dumps(body, ensure_ascii=chance.random() < 0.5).encode("utf-8", "replace")
    parts[at] = b"\n".join((head, topic, told))
    return _BETWEEN.join(parts)


def _swap(here: Any, key: Any, chance: random.Random) -> None:
    way = chance.randrange(4)
    if way == 0:
        here[key] = chance.choice(_STRANGE)
    elif way == 1:
        here[key] = [here[key]] * chance.choice((1, 2, 30))
    elif way == 2 and isinstance(here, dict):
        del here[key]
    elif isinstance(here[key], str):
        here[key] = chance.choice((here[key] * 3, here[key][:-1], here[key].upper(), f" {here[key]}"))
    else:
        here[key] = str(here[key])
