"""Touches. Gathers what the judge looks at: the database of the service, and the calls at the webhook."""

import time

from alerts import audit
from tests.bench.service import Service
from tests.crash.campaign import Campaign
from tests.crash.devices import LADDER, Devices
from tests.crash.judge import Arrival, Evidence, Recorded
from tests.fakes.webhook import WebhookSink
from tocsin.database import Database

SOON = 60_000  # ms: longer than any step waits that is not a repeat of an hour

ALERTS = """
    SELECT id, device, occurrence, activations, acknowledgement IN ('promised', 'kept') AS taken,
           (SELECT count(*) FROM alert_log WHERE alert = alert.id AND fact = 'acknowledged') AS takes
    FROM alert WHERE rule IN ('smoke-alarm', 'panic-alarm', 'call-point-alarm')
"""
OWED = """
    SELECT key, CASE state WHEN 'cancelled' THEN note ELSE '' END AS cancelled
    FROM notification WHERE channel = 'hook'
"""
RINGING = """
    SELECT id FROM alert
    WHERE open AND acknowledgement = 'no' AND rule IN ('panic-alarm', 'call-point-alarm')
"""
STAMPS = """
    SELECT id, state, (SELECT state FROM notification_stamp WHERE notification = notification.id
                       ORDER BY id DESC LIMIT 1) AS stamp
    FROM notification WHERE stamp IS NULL OR stamp <> state
"""
PENDING = """
    SELECT (SELECT count(*) FROM notification WHERE channel = 'hook' AND due_at IS NOT NULL)
         + (SELECT count(*) FROM alert WHERE open AND step_due_at < ?) AS pending
"""


def pending(service: Service) -> int:
    """Notices that are not delivered, and steps that are about to fall due."""
    now = time.time_ns() // 1_000_000  # noqa: TID251 - the clock that the service reads
    return int(service.rows(PENDING, now + SOON)[0]["pending"])


def ringing(service: Service) -> bool:
    """Whether there is an alert of a button that nobody has."""
    return bool(service.rows(RINGING))


def heard(service: Service) -> bool:
    """Whether every message has been judged."""
    return not any(service.status()["waiting"].values())


def gather(service: Service, sink: WebhookSink, devices: Devices, campaign: Campaign) -> Evidence:
    return Evidence(
        LADDER,
        devices.alarms,
        devices.pressed,
        campaign.looks,
        campaign.takes,
        campaign.kills,
        [Arrival(call.headers["idempotency-key"], call.received) for call in list(sink.calls)],
        [Recorded(**{**row, "taken": bool(row["taken"])}) for row in map(dict, service.rows(ALERTS))],
        {row["key"]: row["cancelled"] for row in service.rows(OWED)},
        _contradictions(service),
    )


def _contradictions(service: Service) -> list[str]:
    (found,) = service.rows("PRAGMA integrity_check")
    database = Database.open(f"sqlite:///{service.folder}/data/state.db")
    with database.read() as conn:
        broken = list(audit.problems(conn))
    database.close()
    broken += [
        f"notification {row['id']} is {row['state']}, its last stamp {row['stamp']}"
        for row in service.rows(STAMPS)
    ]
    return broken if found[0] == "ok" else [*broken, str(found[0])]
