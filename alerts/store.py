"""Touches. Alerts in the database: read, inserted, saved. Only alerts/desk.py writes them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Select, bindparam, func, insert, or_, select, text, update

from alerts.alert import (
    Acknowledgement,
    Activity,
    Alert,
    Inhibition,
    Latch,
    Life,
    Mode,
    Origin,
    Ownership,
    Pair,
    Tick,
    Verification,
)
from alerts.code import DISTINCT, codes
from alerts.duty.people import CANARY, NOBODY
from alerts.prepared import Prepared
from alerts.tables import alert
from rules.verdict import Class, Evidence, Text

_JSON = {
    "title": Text,
    "evidence": tuple[Evidence, ...],
    "ticks": tuple[Tick, ...],
    "drill_people": tuple[str, ...],
}
_ENUMS = {
    "alert_class": Class,
    "activity": Activity,
    "acknowledgement": Acknowledgement,
    "verification": Verification,
    "ownership": Ownership,
    "pair": Pair,
    "inhibition": Inhibition,
    "mode": Mode,
    "latch": Latch,
    "origin": Origin,
}
_FLAGS = ("life_safety", "verify", "latching", "drill_sirens")
_encode = msgspec.json.Encoder().encode
_decoded: dict[str, Callable[[Any], Any]] = {  # column → its value in an Alert, where that is another one
    **{name: msgspec.json.Decoder(form).decode for name, form in _JSON.items()},
    **{name: {word.value: word for word in words}.__getitem__ for name, words in _ENUMS.items()},
    **dict.fromkeys(_FLAGS, bool),
}
PART = 500  # values in one IN (…): SQLite allows 999 in its older versions

# The condition of the partial indexes, word for word, so that SQLite uses them.
_OPEN = text("open")
_ONE = Prepared(select(alert).where(alert.c.id == bindparam("alert_id")))
_MANY = select(alert).where(alert.c.id.in_(bindparam("ids", expanding=True)))
_RULES = text("open AND rule <> ''")
_OPEN_OF = select(alert).where(_RULES, alert.c.subject.in_(bindparam("subjects", expanding=True)))
_OPEN_OF_ONE = Prepared(select(alert).where(_RULES, alert.c.subject == bindparam("subject_id")))
_ALL_OPEN = select(alert).where(_OPEN).order_by(alert.c.id)
_OF_RULE = select(alert).where(_OPEN, alert.c.rule == bindparam("rule_id"))
_OF_DEVICE = select(alert).where(_OPEN, alert.c.device == bindparam("device_id"))
_NAMING = select(alert).where(
    _OPEN,
    or_(
        alert.c.owner == bindparam("person"),
        alert.c.offered_to == bindparam("person"),
        alert.c.joined_by == bindparam("person"),
    ),
)
_BY_CODE = select(alert).where(_OPEN, alert.c.code == bindparam("wanted"))
_CODE_TAKEN = select(alert.c.id).where(_OPEN, alert.c.code == bindparam("wanted"))
_DUE = select(alert).where(alert.c.due_at <= bindparam("moment")).order_by(alert.c.due_at, alert.c.id)
NEXT_DUE = select(func.min(alert.c.due_at))
_LOST = (
    select(alert)
    .where(
        _OPEN,
        or_(alert.c.acknowledgement == Acknowledgement.NO.value, alert.c.pair == Pair.WANTED.value),
        alert.c.inhibition == Inhibition.NONE.value,
        alert.c.ladder.not_in((NOBODY, CANARY)),
        or_(alert.c.step_due_at.is_(None), alert.c.step_due_at < bindparam("moment")),
    )
    .order_by(alert.c.id)
)
_SHELVED = select(alert).where(_OPEN, alert.c.inhibition == Inhibition.SHELVED.value)
_COLUMNS = tuple(alert.c.keys())
_KEPT = tuple(name for name in Alert.__struct_fields__ if name != "life")  # the columns that are its fields
_INSERT = Prepared(insert(alert), _COLUMNS)
_THIS = update(alert).where(alert.c.id == bindparam("alert_id"))


def read(conn: Connection, alert_id: int) -> Alert | None:
    return next(_made(_ONE.read(conn, {"alert_id": alert_id})), None)


def read_many(conn: Connection, ids: Iterable[int]) -> list[Alert]:
    """The alerts with these ids; unknown ids are left out."""
    wanted = sorted(set(ids))
    if len(wanted) == 1:
        found = read(conn, wanted[0])
        return [found] if found else []
    return _in_parts(conn, _MANY, "ids", wanted)


def open_about(conn: Connection, subjects: Iterable[str]) -> list[Alert]:
    """The open alerts that rules raised about these subjects: one for each (rule, subject) at most, which the
    database itself guarantees."""
    wanted = sorted(set(subjects))
    if len(wanted) == 1:
        return list(_made(_OPEN_OF_ONE.read(conn, {"subject_id": wanted[0]})))
    return _in_parts(conn, _OPEN_OF, "subjects", wanted)


def _in_parts(conn: Connection, query: Select[Any], name: str, wanted: Sequence[Any]) -> list[Alert]:
    parts = (wanted[start : start + PART] for start in range(0, len(wanted), PART))
    return [from_row(row) for part in parts for row in conn.execute(query, {name: part}).mappings()]


def all_open(conn: Connection) -> list[Alert]:
    return [from_row(row) for row in conn.execute(_ALL_OPEN).mappings()]


def shelved(conn: Connection) -> list[Alert]:
    return [from_row(row) for row in conn.execute(_SHELVED).mappings()]


def open_with(conn: Connection, rule: str = "", device: str = "") -> list[Alert]:
    """The open alerts of a rule, of a device, or of either."""
    found = [
        *(conn.execute(_OF_RULE, {"rule_id": rule}).mappings() if rule else ()),
        *(conn.execute(_OF_DEVICE, {"device_id": device}).mappings() if device else ()),
    ]
    return list({row["id"]: from_row(row) for row in found}.values())


def open_naming(conn: Connection, person: str) -> list[Alert]:
    """The open alerts that a person owns, is offered, or is the second person of."""
    return [from_row(row) for row in conn.execute(_NAMING, {"person": person}).mappings()]


def by_code(conn: Connection, code: str) -> Alert | None:
    """The open alert that people call by this code, in any case of letters."""
    return _first(conn.execute(_BY_CODE, {"wanted": code.strip().upper()}).mappings())


def due(conn: Connection, now: int) -> list[Alert]:
    """Alerts that have a deadline at or before `now`, the earliest first."""
    return [from_row(row) for row in conn.execute(_DUE, {"moment": now}).mappings()]


def lost(conn: Connection, before: int) -> list[Alert]:
    """Open alerts that wait for an acknowledgement or for the second person, are not inhibited and must be
    told to somebody, and have no next step or one that was due before this moment."""
    return [from_row(row) for row in conn.execute(_LOST, {"moment": before}).mappings()]


def numbered(tx: Connection, alerts: Sequence[Alert], last: int) -> list[Alert]:
    """New alerts with ids that follow the last one, and with codes that no open alert has."""
    taken: set[str] = set()
    made = []
    for number, new in enumerate(alerts, start=last + 1):
        code = next(
            code for code in codes(number) if number < DISTINCT or not (code in taken or _taken(tx, code))
        )
        taken.add(code)
        made.append(msgspec.structs.replace(new, id=number, code=code))
    return made


def _taken(tx: Connection, code: str) -> bool:
    return tx.execute(_CODE_TAKEN, {"wanted": code}).first() is not None


def add(tx: Connection, alerts: Iterable[Alert]) -> None:
    """Insert new, numbered alerts, in this order."""
    rows = [to_row(new) for new in alerts]
    if rows:
        _INSERT(tx, rows)


def save(tx: Connection, changed: Iterable[tuple[Alert, Alert]]) -> None:
    """Each as it was read in this transaction, and as it is now. Only the columns that differ are written:
    of the indexes on them, SQLite would else write every one anew."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for before, after in changed:
        if row := {name: _value(after, name) for name in _differing(before, after)}:
            alike.setdefault(tuple(row), []).append({**row, "alert_id": after.id})
    for names, rows in alike.items():
        _saving(names)(tx, rows)


