"""Touches. Twilio voice: a call that says the notice twice. Its fate is polled, and so are keys, but late.

https://www.twilio.com/docs/voice/api/call-resource
https://www.twilio.com/docs/voice/api/call-event-resource
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from pydantic import Field, field_validator

from alerts.delivery.channels.channel import Answer, Arrival, Asked, ChannelError, Notice, Progress, Receipt
from alerts.delivery.channels.exchange import Json
from alerts.delivery.channels.rounds import Rounds
from alerts.delivery.channels.twilio_api import Api, TwilioAccount, called, integer, moment, receipt
from alerts.delivery.channels.twilio_status import REMEMBERED, Told
from alerts.delivery.spoken import spoken
from rules.verdict import Text

EVENTS_AFTER = 900_000  # ms after its end from which a call's events, and so its keys, can be read
EVENTS_UNTIL = 3_600_000  # ms after which a call without a key is not asked about any more
KEYS = Text("受理请按一，不能到场请按二", "Press one to take it, two if you cannot come")
NOT_REACHED = {
    "busy": Text("占线", "the line is busy"),
    "no-answer": Text("无人接听", "nobody picked up"),
    "failed": Text("呼叫失败，号码可能无效", "the call failed; perhaps the number is not valid"),
    "canceled": Text("呼叫被取消", "the call was cancelled"),
}
MACHINE = Text("答录机或传真机接听", "a machine picked up")


class TwilioVoiceSettings(TwilioAccount):
    """Calls by Twilio. `sender` is a number of the account; `ring` is for how many seconds it rings;
    `keys_url` is a TwiML Bin that thanks whoever pressed a key."""

    kind: Literal["twilio-voice"]
    sender: str = Field(pattern=r"^\+\d{6,15}$", description="a number with + and the country's code")
    ring: int = Field(30, ge=5, le=120)
    voice_zh: str = Field("Polly.Zhiyu", pattern=r"^[A-Za-z0-9.-]*$", description="a voice like Polly.Zhiyu")
    voice_en: str = Field("", pattern=r"^[A-Za-z0-9.-]*$", description="a voice like Polly.Joanna")
    keys_url: str = ""
    detect_machines: bool = False
    workers: int = Field(2, ge=1, le=32)

    @field_validator("keys_url")
    @classmethod
    def _hosted_by_twilio(cls, value: str) -> str:
        if value and not value.startswith("https://handler.twilio.com/twiml/EH"):
            raise ValueError("must be the address of a TwiML Bin: https://handler.twilio.com/twiml/EH…")
        return value


class TwilioVoice:
    """`now` tells when a call's keys can be read."""

    every = 5_000
    listen_every = 30_000

    def __init__(self, name: str, settings: TwilioVoiceSettings, now: Callable[[], int]) -> None:
        self.name = name
        self.workers = settings.workers
        self._settings = settings
        self._now = now
        self._api = Api(settings, settings.workers + 2)
        self._told = Told(settings, name)
        self._rounds = Rounds(self._progress)
        self._lock = threading.Lock()
        self._ended: dict[str, tuple[str, int]] = {}  # calls whose keys are still to be read: who, when over
        self._pressed: dict[str, Answer] = {}

    def send(self, notice: Notice) -> Receipt:
        """Accepted when Twilio has queued the call."""
        settings = self._settings
        form = {"To": called(notice.address), "From": settings.sender, "Timeout": str(settings.ring)}
        form["Twiml"] = self._twiml(notice)
        if settings.detect_machines:
            form["MachineDetection"] = "Enable"
        if self._told.url:
            form["StatusCallback"] = self._told.url
        return receipt(self._api.create("Calls", form), "CA")

    def _twiml(self, notice: Notice) -> str:
        """https://www.twilio.com/docs/voice/twiml: at most 4,000 characters, and spoken() keeps far below."""
        english = notice.language == "en"
        keys = self._told.url or self._settings.keys_url
        words = spoken(notice) + ((KEYS.en if english else KEYS.zh) if keys else "")
        language, voice = (
            ("en-US", self._settings.voice_en) if english else ("cmn-CN", self._settings.voice_zh)
        )
        with_voice = f" voice={quoteattr(voice)}" if voice else ""
        say = f'<Say language="{language}"{with_voice} loop="2">{escape(words)}</Say>'
        if keys:
            say = f'<Gather numDigits="1" timeout="8" action={quoteattr(keys)} method="POST">{say}</Gather>'
        return f'<Response><Pause length="1"/>{say}</Response>'

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        return self._rounds.ask(messages)

    def _progress(self, asked: Asked) -> Progress | None:
        said = self._told.of(asked.receipt) or self._api.fetch(f"Calls/{asked.receipt}")
        status, by = str(said.get("status")), str(said.get("answered_by") or "")
        at = moment(said.get("start_time"))
        lost = MACHINE if by.startswith(("machine", "fax")) else NOT_REACHED.get(status)
        if lost:
            return Progress(asked.receipt, Arrival.LOST, at, lost.en, lost.zh)
        if status == "completed":
            self._over(asked)
            seconds = integer(said.get("duration"))
            return Progress(asked.receipt, Arrival.DELIVERED, at, f"{seconds} s", f"{seconds} 秒")
        if status == "in-progress" and (by or not self._settings.detect_machines):
            return Progress(asked.receipt, Arrival.DELIVERED, at)
        return None

    def _over(self, asked: Asked) -> None:
        if self._settings.keys_url and not self._told.url:
            with self._lock:
                self._ended.setdefault(asked.receipt, (asked.address, self._now()))

    def answers(self) -> list[Answer]:
        """Keys: called back at once where there is a public address; else from the call's events, which
        Twilio shows a quarter of an hour after its end."""
        now = self._now()
        with self._lock:
            ripe = {sid: to for sid, (to, ended) in self._ended.items() if now - ended >= EVENTS_AFTER}
        for sid, to in ripe.items():
            try:
                answer = _pressed(sid, to, self._api.fetch(f"Calls/{sid}/Events"))
            except ChannelError as error:
                if error.status != 404:
                    raise
                answer = None
            with self._lock:
                if answer:
                    self._pressed[answer.id] = answer
                if answer or now - self._ended[sid][1] > EVENTS_UNTIL:
                    del self._ended[sid]
        with self._lock:
            return list(self._pressed.values())

    def heard(self, ids: Sequence[str]) -> None:
        with self._lock:
            for one in ids:
                self._pressed.pop(one, None)

    def called_back(self, form: Mapping[str, str], signature: str) -> bool:
        """A status, or a key; False when it is not Twilio who says so."""
        if not self._told.take(form, signature):
            return False
        sid, digits = form.get("CallSid", ""), form.get("Digits", "")
        if digits:
            with self._lock:
                answer = Answer(f"{sid}/{digits}", form.get("To", ""), digits, self._now(), sid)
                if len(self._pressed) < REMEMBERED:
                    self._pressed[answer.id] = answer
        return True


def _pressed(sid: str, to: str, said: Json) -> Answer | None:
    """The first key, among the requests that Twilio made for a call."""
    events = said.get("events")
    for event in events if isinstance(events, list) else ():
        request, response = event.get("request") or {}, event.get("response") or {}
        digits = str((request.get("parameters") or {}).get("digits") or "")
        if digits:
            return Answer(f"{sid}/{digits}", to, digits, moment(response.get("date_created")), sid)
    return None
