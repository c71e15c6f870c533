"""Touches. Asking a gateway what became of many messages, one question each, in a bounded time."""

import time
from collections.abc import Callable, Sequence

from alerts.delivery.channels.channel import Arrival, Asked, ChannelError, Progress

ROUND = 2.0  # seconds after which no further question is asked: the last may still take Api's time-out


class Rounds:
    """Asks as long as there is time; whom a round did not reach comes first in the next."""

    def __init__(self, progress: Callable[[Asked], Progress | None]) -> None:
        self._progress = progress
        self._turn = 0

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        """What the gateway does not know is lost; what cannot be asked about, as for want of an address, is
        left. Any other failure ends the round; what was learned before it counts."""
        found, failed = list[Progress](), None
        until = time.monotonic() + ROUND
        start = self._turn % max(1, len(messages))
        for done, asked in enumerate([*messages[start:], *messages[:start]]):
            if time.monotonic() >= until:
                break
            self._turn = start + done + 1
            try:
                one = self._of(asked)
            except ChannelError as error:
                failed = error
                if error.permanent and not error.status:
                    continue
                break
            if one and one.arrival is not asked.known:
                found.append(one)
        if failed and not found:
            raise failed
        return found

    def _of(self, asked: Asked) -> Progress | None:
        try:
            return self._progress(asked)
        except ChannelError as error:
            if error.status != 404:
                raise
            return Progress(asked.receipt, Arrival.LOST, 0, error.reason, error.zh)
