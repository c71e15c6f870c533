"""Thinks. What Home Assistant is told so that our alert states become its entities (MQTT discovery).

One device for Tocsin and one a building. The names of topics and ids follow from the ids of places alone, so
an entity stays the same while texts change.
"""

import re
from collections.abc import Iterator
from hashlib import blake2s
from typing import Any

from alerts.outward.settings import StatesSettings
from alerts.outward.shown import buildings
from ingest.campus.device import Place
from ingest.campus.registry import Registry
from ingest.dialects.homeassistant.discovery import OURSELVES

Config = dict[str, Any]
STALE_AFTER = 120  # seconds without a heartbeat after which Home Assistant calls the service unavailable

# key of the summary → Home Assistant's class, zh, en
_SENSORS = {
    "fire": ("smoke", "火警", "Fire"),
    "alarm": ("safety", "报警", "Alarm"),
    "supervisory": ("problem", "监管", "Supervisory"),
    "trouble": ("problem", "故障", "Trouble"),
    "status": ("", "状态", "Status"),
}
_NUMBERS = {
    "open": ("mdi:bell-alert", "未关闭警情", "Open alerts"),
    "unacknowledged": ("mdi:bell-ring", "未受理警情", "Alerts nobody has taken"),
}


def announcements(settings: StatesSettings, registry: Registry, version: str) -> dict[str, Config]:
    """Config topic → what it says. Empty where Home Assistant is not told."""
    if not settings.homeassistant:
        return {}
    told = [*_of_service(settings), *_of_buildings(settings, registry)]
    origin = {"origin": {"name": OURSELVES, "sw_version": version}}
    return {topic: {**config, **_common(settings), **origin} for topic, config in told}


def wildcards(settings: StatesSettings) -> list[str]:
    """Where announcements of ours may stand, of this start or an earlier one."""
    prefix, node = settings.homeassistant or "homeassistant", node_of(settings)
    return [f"{prefix}/{component}/{node}/+/config" for component in ("sensor", "binary_sensor")]


def node_of(settings: StatesSettings) -> str:
    return slug(settings.base)


def slug(name: str) -> str:
    """An id that Home Assistant takes; other names give other ids."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()
    if plain == name.replace("-", "_"):
        return plain
    return f"{plain}_{blake2s(name.encode(), digest_size=3).hexdigest()}".lstrip("_")


def _common(settings: StatesSettings) -> Config:
    return {
        "availability_topic": f"{settings.base}/availability",
        "payload_available": "online",
        "payload_not_available": "offline",
        "qos": 1,
    }


def _entity(settings: StatesSettings, component: str, name: str, config: Config) -> tuple[str, Config]:
    node = node_of(settings)
    ids = {"unique_id": f"{node}_{name}", "default_entity_id": f"{component}.{node}_{name}"}
    return f"{settings.homeassistant or ''}/{component}/{node}/{name}/config", {**config, **ids}


def _of_service(settings: StatesSettings) -> Iterator[tuple[str, Config]]:
    english, node = settings.language == "en", node_of(settings)
    device = {"identifiers": [node], "name": "Tocsin" if english else "警钟", "manufacturer": OURSELVES}
    for key, (icon, zh, en) in _NUMBERS.items():
        yield _entity(settings, "sensor", key, {
            "name": en if english else zh, "icon": icon, "state_class": "measurement",
            "state_topic": f"{settings.base}/state", "value_template": f"{{{{ value_json.{key} }}}}",
            "json_attributes_topic": f"{settings.base}/state", "device": device,
        })  # fmt: skip
    yield _entity(settings, "binary_sensor", "service", {
        "name": "Not receiving or recording" if english else "接收或记录异常", "device_class": "problem",
        "state_topic": f"{settings.base}/heartbeat", "expire_after": STALE_AFTER,
        "value_template": "{{ 'OFF' if value_json.ready else 'ON' }}", "device": device,
    })  # fmt: skip


def _of_buildings(settings: StatesSettings, registry: Registry) -> Iterator[tuple[str, Config]]:
    english, node = settings.language == "en", node_of(settings)
    for place in buildings(registry):
        shown = _name(place, english)
        device = {"identifiers": [f"{node}_{slug(place.id)}"], "name": shown, "suggested_area": shown,
                  "manufacturer": OURSELVES, "via_device": node}  # fmt: skip
        topic = place_topic(settings, place.id)
        for key, (device_class, zh, en) in _SENSORS.items():
            yield _entity(settings, "binary_sensor", f"{slug(place.id)}_{key}", {
                "name": en if english else zh, "device": device, "state_topic": topic,
                **({"device_class": device_class} if device_class else {}), "json_attributes_topic": topic,
                "value_template": f"{{{{ 'ON' if value_json.{key} > 0 else 'OFF' }}}}",
            })  # fmt: skip


def _name(place: Place, english: bool) -> str:
    return (place.en or place.zh or place.id) if english else (place.zh or place.en or place.id)


def place_topic(settings: StatesSettings, place: str) -> str:
    return f"{settings.base}/places/{place}"
