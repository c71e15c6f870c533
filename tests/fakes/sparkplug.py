"""Thinks. An edge node of Sparkplug B as the far end: its encoder, and a decoder that hears it.

The encoder is the tests' own, so that our reader and our writer cannot be wrong together.
"""

import struct

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.settings import BrokerSettings

NOW = 1_795_305_600_000
GATEWAY = Device("gw", "gateway", "campus", dialect="sparkplug", address="school/edge")
SMOKE = Device("smoke", "smoke_detector", "campus", dialect="sparkplug", address="school/edge/d1")
BOOLEAN, DOUBLE, INT8, INT32, INT64, FLOAT, STRING = 11, 10, 1, 3, 4, 9, 12


def varint(number):
    number &= 2**64 - 1
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number > 0x7F else bytes([number])


def field(number, value, wire=None):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        eight = wire != 5
        return varint(number << 3 | (1 if eight else 5)) + struct.pack("<d" if eight else "<f", value)
    return varint(number << 3) + varint(int(value))


def metric(
    name=None, value=None, datatype=None, alias=None, time=None, historical=False, null=False, more=b""
):
    made = b"" if name is None else field(1, name.encode())
    made += b"" if alias is None else field(2, alias)
    made += b"" if time is None else field(3, time)
    made += b"" if datatype is None else field(4, datatype)
    made += (field(5, 1) if historical else b"") + (field(7, 1) if null else b"") + more
    if isinstance(value, bool):
        made += field(14, value)
    elif isinstance(value, int):
        made += field(11 if datatype in (4, 8) else 10, value)
    elif isinstance(value, float):
        made += field(12, value, 5) if datatype == FLOAT else field(13, value)
    elif isinstance(value, str):
        made += field(15, value.encode())
    return made


def payload(metrics=(), seq=None, timestamp=NOW):
    made = b"" if timestamp is None else field(1, timestamp)
    made += b"".join(field(2, one) for one in metrics)
    return made + (b"" if seq is None else field(3, seq))


class House:
    def __init__(self, *devices, learned=None, base="spBv1.0"):
        settings_ = BrokerSettings(dialects={"sparkplug": [base]})
        self.base = base
        self.decoder = Decoder(
            Registry.build([], [], devices or (GATEWAY, SMOKE)), settings_, learned=learned
        )

    def hear(self, topic, body=b"", at=NOW, retain=False):
        return self.decoder.decode(Message(None, f"{self.base}/{topic}", body, at, retain=retain))

    def birth(self, number=7, *metrics, at=NOW, seq=0):
        own = metric("bdSeq", number, INT64)
        control = metric("Node Control/Rebirth", False, BOOLEAN)
        return self.hear("school/NBIRTH/edge", payload([own, control, *metrics], seq), at)

    def born(self, *metrics, seq=1, at=NOW, name="d1"):
        return self.hear(f"school/DBIRTH/edge/{name}", payload(metrics, seq), at)

    def data(self, *metrics, seq=2, at=NOW, name="d1"):
        return self.hear(f"school/DDATA/edge/{name}", payload(metrics, seq), at)

    def death(self, number=7, retain=False):
        return self.hear("school/NDEATH/edge", payload([metric("bdSeq", number, INT64)]), retain=retain)


ALARM = metric("Smoke/Alarm", False, BOOLEAN, alias=1)
TEMPERATURE = metric("Temperature", 21.5, DOUBLE, alias=2)


def values(found, device="smoke"):
    return {r.metric: r.value for one in found.heard if one.device == device for r in one.readings}


def readings(found, name, device="smoke"):
    return [r for one in found.heard if one.device == device for r in one.readings if r.metric == name]
