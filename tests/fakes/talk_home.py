"""Thinks. What devices of homes, halls and cameras say: the part of messages.py for their dialects."""

from tests.fakes.siadc09 import line
from tests.fakes.sparkplug import BOOLEAN, DOUBLE, INT64, metric, payload
from tests.fakes.talk import NOW, Talk, js

_BD_SEQ, _SMOKE = metric("bdSeq", 7, INT64), metric("Smoke/Alarm", True, BOOLEAN, alias=1)
_BIRTH = payload([_BD_SEQ, metric("Node Control/Rebirth", False, BOOLEAN)], 0, NOW - 40)
_EVENT = {"topic": "onvif:Device/axis:IO/Port", "timestamp": NOW - 40}

HOME: dict[str, Talk] = {
    "axis": Talk(
        [("camera", "cam1"), ("smoke_detector", "cam1/port/2")],
        [
            ("axis/cam1/event/tns:onvif/VideoSource/tns:axis/Tampering/$source/channel/1",
             js(topic="onvif:VideoSource/axis:Tampering", timestamp=NOW - 40,
                message={"source": {"channel": "1"}, "key": {}, "data": {"tampering": "1"}}), "tamper"),
            ("axis/cam1/event/tns:onvif/Device/tns:axis/IO/Port/$source/port/2",
             js(**_EVENT, message={"source": {"port": "2"}, "key": {}, "data": {"state": "1"}}), "alarm"),
            ("axis/cam1/onvif-ej/Storage/Alert",
             js(UtcTime="2026-11-22T00:00:00Z", Source={"diskId": "1"}, Data={"alert": "1"}), "fault"),
            ("axis/cam1/link", b"offline", "offline"),
        ],
    ),
    "dali": Talk(
        [("emergency_light", "guid-1"), ("exit_sign", "guid-2")],
        [
            ("DALI-PRO-IoT/c1/devices/ced/guid-1/data/emergencyFailureStatus", js(value=4, unit=""), "fault"),
            ("DALI-PRO-IoT/c1/devices/ced/guid-1/data/emergencyMode", js(value=4, unit=""), "battery"),
            ("DALI-PRO-IoT/c1/devices/ced/guid-2/data/emergencyBatteryCharge", js(value=127), "50.0"),
            ("DALI-PRO-IoT/c1/devices/ced/guid-2/data/driverTemperature", js(value="41.5"), "41.5"),
        ],
    ),
    "frigate": Talk(
        [("camera", "gate"), ("gateway", "frigate")],
        [
            ("frigate/gate/status/detect", b"offline", "fault"),
            ("frigate/gate/audio/fire_alarm", b"ON", "alarm"),
            ("frigate/stats", js(cameras={"gate": {"camera_fps": 5.1, "pid": 7}}, service={"uptime": 9}),
             "nothing"),
            ("frigate/available", b"stopped", "offline"),
        ],
    ),
    "homie": Talk(
        [("smoke_detector", "hall"), ("gas_detector", "lab/input")],
        [
            ("homie/hall/detector/smoke", b"true", "alarm"),
            ("homie/5/hall/detector/battery", b"87", "87.0"),
            ("homie/lab/input/alarm", b"true", "alarm"),
            ("homie/5/hall/$description",
             js(homie="5.0", version=7, name="Hall",
                nodes={"detector": {"properties": {"smoke": {"datatype": "boolean"},
                                                   "t": {"datatype": "float", "unit": "°C"}}}}), "nothing"),
            ("homie/hall/$state", b"lost", "offline"),
        ],
    ),
    "openmqttgateway": Talk(
        [("smoke_detector", "A4C138001122"), ("panic_button", "433/5592405"), ("gateway", "gw")],
        [
            ("home/gw/BTtoMQTT/A4C138001122",
             js(id="A4:C1:38:00:11:22", name="S", rssi=-70, model="Smoke", smoke=True, batt=90), "alarm"),
            ("home/gw/433toMQTT", js(value=5592405, protocol=1, length=24, delay=350), "alarm"),
            ("home/gw/RTL_433toMQTT/Honeywell-Security/1234",
             js(model="Honeywell-Security", id=1234, event=128, battery_ok=0, protocol="x", rssi=-60), "low"),
            ("home/gw/LWT", b"offline", "offline"),
            ("home/gw/SYStoMQTT", js(uptime=77, rssi=-60, freemem=120000), "-60.0"),
        ],
    ),
    "rtl433": Talk(
        [("smoke_detector", "Smoke-GS558/27"), ("water_leak", "Govee-Water/7"), ("gateway", "host")],
        [
            ("rtl_433/host/events",
             js(time="2026-11-22T00:00:00+0000", model="Smoke-GS558", id=27, unit=3, learn=0, code="7c7c"),
             "alarm"),
            ("rtl_433/host/events",
             js(time="2026-11-22 08:00:00", model="Govee-Water", id=7, event="Water Leak", leak_num=2,
                battery_ok=0.5, mic="CRC"), "alarm"),
            ("rtl_433/host/events", js(model="Acurite-Tower", id=9, temperature_C=21.5, humidity=40), "21.5"),
            ("rtl_433/host/devices/Acurite-Tower/9/temperature_C", b"21.5", "21.5"),
            ("rtl_433/host/availability", b"offline", "offline"),
        ],
    ),
    "siadc09": Talk(
        [("fire_panel", "1234"), ("smoke_detector", "1234/3"), ("panic_button", "1234/9")],
        [
            ("siadc09/gw", line("NFA3"), "alarm"),
            ("siadc09/gw", line("NFR3", 2), "normal"),
            ("siadc09/gw", line("1110 01 003", 3, token="ADM-CID"), "alarm"),
            ("siadc09/gw", line("NPA9", 4), "alarm"),
            ("siadc09/gw", line("NAT0", 5) + line("NYT0", 6), "battery"),
            ("siadc09/gw/link", b"offline", "offline"),
        ],
    ),
    "sparkplug": Talk(
        [("gateway", "school/edge"), ("smoke_detector", "school/edge/d1")],
        [
            ("spBv1.0/school/NBIRTH/edge", _BIRTH, "online"),
            ("spBv1.0/school/DBIRTH/edge/d1",
             payload([_SMOKE, metric("Temperature", 21.5, DOUBLE, alias=2)], 1, NOW - 40), "alarm"),
            ("spBv1.0/school/DDATA/edge/d1", payload([_SMOKE], 2, NOW - 40), "alarm"),
            ("spBv1.0/school/NDEATH/edge", payload([_BD_SEQ]), "offline"),
        ],
    ),
    "tasmota": Talk(
        [("smoke_detector", "stairs"), ("gateway", "bridge"), ("water_leak", "bridge/Cellar")],
        [
            ("tele/stairs/SENSOR",
             js(Time="2026-11-22T08:00:00", Switch1="ON", AM2301={"Temperature": 21.5, "Humidity": 40.1},
                TempUnit="C"), "21.5"),
            ("tele/stairs/LWT", b"Offline", "offline"),
            ("tele/bridge/SENSOR",
             js(ZbReceived={"0x4F2E": {"Device": "0x4F2E", "Name": "Cellar", "ZoneStatusChange": 1,
                                       "Water": 1, "Endpoint": 1, "LinkQuality": 60}}), "alarm"),
            ("stat/stairs/RESULT", js(POWER="ON"), "nothing"),
        ],
    ),
    "wirenboard": Talk(
        [("smoke_detector", "wb-gpio/smoke"), ("climate", "wb-msw")],
        [
            ("/devices/wb-gpio/controls/smoke/meta", js(type="alarm", error="", order=3), "nothing"),
            ("/devices/wb-gpio/controls/smoke", b"1", "alarm"),
            ("/devices/wb-gpio/controls/smoke/meta/error", b"r", "fault"),
            ("/devices/wb-msw/controls/temperature", b"21.5", "21.5"),
            ("/devices/wb-msw/meta/error", b"r", "offline"),
        ],
    ),
    "zwavejs": Talk(
        [("smoke_detector", "cellar/detector"), ("door", "7"), ("gateway", "ZWAVE_GATEWAY-main")],
        [
            ("zwave/cellar/detector/113/0/Smoke_Alarm/Sensor_status", js(time=NOW - 40, value=2), "alarm"),
            ("zwave/cellar/detector/notification/endpoint_0/Smoke_Alarm/Sensor_status",
             js(id="9-113-0-Smoke Alarm-Sensor status", nodeId=9, commandClass=113,
                commandClassName="Notification", endpoint=0, property="Smoke Alarm",
                propertyKey="Sensor status", type="number", readable=True, writeable=False,
                label="Sensor status", default=0, stateless=False, ccSpecific={"notificationType": 1},
                min=0, max=255, list=True, states=[{"text": "idle", "value": 0}], value=0,
                lastUpdate=NOW - 40), "normal"),
            ("zwave/7/49/0/Air_temperature", js(time=NOW - 40, value=21.5), "21.5"),
            ("zwave/7/128/0/level", b"87", "87.0"),
            ("zwave/_CLIENTS/ZWAVE_GATEWAY-main/status", js(value=False), "offline"),
        ],
    ),
}  # fmt: skip
