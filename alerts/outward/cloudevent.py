"""Thinks. A line of the log as a CloudEvent (CloudEvents 1.0, structured mode, JSON)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from alerts.alert import Alert
from alerts.outward.shown import Plain, iso, shown
from ingest.campus.registry import Registry

FORM = "application/cloudevents+json"
_encode = msgspec.json.Encoder(order="deterministic").encode


def event(line: Mapping[str, Any], alert: Alert | None, source: str, registry: Registry) -> bytes:
    """The event of a line (a mapping of its columns). Its id is the line's number: whoever gets it twice
    knows it by that. `alert` as it stands now, which may be further than the line."""
    return _encode(_body(line, alert, source, registry))


def _body(line: Mapping[str, Any], alert: Alert | None, source: str, registry: Registry) -> Plain:
    kind = line["record"].partition("/")[0] or "alert"
    data: Plain = {"fact": line["fact"], "by": line["by"], "detail": msgspec.json.decode(line["detail"])}
    if alert is not None:
        data["alert"] = shown(alert, registry)
    return {
        "specversion": "1.0",
        "id": str(line["seq"]),
        "source": source,
        "type": f"tocsin.{kind}.{line['fact']}",
        "subject": line["record"] or f"alert/{line['alert']}",
        "time": iso(line["moment"]),
        "datacontenttype": "application/json",
        "data": data,
    }
