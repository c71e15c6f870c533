"""Thinks. What a proposal says otherwise than the one that a person approved.

Only what the approval reads is compared: what a person left out, or gave a metric by hand, is no change. An
entity is what its config topic says, so one that is proposed no more is told too.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ingest.dialects.homeassistant.definition import EntityDocument

_SAME = ("state_topic", "platform", "device_class", "unit", "value_template", "payload_on", "payload_off",
         "off_delay", "expire_after")  # fmt: skip


def changes(approved: Mapping[str, Any], proposed: Mapping[str, Any]) -> Iterator[str]:
    """A few words for each difference; both as documents."""
    now, entities = proposed.get("entities", {}), approved.get("entities")
    for name, before in entities.items() if isinstance(entities, dict) else ():
        if name not in now:
            yield f"{name} is proposed no more"
            continue
        try:
            was, is_ = (msgspec.convert(one, EntityDocument) for one in (before, now[name]))
        except msgspec.ValidationError:
            continue  # stored by another version: `tocsin check` tells
        for field in _SAME:
            old, new = getattr(was, field), getattr(is_, field)
            if old != new and not (was.metric and field in ("platform", "device_class")):
                yield f"{name}: {field} was {_shown(old)}, now {_shown(new)}"
    old, new = _topics(approved), _topics(proposed)
    if old and old != new:
        yield f"availability was {', '.join(sorted(old))}, now {', '.join(sorted(new)) or 'none'}"


def _topics(document: Mapping[str, Any]) -> set[str]:
    return {str(way.get("topic")) for way in document.get("availability", ()) if isinstance(way, dict)}


def _shown(value: Any) -> str:
    return "none" if value in (None, "") else repr(value)[:80]
