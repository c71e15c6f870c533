"""Thinks. The dialects: how each family of devices speaks. A new one is one file and one line here."""

from collections.abc import Mapping
from typing import Any

from ingest.dialects import (
    alarmo,
    alink,
    chirpstack,
    dsc,
    esphome,
    gb26875,
    hextext,
    homeassistant,
    jetlinks,
    mapping,
    paradox,
    ring,
    shelly,
    texecom,
    thethings,
    thingsboard,
    tocsin,
    ws2mqtt,
    zigbee2mqtt,
)
from ingest.dialects.dialect import Dialect

DIALECTS: dict[str, Dialect] = {
    tocsin.NAME: tocsin,
    zigbee2mqtt.NAME: zigbee2mqtt,
    alarmo.NAME: alarmo,
    alink.NAME: alink,
    chirpstack.NAME: chirpstack,
    dsc.NAME: dsc,
    esphome.NAME: esphome,
    gb26875.NAME: gb26875,
    hextext.NAME: hextext,
    homeassistant.NAME: homeassistant,
    jetlinks.NAME: jetlinks,
    mapping.NAME: mapping,
    paradox.NAME: paradox,
    ring.NAME: ring,
    shelly.NAME: shelly,
    texecom.NAME: texecom,
    thethings.NAME: thethings,
    thingsboard.NAME: thingsboard,
    ws2mqtt.NAME: ws2mqtt,
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
