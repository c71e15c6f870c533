"""Thinks. How the messages of a table are written: JSON, and the envelopes and frames that some need."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.fakes.gb26875 import frame, stamp, unit

NOW = 1_795_305_600_000  # 2026-11-22T00:00:00Z
MINUTE = 60_000


class Talk(NamedTuple):
    """`devices`: kind and address of each. `messages`: topic, payload, and a word that a reading has."""

    devices: list[tuple[str, str]]
    messages: list[tuple[str, bytes, str]]
    definitions: Mapping[str, Any] = MappingProxyType({})
    bases: list[str] | None = None


def js(body: Any = None, **more: Any) -> bytes:
    return json.dumps(more if body is None else body, ensure_ascii=False).encode()


def chirpstack(eui: str, body: Any, **more: Any) -> bytes:
    """An uplink of ChirpStack v4 as it arrives, about 1 KB."""
    gateway = {"gatewayId": "0016c001f153a14c", "uplinkId": 4217106255, "rssi": -36, "snr": 10.5,
               "gwTime": "2026-11-21T23:59:58.9+00:00", "channel": 3, "location": {"latitude": 31.2},
               "context": "EFwMtA==", "metadata": {"region_config_id": "eu868"}, "rfChain": 1,
               "crcStatus": "CRC_OK"}  # fmt: skip
    return js(
        {
            "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
            "time": "2026-11-21T23:59:58.123456789+00:00",
            "deviceInfo": {
                "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242", "tenantName": "ChirpStack",
                "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97", "applicationName": "Campus",
                "deviceProfileId": "14855bf7-d10d-4aee-b618-ebfcb64dc7ad", "deviceProfileName": "GS524N",
                "deviceName": "Dorm 2", "devEui": eui, "tags": {"floor": "2"},
            },
            "devAddr": "00189440", "adr": True, "dr": 1, "fCnt": 7, "fPort": 85, "confirmed": False,
            "data": "AXVkA2cQAQ==", "object": body,
            "rxInfo": [gateway, {**gateway, "gatewayId": "0016c001f153a14d", "rssi": -97}],
            "txInfo": {"frequency": 868100000, "modulation": {"lora": {"bandwidth": 125000}}},
            **more,
        }
    )  # fmt: skip


def thethings(device: str, body: Any, **more: Any) -> bytes:
    ids = {"device_id": device, "application_ids": {"application_id": "app1"}, "dev_eui": "4200000000000000",
           "join_eui": "4200000000000001", "dev_addr": "00BCB929"}  # fmt: skip
    gateway = {"gateway_ids": {"gateway_id": "gtw1", "eui": "9C5C8E00001A05C4"}, "rssi": -35, "snr": 5.2,
               "time": "2026-11-21T23:59:58.05Z", "timestamp": 2463457000, "channel_rssi": -35,
               "uplink_token": "ChIKEAoEZ3R3MRIInFyOAAAaBcQQ8Na+lgkaDAi"}  # fmt: skip
    return js(
        {
            "end_device_ids": ids, "correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],
            "received_at": "2026-11-21T23:59:59Z",
            "uplink_message": {
                "session_key_id": "AXBSH1Pk6Z0G166", "f_port": 85, "f_cnt": 3, "frm_payload": "gkHe",
                "decoded_payload": body, "rx_metadata": [gateway], "consumed_airtime": "0.056576s",
                "settings": {"data_rate": {"lora": {"bandwidth": 125000, "spreading_factor": 7}}},
                "received_at": "2026-11-21T23:59:58.123456789Z", **more,
            },
        }
    )  # fmt: skip


def hydrant(value: int, kind: int = 1, alarms: int = 0) -> bytes:
    """A frame of a Meokon terminal, as hex text."""
    body = b"SHMK26110007" + bytes((0x2A, 195)) + b"\0\x3c\0\0" + bytes((kind, alarms)) + b"\0\x64\1\xf4"
    body += value.to_bytes(2, "big", signed=True) + (NOW // 1000).to_bytes(4, "big")
    whole = b"\xa5\x5a\0" + (len(body) + 9).to_bytes(2, "big") + body
    check = 0xFFFF
    for byte in whole:
        check ^= byte
        for _ in range(8):
            check = (check >> 1) ^ 0xA001 if check & 1 else check >> 1
    return (whole + check.to_bytes(2, "big") + b"\x55\xaa").hex().encode()


def gb26875(*bodies: bytes, kind: int = 2) -> bytes:
    return frame(unit(kind, *(body + stamp(NOW) for body in bodies)), stamp(NOW))
