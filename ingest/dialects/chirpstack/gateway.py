"""Thinks. The gateways of a ChirpStack: whether one is connected, in JSON or (mostly) in protobuf."""

from ingest.campus.kinds import UNREGISTERED
from ingest.dialects.dialect import IGNORED, Result, Said, link, malformed
from ingest.guard import Malformed, json_object
from ingest.reading import Decoded


def gateway(said: Said) -> Result:
    """`state/conn` is a last will and retained; what a gateway counts (`event/stats`) it says itself."""
    if not said.payload and said.retained:
        return IGNORED
    if not said.rest.endswith("/conn"):
        return Decoded(said.device.id, [], alive=not said.retained)
    try:
        word = _state(said.payload)
    except Malformed as error:
        return malformed(error, said)
    if said.device.kind == UNREGISTERED:
        return IGNORED  # a gateway raises no alarm: it need not wait to be registered
    found = link(said, word)
    if isinstance(found, Decoded) and word == b"online" and not said.retained:
        found.alive = True
    return found


def _state(payload: bytes) -> bytes:
    if payload.lstrip().startswith(b"{"):
        return str(json_object(payload).get("state", "OFFLINE"))[:20].lower().encode()
    return b"online" if _online(payload) else b"offline"


def _online(payload: bytes) -> bool:
    """The protobuf of a ConnState: field 2 is 1 when online; a zero is left out."""
    at, online = 0, False
    while at < len(payload):
        field, kind, at = payload[at] >> 3, payload[at] & 7, at + 1
        if kind == 2 and at < len(payload) and payload[at] < 0x80:
            at += 1 + payload[at]
        elif kind == 0 and at < len(payload) and payload[at] < 0x80:
            online = online or (field == 2 and payload[at] == 1)
            at += 1
        else:
            raise Malformed("expected the state of a gateway: JSON, or a ConnState in protobuf")
    if at != len(payload) or not payload:
        raise Malformed("the state of a gateway is cut off")
    return online
