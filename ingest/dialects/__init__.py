"""Thinks. The dialects: how each family of devices speaks. A new one is one file and one line here."""

from collections.abc import Mapping
from typing import Any

from ingest.dialects import (
    alarmo,
    alink,
    axis,
    chirpstack,
    dali,
    dsc,
    esphome,
    frigate,
    gb26875,
    hextext,
    homeassistant,
    homie,
    jetlinks,
    mapping,
    openmqttgateway,
    paradox,
    ring,
    rtl433,
    shelly,
    siadc09,
    sparkplug,
    tasmota,
    texecom,
    thethings,
    thingsboard,
    tocsin,
    wirenboard,
    ws2mqtt,
    zigbee2mqtt,
    zwavejs,
)
from ingest.dialects.dialect import Dialect

DIALECTS: dict[str, Dialect] = {
    tocsin.NAME: tocsin,
    zigbee2mqtt.NAME: zigbee2mqtt,
    alarmo.NAME: alarmo,
    alink.NAME: alink,
    axis.NAME: axis,
    chirpstack.NAME: chirpstack,
    dali.NAME: dali,
    dsc.NAME: dsc,
    esphome.NAME: esphome,
    frigate.NAME: frigate,
    gb26875.NAME: gb26875,
    hextext.NAME: hextext,
    homeassistant.NAME: homeassistant,
    homie.NAME: homie,
    jetlinks.NAME: jetlinks,
    mapping.NAME: mapping,
    openmqttgateway.NAME: openmqttgateway,
    paradox.NAME: paradox,
    ring.NAME: ring,
    rtl433.NAME: rtl433,
    shelly.NAME: shelly,
    tasmota.NAME: tasmota,
    sparkplug.NAME: sparkplug,
    siadc09.NAME: siadc09,
    texecom.NAME: texecom,
    thethings.NAME: thethings,
    thingsboard.NAME: thingsboard,
    wirenboard.NAME: wirenboard,
    ws2mqtt.NAME: ws2mqtt,
    zwavejs.NAME: zwavejs,
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
