"""Touches. Alerts as a screen shows them: the record, who was told, who answered, who is next. Reads only."""

from collections.abc import Collection, Iterable, Mapping
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, exists, func, or_, select, text, true

from alerts import naming, store
from alerts.delivery import presses, stamps
from alerts.delivery.notification import State
from alerts.delivery.outbox import notification
from alerts.duty.people import LOOP
from alerts.stranger import described
from alerts.tables import alert, alert_log, caller
from dashboard.reach import HOLDERS, Reach
from dashboard.service import Service
from ingest.campus.device import OWN
from ingest.campus.kinds import UNREGISTERED
from rules.verdict import Text

Card = dict[str, Any]
CLASSES = ("alarm", "supervisory", "trouble", "status")
PLAIN = (
    "id", "code", "rule", "device", "place", "priority", "life_safety", "note", "open", "activity",
    "acknowledgement", "verification", "inhibition", "inhibited_until", "inhibited_at", "inhibited_by",
    "inhibited_reason", "hidden", "impairment", "mode", "latch", "origin",
    "occurrence", "activations", "raised_by", "raised_at", "active_at", "normal_at", "acknowledged_by",
    "acknowledged_via",
    "acknowledged_at", "acknowledged_until", "arrived_by", "arrived_at", "verified_by", "verified_at",
    "cause", "owner", "ownership", "offered_to", "offered_until", "left_by", "pair", "joined_by", "joined_at",
    "sounded_at", "step_due_at", "closed_by", "closed_at", "close_reason",
    "incident",
)  # fmt: skip
_OPEN = text("open")  # literally as in the partial index, so that SQLite uses it
_FOR_PEOPLE = alert.c.policy.is_distinct_from(LOOP)  # not the minute's message from ourselves to ourselves
_MOST_LINES = 500
_TOLD_BY = (notification.c.alert, notification.c.person, notification.c.channel, notification.c.state)
_BEST = ("answered", "read", "delivered", "accepted", "sent", "claimed", "queued", "failed", "cancelled")
_LOST = (State.FAILED, State.CANCELLED)


def open_cards(service: Service, conn: Connection, reach: Reach) -> list[Card]:
    """Every open alert that is seen from there, in the order of the wall."""
    return sorted(_seen(service, _cards(service, conn, _OPEN), reach), key=order)


def cards(service: Service, conn: Connection, ids: Collection[int], reach: Reach) -> list[Card]:
    """These alerts, open or closed, in no order; unknown ids are left out."""
    wanted = sorted(ids)
    parts = (wanted[start : start + store.PART] for start in range(0, len(wanted), store.PART))
    found = (card for part in parts for card in _cards(service, conn, alert.c.id.in_(part)))
    return _seen(service, found, reach)


def device_cards(service: Service, conn: Connection, device: str, reach: Reach) -> list[Card]:
    found = _cards(service, conn, (alert.c.device == device) & alert.c.open)
    return sorted(_seen(service, found, reach), key=order)


def recent(
    service: Service,
    conn: Connection,
    before: int | None,
    reach: Reach,
    most: int = 100,
    *wanted: ColumnElement[bool],
) -> list[Card]:
    """The newest alerts, open or closed; `before` is the id a page ended with. `wanted`: also this holds."""
    chosen = select(alert.c.id).where(_FOR_PEOPLE, visible(service, reach), *wanted)
    if before is not None:
        chosen = chosen.where(alert.c.id < before)
    ids = list(conn.execute(chosen.order_by(alert.c.id.desc()).limit(most)).scalars())
    return sorted(cards(service, conn, ids, reach), key=lambda card: -int(card["id"]))


def visible(service: Service, reach: Reach) -> ColumnElement[bool]:
    """What `Reach.sees` says of an alert, for the database."""
    if reach.everywhere:
        return true()
    person, n = reach.person, notification.c
    told = exists(select(n.id).where(n.alert == alert.c.id, n.person == person))
    holds = or_(*(alert.c[holder] == person for holder in HOLDERS), told)
    vital = alert.c.open & alert.c.life_safety & (alert.c.alert_class == "alarm")
    here = alert.c.place.in_(reach.places(service.registry()))
    return or_(here, vital, holds) if person else or_(here, vital)


def _seen(service: Service, found: Iterable[Card], reach: Reach) -> list[Card]:
    registry = service.registry()
    return [card for card in found if reach.everywhere or reach.sees(registry, card)]


def order(card: Mapping[str, Any]) -> tuple[int, bool, int, bool, bool, int, int]:
    """Class; in it what is real before a drill; then priority (DESIGN §3: it orders in a class), then life
    safety, then the newest first.

    Newest, since what happens now must be on the screen without scrolling, also under an hour's untaken ones;
    first-out, which ISA-18.1 and features.md ask for, is for the cause inside a flood (dashboard/flood.py).
    Strangers come after their equals: they name no place to go to, and anybody can invent five of them.
    dashboard/static/js/store.js sorts alike.
    """
    vague = card["kind"] == UNREGISTERED
    return (
        CLASSES.index(card["class"]), card["mode"] != "real", card["priority"], not card["life_safety"],
        vague, -card["active_at"], -card["id"],
    )  # fmt: skip


def _cards(service: Service, conn: Connection, which: ColumnElement[bool] | Any) -> list[Card]:
    wanted = select(alert).where(which, _FOR_PEOPLE)
    made = [_card(service, row) for row in conn.execute(wanted).mappings()]
    told = _told(conn, [card["id"] for card in made])
    for card in made:
        card["told"] = told.get(card["id"], [])
    return made


