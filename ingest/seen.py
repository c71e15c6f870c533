"""Thinks. Whether a message was seen before: redelivery is certain to happen.

By (device, boot, sequence) where the device numbers its messages. Else by the DUP flag together with a hash
of packet number, topic and payload, and only against messages whose acknowledgement was never sent and
which were not delivered again yet: never by topic and payload alone, since two real presses look alike, and
a press the broker had in flight when we died comes back with DUP set although we never saw it. (A broker
delivers again under the same packet number, and before it sends anything new: MQTT-4.4.0-1, 4.6.0-1.) What
a batch adds is stored with the batch, so the memory of it is exactly as durable; that its acknowledgement
has gone out since, only a later batch can say.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from hashlib import blake2b
from zlib import crc32

import msgspec

from ingest.message import Message
from ingest.reading import Decoded

Numbered = tuple[str, int, int, int]  # device, boot, sequence, checksum of the payload
MOST = 65_536  # messages remembered: a broker has at most one less without acknowledgement


class _Window:
    """One source's unnumbered messages: of this connection in order, and what is still to be redelivered."""

    def __init__(self) -> None:
        self.epoch = -1
        self.arrived: deque[tuple[Message, bytes]] = deque()
        self.earlier: Counter[bytes] = Counter()

    def enter(self, message: Message) -> None:
        if message.epoch != self.epoch:
            # A connection may break in the middle of a redelivery: the rest of it comes with a later one.
            self.earlier += Counter(digest for one, digest in self.arrived if not one.acked)
            self.arrived.clear()
            self.epoch = message.epoch
        if not message.dup and not message.retain:
            self.earlier.clear()  # something new: the redelivery is over, and what is left could hide a press

    def unacknowledged(self) -> list[bytes]:
        while self.arrived and self.arrived[0][0].acked:
            self.arrived.popleft()
        return [*self.earlier.elements(), *(digest for _, digest in self.arrived)]


class Stored(msgspec.Struct, array_like=True):
    """What one batch adds: the numbers it saw, and per source every hash still unacknowledged."""

    numbered: list[Numbered]
    unacknowledged: dict[str, list[bytes]]


class _Counted(msgspec.Struct, array_like=True):
    """The same, read only to count it."""

    numbered: list[msgspec.Raw]


_count = msgspec.msgpack.Decoder(_Counted).decode
_decode = msgspec.msgpack.Decoder(Stored).decode


def numbers(blob: bytes) -> int:
    """How many numbered messages a stored batch saw. Raises MsgspecError."""
    return len(_count(blob).numbered)


class Seen:
    """Remembers at least the last `most` numbered messages, and at most twice as many."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._newer: set[Numbered] = set()  # two generations: forgetting one by one would cost more
        self._older: set[Numbered] = set()
        self._fresh: list[Numbered] = []
        self._windows: defaultdict[str, _Window] = defaultdict(_Window)  # by the source's name

    def is_new(self, message: Message, decoded: Decoded) -> bool:
        """False for a redelivery. Remembers the message either way."""
        if message.qos:
            window = self._windows[message.source.name]
            if window.earlier or message.epoch != window.epoch:  # else there is nothing to enter or forget
                window.enter(message)
        if decoded.sequence is not None and decoded.boot is not None:
            # The checksum: a device that forgets its boot number uses its sequence numbers again.
            check = crc32(message.payload)
            return self._is_new_number((decoded.device, decoded.boot, decoded.sequence, check))
        return not message.qos or self._is_new_hash(message)

    def new_among(self, message: Message, heard: Iterable[Decoded]) -> list[Decoded]:
        """The same for a message of several devices: what was not seen before of what it says."""
        if message.qos:
            self._windows[message.source.name].enter(message)
        check, whole, found = crc32(message.payload), None, []
        for decoded in heard:
            if decoded.sequence is not None and decoded.boot is not None:
                new = self._is_new_number((decoded.device, decoded.boot, decoded.sequence, check))
            else:
                if whole is None:  # what bears no number is new or not as a whole
                    whole = not message.qos or self._is_new_hash(message)
                new = whole
            if new:
                found.append(decoded)
        return found

    def _is_new_number(self, key: Numbered) -> bool:
        if len(self._newer) > self._most:
            self._older, self._newer = self._newer, set()
        newer, before = self._newer, len(self._newer)
        newer.add(key)  # whether it grows says whether the key is new: another look-up would cost as much
        if len(newer) == before or key in self._older:
            return False
        self._fresh.append(key)
        return True

    def _is_new_hash(self, message: Message) -> bool:
        window = self._windows[message.source.name]
        topic, number = message.topic.encode()[-64:], message.mid.to_bytes(2)
        digest = blake2b(message.payload, digest_size=8, key=topic, salt=number).digest()
        window.arrived.append((message, digest))
        if message.dup and window.earlier[digest] > 0:
            window.earlier[digest] -= 1
            return False
        return True

    def stored(self) -> bytes:
        """What was remembered since `committed`, to be stored with the batch."""
        owed = {name: window.unacknowledged() for name, window in self._windows.items()}
        return msgspec.msgpack.encode(Stored(self._fresh, owed))

    def committed(self) -> None:
        self._fresh = []

    def restore(self, blob: bytes) -> list[Numbered]:
        """Remember what a stored batch remembered; the numbers it saw. Call it for the stored batches
        in their order."""
        stored = _decode(blob)
        for key in stored.numbered:
            self._is_new_number(key)
        self.committed()
        for name, hashes in stored.unacknowledged.items():
            self._windows[name].earlier = Counter(hashes)
        return stored.numbered
