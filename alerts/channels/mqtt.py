"""Touches. The MQTT channel: sounders and lamps. Each topic holds, retained, whether it has to sound and why.

A topic sounds as long as one alert that was sent to it has had no all-clear: so the all-clear of one alert
never silences another, and a siren that reboots reads its state from the broker.
"""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout

import msgspec

from alerts.channels.channel import ChannelError, Notice, Receipt
from alerts.message import Purpose
from alerts.settings import MqttSettings

TIMEOUT = 10.0  # seconds for the broker's acknowledgement

Publish = Callable[[str, bytes, bool], Future[None]]
"""publish(topic, payload, retain): at QoS 1; the future is done when the broker has acknowledged it."""


class Mqtt:
    """Publishes {code, class, place, title, mode, state} to its topics, or to the notice's own address."""

    def __init__(self, name: str, settings: MqttSettings, publish: Publish) -> None:
        self.name = name
        self.workers = settings.workers
        self._topics = settings.topics
        self._publish = publish
        self._lock = threading.Lock()
        self._sounding: dict[str, dict[str, Notice]] = {}  # topic → code → what it sounds for
        self._cleared: dict[tuple[str, str], int] = {}  # (topic, code) → the last occurrence that is over

    def restore(self, notices: list[Notice]) -> None:
        """Without it, the all-clear of one alert could silence another one after a restart."""
        for notice in notices:
            for topic in self._meant(notice):
                self._note(topic, notice)

    def send(self, notice: Notice) -> Receipt:
        """Accepted when the broker has acknowledged every topic."""
        with self._lock:  # so that the broker sees the states of a topic in the order they were decided in
            futures = [self._tell(topic, notice) for topic in self._meant(notice)]
        for future in futures:
            _await(future)
        return Receipt(accepted=True, detail=f"{len(futures)} topics")

    def _meant(self, notice: Notice) -> list[str]:
        return [notice.address] if notice.address else self._topics

    def _tell(self, topic: str, notice: Notice) -> Future[None]:
        if notice.purpose == Purpose.TEST:
            return self._publish(topic, _payload(notice, "test"), False)
        self._note(topic, notice)
        standing = self._sounding[topic]
        if not standing:
            return self._publish(topic, _payload(notice, "off"), True)
        latest = notice if notice.code in standing else next(reversed(standing.values()))
        return self._publish(topic, _payload(latest, "on"), True)

    def _note(self, topic: str, notice: Notice) -> None:
        """A notice that is tried again after its own all-clear must not start the siren anew."""
        occurrence = int(notice.alert.get("occurrence") or 0)
        place = (topic, notice.code)
        standing = self._sounding.setdefault(topic, {})
        if notice.purpose == Purpose.CLEAR:
            standing.pop(notice.code, None)
            self._cleared[place] = max(occurrence, self._cleared.get(place, 0))
            if len(self._cleared) > 10_000:
                del self._cleared[next(iter(self._cleared))]
        elif occurrence > self._cleared.get(place, -1):
            standing[notice.code] = notice


def _payload(notice: Notice, state: str) -> bytes:
    language = "en" if notice.language == "en" else "zh"
    facts = notice.alert
    return msgspec.json.encode(
        {
            "code": notice.code,
            "class": facts.get("class", ""),
            "place": facts.get(f"place_{language}", ""),
            "title": facts.get(f"title_{language}", notice.title),
            "mode": facts.get("mode", "real"),
            "state": state,
        }
    )


def _await(future: Future[None]) -> None:
    try:
        future.result(TIMEOUT)
    except (FutureTimeout, CancelledError):
        future.cancel()
        raise ChannelError(
            f"the broker did not acknowledge within {TIMEOUT:.0f} s", False,
            zh=f"消息服务器 {TIMEOUT:.0f} 秒内没有确认", unknown=True,
        ) from None  # fmt: skip
    except Exception as error:
        raise ChannelError(
            f"cannot publish: {error}", False, zh=f"无法发布到消息服务器：{error}", unknown=True
        ) from error
