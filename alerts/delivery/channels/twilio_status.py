"""Touches. What became of messages and calls at Twilio: asked in turn, or called back and kept."""

import threading
from collections.abc import Mapping

from alerts.delivery.channels.exchange import Json
from alerts.delivery.channels.twilio_api import TwilioAccount

REMEMBERED = 5_000


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
