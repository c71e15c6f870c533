"""Thinks. What the dialects are called."""

from ingest.dialects import DIALECTS

_NAMES: dict[str, tuple[str, str]] = {
    "tocsin": ("警钟自有协议", "Tocsin's own"),
    "zigbee2mqtt": ("Zigbee2MQTT", "Zigbee2MQTT"),
    "gb26875": ("GB/T 26875.3（用户信息传输装置）", "GB/T 26875.3"),
    "mapping": ("映射", "mapping"),
    "chirpstack": ("ChirpStack", "ChirpStack"),
    "thethings": ("The Things Stack", "The Things Stack"),
    "homeassistant": ("Home Assistant 自动发现", "Home Assistant discovery"),
    "shelly": ("Shelly", "Shelly"),
    "tasmota": ("Tasmota", "Tasmota"),
    "esphome": ("ESPHome", "ESPHome"),
    "siadc09": ("SIA DC-09 / Contact ID", "SIA DC-09 / Contact ID"),
    "frigate": ("Frigate", "Frigate"),
    "axis": ("Axis / ONVIF 摄像机", "Axis / ONVIF cameras"),
    "paradox": ("Paradox（PAI）", "Paradox (PAI)"),
    "texecom": ("Texecom", "Texecom"),
    "dsc": ("DSC Keybus", "DSC Keybus"),
    "alarmo": ("Alarmo", "Alarmo"),
    "ring": ("Ring（ring-mqtt）", "Ring (ring-mqtt)"),
    "ws2mqtt": ("FireAngel WiSafe2（ws2mqtt）", "FireAngel WiSafe2 (ws2mqtt)"),
    "zwavejs": ("zwave-js-ui", "zwave-js-ui"),
    "rtl433": ("rtl_433", "rtl_433"),
    "openmqttgateway": ("OpenMQTTGateway / Theengs", "OpenMQTTGateway / Theengs"),
    "homie": ("Homie", "Homie"),
    "wirenboard": ("Wiren Board", "Wiren Board"),
    "dali": ("DALI 应急照明", "DALI emergency lighting"),
    "sparkplug": ("Sparkplug B", "Sparkplug B"),
    "alink": ("阿里云 Alink", "Alink (Alibaba Cloud)"),
    "jetlinks": ("JetLinks", "JetLinks"),
    "thingsboard": ("ThingsBoard", "ThingsBoard"),
    "hextext": ("十六进制文本终端", "hex-text terminals"),
}
WORDS = {f"dialect_{name}": _NAMES.get(name, (name, name)) for name in DIALECTS}
