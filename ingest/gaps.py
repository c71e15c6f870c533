"""Thinks. Messages that a device numbered and that never came: counted, and told at most once a minute."""

from collections.abc import Iterable, Sequence

from ingest.bilingual import both
from ingest.reading import Decoded, Reading

AGAIN = 60_000  # ms between two readings of one device
LATE = 64  # a number so little behind the last one overtook nobody: it was only late
MOST = 1_000_000  # a jump by more is no loss but another count


class _Count:
    """One device: the number of its last message, and how many are missed that were not told yet."""

    __slots__ = ("boot", "missed", "quiet_until", "sequence")

    def __init__(self, boot: int, sequence: int) -> None:
        self.boot = boot
        self.sequence = sequence
        self.missed = 0
        self.quiet_until = 0


class Gaps:
    """A new boot number, a count that starts again and one that wraps round are no gaps: what is lost at
    such a moment cannot be known."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def restore(self, numbered: Iterable[tuple[str, int, int, int]]) -> None:
        """What was seen before a restart, in its order: (device, boot, sequence, checksum)."""
        for device, boot, sequence, _ in numbered:
            count = self._counts.get(device)
            if count is None or count.boot != boot or sequence > count.sequence:
                self._counts[device] = _Count(boot, sequence)

    def hear(self, decoded: Decoded, moment: int) -> Sequence[Reading]:
        """The reading of what is missed, once a gap is found."""
        sequence = decoded.sequence
        if sequence is None:
            return ()
        count = self._counts.get(decoded.device)
        if count is not None and sequence == count.sequence + 1 and decoded.boot == count.boot:
            count.sequence = sequence
            return self._told(decoded.device, count, moment) if count.missed else ()
        return self._jump(decoded, count, sequence, moment)

    def _jump(self, decoded: Decoded, count: _Count | None, sequence: int, moment: int) -> Sequence[Reading]:
        boot = decoded.boot or 0
        if count is None:
            self._counts[decoded.device] = _Count(boot, sequence)
            return ()
        step = sequence - count.sequence
        if boot != count.boot or step > MOST or step < -LATE:
            count.boot, count.sequence = boot, sequence
        elif step <= 0:
            count.missed -= 1 if count.missed and step else 0
        else:
            count.sequence = sequence
            count.missed += step - 1
        return self._told(decoded.device, count, moment) if count.missed else ()

    def _told(self, device: str, count: _Count, moment: int) -> Sequence[Reading]:
        if moment < count.quiet_until:
            return ()
        missed, count.missed, count.quiet_until = count.missed, 0, moment + AGAIN
        numbered, boot = count.sequence, count.boot
        note = both(f"编号到 {numbered}，第 {boot} 次启动", f"numbered up to {numbered}, boot {boot}")
        return (Reading(device, "sequence_gap", float(missed), moment, moment, note=note),)
