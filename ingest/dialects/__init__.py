"""Thinks. The dialects: how each family of devices speaks. A new one is one file and one line here."""

from ingest.dialects import tocsin, zigbee2mqtt
from ingest.dialects.dialect import Dialect

DIALECTS: dict[str, Dialect] = {
    tocsin.NAME: tocsin,
    zigbee2mqtt.NAME: zigbee2mqtt,
}
