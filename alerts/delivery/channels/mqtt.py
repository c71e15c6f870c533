"""Touches. The MQTT channel: sounders and lamps. Each topic holds, retained, whether it has to sound and why.

A topic sounds as long as one alert that was sent to it has had no all-clear: so the all-clear of one alert
never silences another, and a siren that reboots reads its state from the broker.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Annotated, Literal, Self

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.driven import SOUNDERS_ONLY, forbidden
from alerts.delivery.message import Plain, Purpose
from rules.verdict import Class

TIMEOUT = 10.0  # seconds for the broker's acknowledgement

Cause = int | str
Publish = Callable[[str, bytes, bool], Future[None]]
"""publish(topic, payload, retain): at QoS 1; the future is done when the broker has acknowledged it."""


def _sounder_topic(value: str) -> str:
    if not value or any(mark in value for mark in "+#\0") or value.startswith("$"):
        raise ValueError("a topic to publish on has no + or #, and does not start with $")
    if word := forbidden(value):
        raise ValueError(f"the topic names {word!r}: {SOUNDERS_ONLY}")
    return value


class MqttSettings(BaseModel):
    """Sounders and lamps on the broker Tocsin is connected to: each of `topics` gets every notice.
    `acknowledge` is where a sounder answers, such as `{topic}/ack`; `within`: the seconds it has for that."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["mqtt"]
    topics: list[Annotated[str, AfterValidator(_sounder_topic)]] = Field(min_length=1)
    acknowledge: str = ""
    within: int = Field(120, ge=5, le=3600)
    workers: int = Field(4, ge=1, le=32)

    @model_validator(mode="after")
    def _tells_sounders_apart(self) -> Self:
        told = [self.acknowledge.replace("{topic}", topic) for topic in self.topics]
        if self.acknowledge and (len(set(told)) < len(told) or set(told) & set(self.topics)):
            raise ValueError(
                "acknowledge: must be another topic for each of `topics`, and none of them: {topic}/ack"
            )
        if any(mark in "".join(told) for mark in "+#{}\0"):
            raise ValueError(
                "acknowledge: a topic without + or #, in which {topic} stands for the sounder's own"
            )
        return self


class Mqtt:
    """Publishes {code, class, place, title, mode, state} to its topics, or to the notice's own address."""

    def __init__(self, name: str, settings: MqttSettings, publish: Publish) -> None:
        self.name = name
        self.workers = settings.workers
        self._topics = settings.topics
        self._publish = publish
        self._lock = threading.Lock()
        self._sounding: dict[str, dict[Cause, Notice]] = {}  # topic → what it sounds for
        self._cleared: dict[tuple[str, Cause], int] = {}  # … → the last occurrence that is over

    def restore(self, notices: list[Notice]) -> None:
        """Without it, the all-clear of one alert could silence another one after a restart."""
        with self._lock:
            for notice in notices:
                for topic in self._meant(notice):
                    self._note(topic, notice)

    def send(self, notice: Notice) -> Receipt:
        """Accepted when the broker has acknowledged every topic."""
        if word := forbidden(notice.address):
            raise ChannelError(
                f"the address names {word!r}: {SOUNDERS_ONLY}", True,
                zh=f"地址中有“{word}”：警钟只操作声光设备，绝不操作门锁、门、阀门或灭火设备",
            )  # fmt: skip
        with self._lock:  # so that the broker sees the states of a topic in the order they were decided in
            futures = [self._tell(topic, notice) for topic in self._meant(notice)]
        for future in futures:
            _await(future)
        topics = len(futures)
        return Receipt(accepted=True, detail=f"{topics} topic{'s' * (topics > 1)}", zh=f"{topics} 个主题")

    def _meant(self, notice: Notice) -> list[str]:
        return [notice.address] if notice.address else self._topics

    def _tell(self, topic: str, notice: Notice) -> Future[None]:
        if notice.purpose == Purpose.TEST:
            return self._publish(topic, self._payload(notice, "test", notice), False)
        self._note(topic, notice)
        standing = self._sounding[topic]
        if not standing:
            return self._publish(topic, self._payload(notice, "off", notice), True)
        shown = min(
            reversed(standing.values()), key=lambda one: (*_grave(one), _cause(one) != _cause(notice))
        )
        return self._publish(topic, self._payload(shown, "on", notice), True)

    def _payload(self, shown: Notice, state: str, sent: Notice) -> bytes:
        return msgspec.json.encode(self._said(shown, state, sent))

    def _said(self, shown: Notice, state: str, sent: Notice) -> dict[str, Plain]:
        """`shown` is what the topic sounds for, `sent` what is told: two, where the one has an all-clear
        and the topic sounds on for the other."""
        language = "en" if shown.language == "en" else "zh"
        facts = shown.alert
        return {
            "code": shown.code,
            "class": facts.get("class", ""),
            "place": facts.get(f"place_{language}", ""),
            "title": facts.get(f"title_{language}", shown.title),
            "mode": facts.get("mode", "real"),
            "state": state,
        }

    def _note(self, topic: str, notice: Notice) -> None:
        """A notice that is tried again after its own all-clear must not start the siren anew."""
        cause, occurrence = _cause(notice), int(notice.alert.get("occurrence") or 0)
        standing = self._sounding.setdefault(topic, {})
        for other in [one for one, known in standing.items() if _is_record_of(notice, known)]:
            del standing[other]
        if notice.purpose == Purpose.CLEAR:
            standing.pop(cause, None)
            self._cleared[topic, cause] = max(occurrence, self._cleared.get((topic, cause), 0))
            if len(self._cleared) > 10_000:
                del self._cleared[next(iter(self._cleared))]
        elif occurrence > self._cleared.get((topic, cause), -1):
            standing[cause] = notice


def _cause(notice: Notice) -> Cause:
    """The alert's id; for one that could not be stored its code. (The codes of alerts come back in time.)"""
    return int(notice.alert.get("id") or 0) or notice.code


def _grave(notice: Notice) -> tuple[bool, int]:
    """What a sounder shows of several: no drill covers a real fire, and nothing less than a fire does."""
    ranks = [one.value for one in Class]
    said = notice.alert.get("class")
    return notice.alert.get("mode", "real") != "real", ranks.index(said) if said in ranks else len(ranks)


def _is_record_of(notice: Notice, known: Notice) -> bool:
    """The same alert, once sounded because it could not be stored, is stored by now and takes its place."""
    same = all(notice.alert.get(name) == known.alert.get(name) for name in ("rule", "device"))
    return same and known.alert.get("recorded") is False and notice.alert.get("recorded") is True


def _await(future: Future[None]) -> None:
    try:
        future.result(TIMEOUT)
    except FutureTimeout:  # not cancelled: the session still holds it, and will publish it in its order
        raise ChannelError(
            f"the broker did not acknowledge within {TIMEOUT:.0f} s", False,
            zh=f"消息服务器 {TIMEOUT:.0f} 秒内没有确认", unknown=True,
        ) from None  # fmt: skip
    except ChannelError:
        raise
    except Exception as error:
        raise ChannelError(
            f"cannot publish: {error}", False, zh=f"无法发布到消息服务器：{error}", unknown=True
        ) from error
