"""Touches. Rule memory in the state database, written in the transaction of the batch that changed it."""

import msgspec
import structlog
from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from rules.memory import Memories, Memory
from rules.tables import rule_memory

log = structlog.get_logger("rules.store")

_DELETE = delete(rule_memory).where(
    rule_memory.c.rule == bindparam("old_rule"), rule_memory.c.subject == bindparam("old_subject")
)
_FIELDS = Memory.__struct_fields__
_UPSERT = {
    dialect: (row := added(rule_memory)).on_conflict_do_update(
        index_elements=["rule", "subject"], set_={field: row.excluded[field] for field in _FIELDS[2:]}
    )
    for dialect, added in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_ALL = select(*(rule_memory.c[field] for field in _FIELDS))


def load(tx: Connection) -> Memories:
    """Everything that is stored. A row that cannot be read is left out and logged: the rest must start."""
    rows = []
    for values in tx.execute(_ALL):
        stored = dict(zip(_FIELDS, values, strict=True))
        try:
            value = msgspec.json.decode(stored["value"], type=float | str)
            rows.append(msgspec.convert({**stored, "value": value}, Memory))
        except msgspec.DecodeError as error:
            where = {"rule": stored["rule"], "subject": stored["subject"]}
            log.error("memory_row_unreadable", **where, error=str(error))
    return Memories(rows)


def save(tx: Connection, memories: Memories) -> None:
    """Write what changed since the last commit. Call memories.committed() once the transaction is on disk."""
    upserts, deletes = memories.changes()
    if deletes:
        tx.execute(_DELETE, [{"old_rule": rule, "old_subject": subject} for rule, subject in deletes])
    if upserts:
        tx.execute(_UPSERT[tx.dialect.name], [_stored(row) for row in upserts])


def _stored(row: Memory) -> dict[str, object]:
    fields: dict[str, object] = msgspec.structs.asdict(row)
    fields["value"] = msgspec.json.encode(row.value).decode()
    fields["state"], fields["told"] = row.state.value, row.told.value
    return fields
