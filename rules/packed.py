"""Thinks. A row of memory in as few bytes as it takes: so are kept the thousands that nothing happens to.

`unpacked(packed(row))` is the row, bit by bit. Words that many rows share stand once, in a table.
"""

from collections.abc import Callable
from struct import Struct
from struct import error as TooWide  # noqa: N812
from typing import TYPE_CHECKING, Any

from rules.verdict import Holds

if TYPE_CHECKING:
    from rules.memory import Memory, State

_HOLDS = tuple(Holds)
_RETAINED, _NUMBER, _DUE, _TAIL = 16, 32, 64, 128  # beside the number of state and told: what is there
_HEAD = Struct("<BHqii")  # flags, version, received, and from there event time and since
_BEFORE_ALL = -(2**31)  # of `since`: it is 0
_NUMBERS, _WORD, _DEADLINE, _LENGTH = Struct("<d"), Struct("<H"), Struct("<i"), Struct("<H")
_WIDEST = 32  # moments or samples of a window
_SAMPLES = tuple(Struct(">" + "qd" * n) for n in range(_WIDEST + 1))
_DECIMAL = tuple(Struct(">qi" + "Ii" * n) for n in range(_WIDEST))  # the same, of at most three decimals
_MOMENTS = tuple(Struct(f">{n}q") for n in range(_WIDEST + 1))
_STEPS = tuple(Struct(f">qq{n}I") for n in range(_WIDEST + 1))  # the same: a number, a moment, steps from it
_AS_IT_IS, _AS_DECIMAL, _AS_STEPS = b"\0", b"\1", b"\2"


class Packer:
    """Rows into bytes and back. `make` and `states` are given by rules/memory.py."""

    def __init__(self, make: Callable[..., "Memory"], states: tuple["State", ...]) -> None:
        self._make, self._states = make, states
        self._state_numbers = {state: number for number, state in enumerate(states)}
        self._numbers: dict[float | str, int] = {}
        self._words: list[Any] = []

    def packed(self, row: "Memory") -> "bytes | Memory":
        """The row itself where something of it is out of all bounds."""
        value, device, received = row.value, row.device, row.received
        own = device == row.subject.partition("/")[0]
        texts = ("" if own else device, row.note, row.hidden, row.withheld)
        tailed = any(texts) or bool(row.trail) or not device
        flags = _RETAINED * row.retained | _NUMBER * isinstance(value, float) | _TAIL * tailed
        flags |= _DUE * (row.due_at is not None)
        flags |= self._state_numbers[row.state] * len(_HOLDS) + _HOLDS.index(row.told)
        try:
            if not (own or device):
                return row
            since = row.since - received if row.since else _BEFORE_ALL
            version = self._number(row.version)
            made = _HEAD.pack(flags, version, received, row.event_time - received, since)
            made += _NUMBERS.pack(value) if isinstance(value, float) else _WORD.pack(self._number(value))
            if row.due_at is not None:
                made += _DEADLINE.pack(row.due_at - received)
            return made + _tail(texts, row.trail) if tailed else made
        except (TooWide, ValueError):  # or a text that is none
            return row

    def unpacked(self, rule: str, subject: str, data: bytes) -> "Memory":
        flags, version, received, event_time, since = _HEAD.unpack_from(data)
        kind, at = _NUMBERS if flags & _NUMBER else _WORD, _HEAD.size
        (value,) = kind.unpack_from(data, at)
        at += kind.size
        due_at = None
        if flags & _DUE:
            due_at = received + _DEADLINE.unpack_from(data, at)[0]
            at += _DEADLINE.size
        device = note = hidden = withheld = ""
        trail = b""
        if flags & _TAIL:
            (device, note, hidden, withheld), trail = _untailed(data, at)
        state, told = divmod(flags & 15, len(_HOLDS))
        return self._make(
            rule,
            subject,
            device or subject.partition("/")[0],
            self._states[state],
            _HOLDS[told],
            0 if since == _BEFORE_ALL else received + since,
            due_at,
            self._words[version],
            value if flags & _NUMBER else self._words[value],
            received + event_time,
            received,
            bool(flags & _RETAINED),
            note,
            trail,
            hidden,
            withheld,
        )

    def _number(self, word: float | str) -> int:
        """The table only grows, by versions of rules and words of devices; what it has no room for is too
        wide for its two bytes."""
        found = self._numbers.get(word)
        if found is None:
            found = len(self._words)
            if found < 2**16:
                self._numbers[word] = found
                self._words.append(word)
        return found


def _tail(texts: tuple[str, ...], trail: bytes) -> bytes:
    there = sum(1 << place for place, text in enumerate(texts) if text)
    raw = (text.encode() for text in texts if text)
    return bytes((there,)) + b"".join(_LENGTH.pack(len(one)) + one for one in raw) + squeezed(trail)


def _untailed(data: bytes, at: int) -> tuple[list[str], bytes]:
    there, at, texts = data[at], at + 1, list[str]()
    for place in range(4):
        length = 0
        if there >> place & 1:
            (length,) = _LENGTH.unpack_from(data, at)
            at += _LENGTH.size
        texts.append(data[at : at + length].decode())
        at += length
    return texts, unsqueezed(data[at:])


def squeezed(trail: bytes) -> bytes:
    """A window (rules/trail.py) in fewer bytes. Only what comes back bit by bit is written shorter."""
    number, rest = divmod(len(trail), 8)
    if not trail or rest or number > _WIDEST:
        return _AS_IT_IS + trail if trail else b""
    for way in (_decimal, _steps):
        made = way(trail, number)
        if made and unsqueezed(made) == trail:
            return made
    return _AS_IT_IS + trail


def _decimal(trail: bytes, number: int) -> bytes:
    if number % 2:
        return b""
    found = _SAMPLES[number // 2].unpack(trail)
    pairs = zip(found[::2], found[1::2], strict=True)
    try:
        parts = [part for at, value in pairs for part in (at - found[0], round(value * 1000))]
        return _AS_DECIMAL + _DECIMAL[number // 2 - 1].pack(found[0], *parts[1:])
    except (TooWide, ValueError, OverflowError):
        return b""


def _steps(trail: bytes, number: int) -> bytes:
    if number < 2:
        return b""
    found = _MOMENTS[number].unpack(trail)
    try:
        return _AS_STEPS + _STEPS[number - 2].pack(*found[:2], *(at - found[1] for at in found[2:]))
    except TooWide:
        return b""


def unsqueezed(data: bytes) -> bytes:
    how, body = data[:1], data[1:]
    if how == _AS_DECIMAL:
        number = (len(body) - 12) // 8
        first, *found = _DECIMAL[number].unpack(body)
        pairs = zip((0, *found[1::2]), found[::2], strict=True)
        return _SAMPLES[number + 1].pack(
            *(part for at, value in pairs for part in (first + at, value / 1000))
        )
    if how == _AS_STEPS:
        head, first, *found = _STEPS[(len(body) - 16) // 4].unpack(body)
        return _MOMENTS[len(found) + 2].pack(head, first, *(first + at for at in found))
    return body
