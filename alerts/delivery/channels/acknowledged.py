"""Touches. Sounders and lamps that answer: what is told to them bears an id, which they send back.

The answer is `{"id": "…"}`, or the id alone, on the topic that `acknowledge` names. Who has answered is not
stored: what was sent before a restart and answered after the last look counts as not answered.
"""

import threading
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from alerts.clean import clean
from alerts.delivery.channels.channel import Arrival, Asked, Notice, Progress, Receipt
from alerts.delivery.channels.mqtt import Mqtt, MqttSettings, Publish
from alerts.delivery.message import Plain

REMEMBERED = 5_000  # answers
LONGEST = 1_000  # bytes of an answer that are looked at
NAMED = 5  # silent topics that are named


class Acknowledged(Mqtt):
    """Delivered when every topic has answered; lost when one has not in time. `more` is called when there is
    another topic to listen to."""

    every = 1_000

    def __init__(self, name: str, settings: MqttSettings, publish: Publish, now: Callable[[], int]) -> None:
        super().__init__(name, settings, publish)
        self._template, self._within, self._now = settings.acknowledge, settings.within * 1000, now
        self._answered: dict[tuple[str, str], int] = {}  # id and topic → when
        self._addresses: set[str] = set()
        self._ears = threading.Lock()
        self.more: Callable[[], None] = lambda: None

    def answers_on(self) -> list[str]:
        """The topics to listen to."""
        with self._ears:
            return [self._answer_topic(topic) for topic in (*self._topics, *sorted(self._addresses))]

    def answered(self, topic: str, payload: bytes) -> None:
        """Somebody said this on one of them."""
        if mark := _mark(payload):
            with self._ears:
                self._answered[mark, topic] = self._now()
                while len(self._answered) > REMEMBERED:
                    del self._answered[next(iter(self._answered))]

    def send(self, notice: Notice) -> Receipt:
        with self._ears:
            new = bool(notice.address) and notice.address not in {*self._topics, *self._addresses}
            self._addresses |= {notice.address} if new else set()
        if new:
            self.more()
        receipt = super().send(notice)
        return msgspec.structs.replace(receipt, id=_id(notice))

    def ask(self, messages: Sequence[Asked]) -> list[Progress]:
        return [said for asked in messages if asked.known is None and (said := self._progress(asked))]

    def _progress(self, asked: Asked) -> Progress | None:
        topics = [asked.address] if asked.address else self._topics
        with self._ears:
            when = {one: self._answered.get((asked.receipt, self._answer_topic(one))) for one in topics}
        silent = [topic for topic, at in when.items() if at is None]
        if not silent:
            return Progress(asked.receipt, Arrival.DELIVERED, max(at for at in when.values() if at))
        if self._now() - asked.sent_at < self._within:
            return None
        named = clean(", ".join(silent[:NAMED]), 200) + (" …" if len(silent) > NAMED else "")
        seconds = self._within // 1000
        return Progress(
            asked.receipt, Arrival.LOST, 0, f"no acknowledgement within {seconds} s from {named}",
            f"{seconds} 秒内未收到确认：{named}",
        )  # fmt: skip

    def _answer_topic(self, topic: str) -> str:
        return self._template.replace("{topic}", topic)

    def _said(self, shown: Notice, state: str, sent: Notice) -> dict[str, Plain]:
        return {"id": _id(sent), **super()._said(shown, state, sent)}


def _id(notice: Notice) -> str:
    """Of the notice, not of the attempt; it gives nothing away of whom it is for."""
    return blake2b(notice.key.encode(), digest_size=8).hexdigest()


def _mark(payload: bytes) -> str:
    """The id in an answer; "" where there is none."""
    if len(payload) > LONGEST:
        return ""
    try:
        said: Any = msgspec.json.decode(payload)
    except msgspec.MsgspecError:
        said = payload.decode("ascii", "replace").strip()
    found = said.get("id") if isinstance(said, dict) else said
    return found if isinstance(found, str) and len(found) == 16 else ""
