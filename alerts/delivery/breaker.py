"""Thinks. When a gateway that does not work is tried again: its circuit breaker.

It is closed while the gateway works. Failures in a row open it: then nothing is sent, so that what is owed
goes to people's other contacts at once instead of hanging here. After a pause one message is let through to
try. Once that is answered the breaker is closed, and all that was held goes out.
"""

OPENS_AFTER = 3  # failures in a row, of two messages at least: one by itself waits for its own retry
FIRST_PAUSE = 5_000  # ms until the first try; doubles with each that fails
LAST_PAUSE = 60_000  # ms
LIFE_PAUSE = 10_000  # ms at most while something of life safety waits for it
PATIENCE = 300_000  # ms: a gateway that asks us to wait is obeyed up to this


class Breaker:
    """`opened_at`: when the last try failed, None while it is closed. Moments are ms."""

    def __init__(self) -> None:
        self.opened_at: int | None = None
        self._failed: list[str] = []  # the messages that failed since one was answered
        self._pause = FIRST_PAUSE
        self._urgent = False  # something of life safety waits
        self._trying = False

    def tries_at(self) -> int | None:
        """When the next message may be let through; None while every one is."""
        if self.opened_at is None:
            return None
        return self.opened_at + (min(self._pause, LIFE_PAUSE) if self._urgent else self._pause)

    def room(self, room: int, now: int) -> int:
        """How many messages may come now, where there is `room`. From a moment that is still to come it was
        opened before the clock was set back."""
        if self.opened_at is not None:
            self.opened_at = min(self.opened_at, now)
        at = self.tries_at()
        return room if at is None else min(room, int(not self._trying and now >= at))

    def lets(self, life_safety: bool, now: int) -> bool:
        """Whether a message may be sent now; if so while it is open, it is the one that tries."""
        if self.opened_at is None:
            return True
        if not self.room(1, now):
            self.awaited(life_safety)
            return False
        self._trying = True
        return True

    def awaited(self, life_safety: bool) -> None:
        """A message waits for it to work again."""
        self._urgent = self._urgent or life_safety

    def failed(self, message: str, now: int, asked: int = 0) -> bool:
        """An attempt failed, not for the message's own sake; `asked`: ms for which the gateway wants to rest.
        True when that has opened it."""
        if self.opened_at is not None:
            if self._trying:
                self.opened_at, self._trying = now, False
                self._pause = max(min(self._pause * 2, LAST_PAUSE), min(asked, PATIENCE))
            return False
        self._failed = [*self._failed[-OPENS_AFTER:], message]
        if not asked and (len(self._failed) < OPENS_AFTER or len({*self._failed}) < 2):
            return False
        self.opened_at, self._pause = now, max(FIRST_PAUSE, min(asked, PATIENCE))
        return True

    def answered(self) -> bool:
        """The gateway took a message, or refused one for its own sake. True when that has closed it."""
        was_open, self.opened_at = self.opened_at is not None, None
        self._failed, self._urgent, self._trying = [], False, False
        return was_open

    def unused(self) -> None:
        """The message that was to try is owed no more."""
        self._trying = False