@lru_cache(256)
def _saving(names: tuple[str, ...]) -> Prepared:
    return Prepared(_THIS, names)


def _differing(before: Alert, after: Alert) -> Iterator[str]:
    for name in _COLUMNS:
        if getattr(before, name) != getattr(after, name):
            yield name


def to_row(value: Alert) -> dict[str, Any]:
    return {name: _value(value, name) for name in _COLUMNS}


def _value(of: Alert, name: str) -> Any:
    value = getattr(of, name)
    if name in _ENUMS:
        return value.value
    return _encode(value).decode() if name in _JSON else value


def from_row(row: RowMapping) -> Alert:
    return _alert(dict(row))


def _made(rows: Iterable[Sequence[Any]]) -> Iterator[Alert]:
    """Of rows in the order of the columns."""
    return (_alert(dict(zip(_COLUMNS, row, strict=True))) for row in rows)


def _alert(fields: dict[str, Any]) -> Alert:
    """Of the columns of its row; others beside them are left alone."""
    known = {name: fields[name] for name in _KEPT}
    for name, decoded in _decoded.items():
        known[name] = decoded(known[name])
    return Alert(**known, life=Life.OPEN if fields["open"] else Life.CLOSED)


def _first(rows: Iterable[RowMapping]) -> Alert | None:
    return next((from_row(row) for row in rows), None)
