"""Touches. What became of messages and calls at Twilio: asked in turn, or called back and kept."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from alerts.delivery.channels.channel import Arrival, Asked, ChannelError, Progress
from alerts.delivery.channels.exchange import Json
from alerts.delivery.channels.twilio_api import TwilioAccount

ROUND = 2.0  # seconds after which no further question is asked: the last may still take Api's time-out
REMEMBERED = 5_000


class Rounds:
    """Asks as long as there is time; whom a round did not reach comes first in the next."""

    def __init__(self, progress: Callable[[Asked], Progress | None]) -> None:
        self._progress = progress
        self._turn = 0

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        """What Twilio does not know is lost. Any other failure ends the round; what was learned before it
        counts."""
        found: list[Progress] = []
        until = time.monotonic() + ROUND
        start = self._turn % max(1, len(messages))
        for done, asked in enumerate([*messages[start:], *messages[:start]]):
            if time.monotonic() >= until:
                break
            self._turn = start + done + 1
            try:
                one = self._of(asked)
            except ChannelError:
                if not found:
                    raise
                break
            if one and one.arrival is not asked.known:
                found.append(one)
        return found

    def _of(self, asked: Asked) -> Progress | None:
        try:
            return self._progress(asked)
        except ChannelError as error:
            if error.status != 404:
                raise
            return Progress(asked.receipt, Arrival.LOST, 0, error.reason, error.zh)


class Told:
    """Callbacks: believed only with Twilio's signature, and kept until somebody asks."""

    def __init__(self, settings: TwilioAccount, channel: str) -> None:
        self.url = f"{settings.public_url}/callbacks/twilio/{channel}" if settings.public_url else ""
        self._settings = settings
        self._lock = threading.Lock()
        self._said: dict[str, Json] = {}

    def take(self, form: Mapping[str, str], signature: str) -> bool:
        """False when it is not Twilio who says so."""
        if not self.url or not self._settings.signed(self.url, form, signature):
            return False
        sid = form.get("MessageSid") or form.get("CallSid") or ""
        status = form.get("MessageStatus") or form.get("CallStatus")
        with self._lock:
            self._said[sid] = {
                "status": status,
                "error_code": form.get("ErrorCode"),
                "duration": form.get("CallDuration"),
                "answered_by": form.get("AnsweredBy"),
            }
            while len(self._said) > REMEMBERED:
                del self._said[next(iter(self._said))]
        return True

    def of(self, receipt: str) -> Json | None:
        with self._lock:
            return self._said.pop(receipt, None)
