"""Thinks. The dialects: how each family of devices speaks. A new one is one file and one line here."""

from collections.abc import Mapping
from typing import Any

from ingest.dialects import (
    alink,
    chirpstack,
    gb26875,
    homeassistant,
    jetlinks,
    mapping,
    thethings,
    thingsboard,
    tocsin,
    zigbee2mqtt,
)
from ingest.dialects.dialect import Dialect

DIALECTS: dict[str, Dialect] = {
    tocsin.NAME: tocsin,
    zigbee2mqtt.NAME: zigbee2mqtt,
    alink.NAME: alink,
    chirpstack.NAME: chirpstack,
    gb26875.NAME: gb26875,
    homeassistant.NAME: homeassistant,
    jetlinks.NAME: jetlinks,
    mapping.NAME: mapping,
    thethings.NAME: thethings,
    thingsboard.NAME: thingsboard,
}


def defined(dialect: str, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The definitions of a dialect made ready for use. One that it refuses is left out: it was accepted by
    another version, and `tocsin check` tells."""
    made = {}
    for name, document in documents.items() if dialect in DIALECTS else ():
        try:
            made[name] = DIALECTS[dialect].define(name, dict(document))
        except ValueError:
            continue
    return made
