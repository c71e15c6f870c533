"""Touches. `python -m tests.fuzz.stall [DIALECT …]`: the dearest messages we can think of, up to 64 KB each.

A fuzzer finds odd shapes and rarely big ones. Here each message of the table is blown up to the limit of a
payload at every place: long texts and numbers, many keys, many entries, deep lists; long topics too.
"""

import copy
import json
import sys
import time
from collections.abc import Iterator
from itertools import product
from typing import Any

from ingest.guard import MAX_BYTES
from tests.fakes.messages import TALKS, decoder, hear
from tests.fuzz.judge import wrong
from tests.fuzz.target import STALL

ROOM = MAX_BYTES - 4500  # for the rest of the message
MOST_KEYS = 4000  # the guard refuses more fields
TEXTS = ("9", "a", " ", "-", "_", "0.", "%", "{", "\\", "é", "警", "a b", "1e", "00:", "+08", "alarm ", "[1]",
         "/", "@@", "@@\1\0\1\1", "\n", "a\n", "\xff")  # fmt: skip
JSON_TEXT = '{"a":1,"b":[1,2]} '
Shape = tuple[str, bytes]  # how it was made, and the payload


def shapes(payload: bytes) -> Iterator[Shape]:
    try:
        body = json.loads(payload)
    except ValueError:
        body = None
    if isinstance(body, dict | list):
        for path in (*_paths(body), ()):
            yield from _blown_up(body, path)
    for text in TEXTS:
        yield f"{text!r} only", (text * ROOM).encode()[:MAX_BYTES]
    yield "payload repeated", (payload * (MAX_BYTES // max(1, len(payload))))[:MAX_BYTES]
    yield "deep", b"[" * 16 + b"1," * 2000 + b"1" + b"]" * 16
    yield "zeros", bytes(MAX_BYTES)
    yield "ones", b"\xff" * MAX_BYTES


def _paths(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key in body if isinstance(body, dict) else range(len(body)):
        yield (*path, key)
        if isinstance(body[key], dict | list):
            yield from _paths(body[key], (*path, key))


def _blown_up(body: Any, path: tuple[Any, ...]) -> Iterator[Shape]:
    here = _at(body, path)
    size = max(2, len(json.dumps(here)) + 2)
    many = [here] * min(ROOM // size, MOST_KEYS // (1 + sum(map(json.dumps(here).count, ":,"))))
    yield f"{path} as a list of {len(many)}", _with(body, path, many)
    for text in (*TEXTS, JSON_TEXT):
        yield f"{path} of {text!r}", _with(body, path, text * (ROOM // len(text.encode()) // 2))
    yield f"{path} of digits", _with(body, path, int("9" * 4000))
    deep: Any = [1] * 2000
    for _ in range(10):
        deep = [deep]
    yield f"{path} deep", _with(body, path, deep)
    if isinstance(here, dict) and here:
        for joint in ("", "_", ":", " "):
            keys, share = list(here.items()), MOST_KEYS // len(here) // (1 + json.dumps(here).count(":"))
            more = {f"{key}{joint}{n}": value for n in range(max(share, 3)) for key, value in keys}
            yield f"{path} keys x {joint!r}", _with(body, path, here | more)
    yield f"{path} many keys", _with(body, path, {f"k{n}": n for n in range(MOST_KEYS // 2)})


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        body = body[key]
    return body


def _with(body: Any, path: tuple[Any, ...], value: Any) -> bytes:
    if not path:
        return json.dumps(value, ensure_ascii=False).encode()
    changed = copy.deepcopy(body)
    _at(changed, path[:-1])[path[-1]] = value
    return json.dumps(changed, ensure_ascii=False).encode()


def topics(topic: str) -> Iterator[str]:
    levels = topic.split("/")
    for at in range(len(levels)):
        for text, length in product((*TEXTS, "a/"), (500, 30_000)):
            long = text * (length // len(text.encode()))
            yield "/".join([*levels[:at], long, *levels[at + 1 :]])


def messages(name: str) -> Iterator[tuple[str, str, bytes]]:
    """How it was made, topic and payload."""
    for topic, payload, _ in TALKS[name].messages:
        for made, blown in shapes(payload):
            if len(blown) <= MAX_BYTES:
                yield made, topic, blown
        for long in topics(topic):
            yield f"topic of {len(long)} characters", long, payload


def dearest(name: str) -> tuple[float, str, int]:
    """Seconds, what it was, its bytes; of registered devices and of strangers, each at its second coming."""
    found = (0.0, "", 0)
    for stranger in (False, True):
        by = decoder(name, strangers=stranger)
        for made, topic, payload in messages(name):
            took = _least(by, topic, payload)
            if took > found[0]:
                found = (took, f"{topic[:60]!r} {made[:60]}", len(payload))
    return found


def _least(by: Any, topic: str, payload: bytes) -> float:
    least = 1e9
    for attempt in range(3):
        started = time.process_time()
        result = hear(by, topic, payload)
        least = min(least, time.process_time() - started)
        if attempt == 0 and (trouble := wrong(result)) is not None:
            raise SystemExit(f"{trouble} at {topic[:100]!r}: {payload[:100]!r}")
        if least < STALL / 50:
            break
    return least


def main(names: list[str]) -> int:
    slow = 0
    for name in names or TALKS:
        took, what, size = dearest(name)
        slow += took > STALL
        print(f"{name:16} {took * 1000:7.2f} ms {size:6} bytes  {what}", flush=True)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
