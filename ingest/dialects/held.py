"""Thinks. One metric of which several topics speak: none of them hides what another has said."""

from hashlib import blake2s
from typing import Any

from ingest.dialects.dialect import Known
from ingest.dialects.hazard import CALM, graver
from ingest.value import Value

_LONGEST_KEY = 200  # of what is learned, as it is stored


def held(known: Known, address: str, metric: str, part: str, value: Value, news: dict[str, Any]) -> Value:
    """The gravest of what all parts last said. What is not calm is kept in `news`, to be learned."""
    key = key_of(metric, address)
    before: dict[str, str] = (news[key] if key in news else known.learned.get(key)) or {}
    others = {name: word for name, word in before.items() if name != part}
    word = str(value[0])
    now = others if word in CALM else {**others, part: word}
    if now != before:
        news[key] = now or None
    for name, other in others.items():
        value = graver(value, (other, name))
    return value


def key_of(what: str, address: str) -> str:
    key = f"{what}:{address}"
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{what}:{blake2s(address.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"
