"""Thinks. What rules must remember: one row for each (rule, subject) that is not at rest, and its deadline.

Rules of this file: a pair at rest has no row. Every change since the mark can be undone exactly. Every
row with a deadline has an entry in the heap at or before that deadline. What is committed is kept packed.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from heapq import heapify, heappop, heappush

import msgspec

from rules.packed import Packer
from rules.verdict import Evidence, Holds

Key = tuple[str, str]
SCHEDULE = "@/schedule"  # the subject of the row that waits for a rule's schedule to begin or end


class State(StrEnum):
    PENDING = "pending"  # the condition holds; the on-delay runs
    ACTIVE = "active"
    CLEARING = "clearing"  # it no longer holds; the off-delay runs
    UNKNOWN = "unknown"  # it held, and now nobody knows
    WAITING = "waiting"  # nothing holds; something is remembered that the next reading is compared with


class Memory(msgspec.Struct, frozen=True, gc=False):
    """One pair not at rest. Moments are ms since 1970 UTC.

    `told` is what the last verdict said. `since`: when the condition began. `due_at`: when the passing of
    time alone changes the state. `trail` is what a condition remembers of its window (rules/trail.py),
    `hidden` the rule that suppresses what was told, `withheld` what would be told if the rule's schedule
    were on. The rest is the reading that brought it here.
    """

    rule: str
    subject: str
    device: str
    state: State
    told: Holds
    since: int
    due_at: int | None
    version: str
    value: float | str
    event_time: int
    received: int
    retained: bool = False
    note: str = ""
    trail: bytes = b""
    hidden: str = ""
    withheld: str = ""

    def evidence(self, metric: str, compared: str) -> Evidence:
        return Evidence(metric, self.value, self.event_time, self.received, compared, self.note)


class Memories:
    """All rows, the heap of their deadlines, and what changed since the mark and since the last commit."""

    def __init__(self, rows: Iterable[Memory] = ()) -> None:
        self.awake: dict[str, int] = {}  # device -> number of its rows; a device at rest is absent
        self._rows: dict[str, dict[str, Memory | bytes]] = {}  # by rule, then by subject: no key for each
        self._packer = Packer(Memory, tuple(State))
        self._heap: list[tuple[int, str, str]] = []
        self._crowded = 1000  # entries of the heap from which those that mean nothing are thrown away
        self._taken: Key | None = None  # whose deadline is off the heap, until it is put or dropped
        self._marked: dict[Key, Memory | None] = {}  # as it was at the mark
        self._saved: dict[Key, Memory | None] = {}  # as it was at the last commit
        for row in rows:
            self._set(self.get(row.rule, row.subject), row, (row.rule, row.subject))
            self._pack((row.rule, row.subject))

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def __iter__(self) -> Iterator[Memory]:
        return iter([row for rule in self._rows for row in self.of(rule)])

    def get(self, rule: str, subject: str) -> Memory | None:
        rows = self._rows.get(rule)
        row = None if rows is None else rows.get(subject)
        return self._packer.unpacked(rule, subject, row) if isinstance(row, bytes) else row

    def of(self, rule: str) -> list[Memory]:
        """Every row of a rule."""
        unpacked = self._packer.unpacked
        return [
            unpacked(rule, subject, row) if isinstance(row, bytes) else row
            for subject, row in self._rows.get(rule, {}).items()
        ]

    def put(self, row: Memory) -> None:
        self._change((row.rule, row.subject), row)

    def drop(self, row: Memory) -> None:
        """The pair is at rest again."""
        self._change((row.rule, row.subject), None)

    def next_due(self) -> int | None:
        """The earliest deadline, or None."""
        heap = self._heap
        while heap:
            moment, rule, subject = heap[0]
            row = self.get(rule, subject)
            if row is not None and row.due_at == moment:
                return moment
            self._pop()
        return None

    def take_due(self, until: int) -> Memory | None:
        """The row whose deadline comes first, by (deadline, rule, subject), if it is at or before `until`.

        The caller must put or drop it: its deadline is off the heap.
        """
        heap = self._heap
        while heap and heap[0][0] <= until:
            moment = heap[0][0]
            row = self._pop()
            if row is not None and row.due_at == moment:
                self._taken = row.rule, row.subject
                return row
        return None

    def mark(self) -> None:
        """A batch begins here: this is what rollback() restores."""
        self._marked = {}

    def rollback(self) -> None:
        """Everything as it was at the mark: the commit failed."""
        for key, row in self._marked.items():
            self._set(self.get(*key), row, key)
        self._marked = {}

    def committed(self) -> None:
        """What changes() gave is on disk."""
        for key in self._saved:
            self._pack(key)
        self._marked = {}
        self._saved = {}

    def changes(self) -> tuple[list[Memory], list[Key]]:
        """What must be written to make the stored rows these rows: rows to put, keys to delete."""
        upserts: list[Memory] = []
        deletes: list[Key] = []
        for key, before in self._saved.items():
            row = self.get(*key)
            if row is None:
                if before is not None:
                    deletes.append(key)
            elif row != before:
                upserts.append(row)
        return upserts, deletes

    def _pack(self, key: Key) -> None:
        rows = self._rows.get(key[0], {})
        row = rows.get(key[1])
        if isinstance(row, Memory):
            rows[key[1]] = self._packer.packed(row)

    def _change(self, key: Key, row: Memory | None) -> None:
        before = self.get(*key)
        if key not in self._marked:
            self._marked[key] = before
            self._saved.setdefault(key, before)
        self._set(before, row, key)
        if key == self._taken:
            self._taken = None

    def _set(self, before: Memory | None, row: Memory | None, key: Key) -> None:
        if before is None or row is None or before.device != row.device:
            if before is not None:
                self._count(before.device, -1)
            if row is not None:
                self._count(row.device, 1)
        if row is None:
            self._rows.get(key[0], {}).pop(key[1], None)
            return
        rows = self._rows.get(key[0])
        if rows is None:
            rows = self._rows[key[0]] = {}
        if row.due_at is not None:
            known = before.due_at if before is not None and key != self._taken else None
            if known is None or row.due_at < known:  # else an entry at or before the deadline is there
                rows.pop(key[1], None)  # so that the rows and the heap share one name of the subject
                rows[key[1]] = row
                self._schedule((row.due_at, *key))
        rows[key[1]] = row

    def _count(self, device: str, by: int) -> None:
        number = self.awake.get(device, 0) + by
        if number:
            self.awake[device] = number
        else:
            del self.awake[device]

    def _schedule(self, entry: tuple[int, str, str]) -> None:
        """Entries of what is over, or due earlier, stay in the heap until they come up, or are too many."""
        heappush(self._heap, entry)
        if len(self._heap) > self._crowded:
            self._heap[:] = [(row.due_at, row.rule, row.subject) for row in self if row.due_at is not None]
            heapify(self._heap)
            self._crowded = 1000 + 2 * len(self._heap)

    def _pop(self) -> Memory | None:
        """Take the first entry off the heap; its row, rescheduled when its deadline has moved later."""
        entry = heappop(self._heap)
        while self._heap and self._heap[0] == entry:
            heappop(self._heap)
        moment, rule, subject = entry
        row = self.get(rule, subject)
        if row is not None and row.due_at is not None and row.due_at > moment:
            self._schedule((row.due_at, rule, subject))
        return row