def _card(service: Service, row: RowMapping) -> Card:
    card: Card = {name: row[name] for name in PLAIN}
    device = service.registry().device(row["device"])
    card["class"] = row["alert_class"]
    card["title"] = msgspec.json.decode(row["title"])
    card["kind"] = row["device_kind"]
    named = naming.with_reach(device, service.registry()) if device and device.id != OWN else Text("", "")
    if device and device.kind == UNREGISTERED:
        named = described(device, row["subject"])
    card["device_name"] = {"zh": named.zh, "en": named.en}
    card["taken_at"] = _taken_at(service, row["acknowledged_via"])
    card["next"] = _next(service, row)
    return card


def _taken_at(service: Service, via: str) -> dict[str, str]:
    """By which button on a wall it was taken, where it was: then nobody knows who pressed it."""
    door, _, device = via.partition(":")
    if door != presses.DOOR:
        return {"zh": "", "en": ""}
    known = service.registry().devices.get(device)
    named = naming.name(known) if known else Text(device, device)
    return {"zh": named.zh, "en": named.en}


def _next(service: Service, row: RowMapping) -> list[str]:
    """Whom the next escalation step will tell, as the policy stands now: persons' ids, then channels."""
    if not row["open"] or row["step_due_at"] is None:
        return []
    directory = service.directory()
    known = store.from_row(row)
    steps = directory.policy_for(known, service.registry()).steps
    if not steps:
        return []
    step = steps[min(row["step"], len(steps) - 1)]
    told = directory.reach(step, known, service.now())
    return list(dict.fromkeys([*(person.id for person, _ in told), *step.channels]))


def _told(conn: Connection, ids: list[int]) -> dict[int, list[Card]]:
    """alert → whom it was sent to, one line a person, with the best state of their many notices; what failed,
    and each siren, is a line of its own channel."""
    told: dict[int, dict[tuple[str, str], Card]] = {}
    for start in range(0, len(ids), store.PART):
        for line in _told_lines(conn, ids[start : start + store.PART]).values():
            alone = not line["person"] or line["state"] in _LOST
            lines, whom = told.setdefault(line.pop("alert"), {}), line["person"]
            merged = lines.setdefault((whom, line["channel"] if alone else ""), line)
            if merged is not line:
                merged["channel"] = f"{merged['channel']}, {line['channel']}"
                merged["notices"] += line["notices"]
                merged["at"] = max(merged["at"], line["at"])
                merged["state"] = min(merged["state"], line["state"], key=_rank)
    return {number: list(lines.values()) for number, lines in told.items()}


def _told_lines(conn: Connection, ids: list[int]) -> dict[tuple[int, str, str], Card]:
    at = func.coalesce(func.max(notification.c.settled_at), func.max(notification.c.owed_at)).label("at")
    wanted = select(*_TOLD_BY, at, func.count().label("notices")).group_by(*_TOLD_BY)
    lines: dict[tuple[int, str, str], Card] = {}
    for row in conn.execute(wanted.where(notification.c.alert.in_(ids)).order_by(at)).mappings():
        key = (row["alert"], row["person"], row["channel"])
        line = lines.setdefault(key, dict(zip(("alert", "person", "channel"), key, strict=True)))
        line["notices"] = line.get("notices", 0) + row["notices"]
        if "state" not in line or _rank(row["state"]) <= _rank(line["state"]):
            line.update(state=row["state"], at=row["at"])
    return lines


def _rank(state: str) -> int:
    return _BEST.index(state) if state in _BEST else len(_BEST)


def whole(service: Service, conn: Connection, number: int, reach: Reach) -> Card | None:
    """One alert with its evidence and its timeline; None when none is seen from there."""
    row = conn.execute(select(alert).where(alert.c.id == number)).mappings().first()
    if row is None:
        return None
    card = _card(service, row)
    card.update({name: row[name] for name in ("rule_version", "subject", "removed_by")})
    card["told"] = _told(conn, [number]).get(number, [])
    if not reach.sees(service.registry(), card):
        return None
    card["evidence"] = msgspec.json.decode(row["evidence"] or "[]")
    called = conn.execute(select(caller.c.name, caller.c.callback).where(caller.c.alert == number)).mappings()
    card["caller"] = dict(found) if (found := called.first()) else None
    card["timeline"] = sorted([*_log(conn, number), *_notices(conn, number)], key=lambda line: line["at"])
    return card


def _log(conn: Connection, number: int) -> Iterable[Card]:
    wanted = select(alert_log).where(alert_log.c.alert == number).order_by(alert_log.c.seq).limit(_MOST_LINES)
    for row in conn.execute(wanted).mappings():
        detail = msgspec.json.decode(row["detail"] or "{}")
        yield {"what": "fact", "at": row["moment"], "fact": row["fact"], "by": row["by"], "detail": detail}


def _notices(conn: Connection, number: int) -> Iterable[Card]:
    """The notices of one step are one line: when, why, and how each of them fared."""
    n = notification.c
    columns = (n.owed_at, n.settled_at, n.person, n.channel, n.state, n.purpose, n.why, n.note, n.attempts)
    wanted = select(n.id, *columns).where(n.alert == number).order_by(n.id.desc()).limit(_MOST_LINES)
    rows = list(reversed(conn.execute(wanted).mappings().all()))
    changes = stamps.of(conn, [row["id"] for row in rows])
    for (at, purpose), notices in groupby(rows, key=lambda row: (row["owed_at"], row["purpose"])):
        yield {
            "what": "notice",
            "at": at,
            "purpose": purpose,
            "notices": [{**notice, "stamps": changes.get(notice["id"], [])} for notice in notices],
        }
