"""Touches. The channels besides the webhook: sirens and lamps, Apprise, the null channel, and trying them."""

import json
import logging
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import TypeAdapter, ValidationError

from alerts.delivery.channels import ChannelSettings, build, mqtt
from alerts.delivery.channels import apprise as apprise_channel
from alerts.delivery.channels.apprise import Apprise
from alerts.delivery.channels.apprise_settings import AppriseSettings
from alerts.delivery.channels.channel import Channel, ChannelError, Notice, Receipt
from alerts.delivery.channels.mqtt import Mqtt, MqttSettings
from alerts.delivery.message import Plain, Purpose
from alerts.delivery.send_test import send_test
from tests.fakes.webhook import Reply, Trick, WebhookSink

NOW = 1_795_337_000_000
HOOTER, LAMP = "campus/dorm-2-hooter/command", "campus/dorm-2-lamp/command"
FACTS: dict[str, Plain] = {
    "id": 7, "class": "alarm", "occurrence": 1, "place_zh": "2号宿舍楼 305室", "place_en": "Dormitory 2, 305",
    "title_zh": "烟雾报警", "title_en": "smoke alarm", "mode": "real", "since": NOW, "rule": "smoke",
    "device": "d1", "recorded": True,
}  # fmt: skip
NOTICE = Notice(
    key="7/1/0/0//siren/raise", code="A7K2", purpose=Purpose.RAISE, person="", address="", language="zh",
    short="305室：烟雾报警", title="2号宿舍楼 305室：烟雾报警", body="很长的正文", alert=FACTS,
)  # fmt: skip


def about(alert: int, code: str, **facts: Any) -> Notice:
    return replace(NOTICE, code=code, alert=FACTS | {"id": alert} | facts)


def clear(notice: Notice) -> Notice:
    return replace(notice, purpose=Purpose.CLEAR)


class Broker:
    """Remembers what was published; acknowledges at once unless told otherwise."""

    def __init__(self) -> None:
        self.published: list[tuple[str, dict[str, Any], bool]] = []
        self.error: Exception | None = None
        self.silent = False
        self.waiting: list[Future[None]] = []

    def publish(self, topic: str, payload: bytes, retain: bool) -> "Future[None]":
        self.published.append((topic, json.loads(payload), retain))
        future: Future[None] = Future()
        if self.error is not None:
            future.set_exception(self.error)
        elif self.silent:
            self.waiting.append(future)
        else:
            future.set_result(None)
        return future

    def states(self, topic: str = HOOTER) -> list[str]:
        return [payload["state"] for where, payload, _ in self.published if where == topic]


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def siren(broker: Broker) -> Mqtt:
    return Mqtt("siren", MqttSettings(kind="mqtt", topics=[HOOTER, LAMP]), broker.publish)


def test_a_siren_is_told_what_it_sounds_for_and_the_broker_keeps_it(siren: Mqtt, broker: Broker) -> None:
    assert siren.send(NOTICE).accepted
    payload = {
        "code": "A7K2",
        "class": "alarm",
        "place": "2号宿舍楼 305室",
        "title": "烟雾报警",
        "mode": "real",
        "state": "on",
    }
    assert broker.published == [(HOOTER, payload, True), (LAMP, payload, True)]


def test_the_all_clear_switches_it_off(siren: Mqtt, broker: Broker) -> None:
    siren.send(NOTICE)
    siren.send(clear(NOTICE))
    assert broker.states() == ["on", "off"]
    assert all(retained for _, _, retained in broker.published)


def test_the_all_clear_of_one_alert_never_silences_another(siren: Mqtt, broker: Broker) -> None:
    other = about(8, "B8L3")
    siren.send(NOTICE)
    siren.send(other)
    siren.send(clear(other))
    assert broker.states() == ["on", "on", "on"]
    assert broker.published[-1][1]["code"] == "A7K2"
    siren.send(clear(NOTICE))
    assert broker.states()[-1] == "off"


def test_a_sounder_goes_on_showing_the_real_fire_when_a_drill_or_something_less_comes_after_it(
    siren: Mqtt, broker: Broker
) -> None:
    fire, drill = about(7, "A7K2"), about(8, "B8L3", mode="drill")
    trouble, second = about(9, "C9M4", **{"class": "trouble"}), about(10, "D2N5")
    for notice in (fire, drill, trouble, second):
        siren.send(notice)
    shown = [said["code"] for topic, said, _ in broker.published if topic == broker.published[0][0]]
    assert shown == ["A7K2", "A7K2", "A7K2", "D2N5"]
    siren.send(clear(fire))
    assert broker.published[-1][1]["code"] == "D2N5"
    siren.send(clear(second))
    assert (broker.published[-1][1]["code"], broker.published[-1][1]["mode"]) == ("C9M4", "real")


def test_it_holds_after_a_restart_too(siren: Mqtt, broker: Broker) -> None:
    siren.restore([NOTICE, about(8, "B8L3")])
    siren.send(clear(NOTICE))
    assert (broker.states(), broker.published[-1][1]["code"]) == (["on"], "B8L3")


def test_a_notice_tried_again_after_its_own_all_clear_starts_nothing(siren: Mqtt, broker: Broker) -> None:
    siren.send(clear(NOTICE))
    siren.send(NOTICE)
    assert broker.states() == ["off", "off"]


def test_a_second_occurrence_after_the_all_clear_sounds_again(siren: Mqtt, broker: Broker) -> None:
    siren.send(NOTICE)
    siren.send(clear(NOTICE))
    siren.send(about(7, "A7K2", occurrence=2))
    assert broker.states() == ["on", "off", "on"]


def test_a_later_alert_with_a_code_that_was_used_before_sounds(siren: Mqtt, broker: Broker) -> None:
    siren.send(NOTICE)
    siren.send(clear(NOTICE))
    siren.send(about(32775, "A7K2"))
    assert broker.states() == ["on", "off", "on"]


def test_an_alert_sounded_unrecorded_is_taken_over_by_its_record_and_ends_with_it(
    siren: Mqtt, broker: Broker
) -> None:
    unrecorded = about(0, "UQ3", recorded=False)
    siren.send(unrecorded)
    siren.send(about(9, "C9M4", device="d2"))
    siren.send(NOTICE)
    siren.send(clear(NOTICE))
    siren.send(clear(about(9, "C9M4", device="d2")))
    assert broker.states() == ["on", "on", "on", "on", "off"]


def test_a_notice_with_an_address_goes_to_that_topic_alone(siren: Mqtt, broker: Broker) -> None:
    siren.send(replace(NOTICE, address="campus/gate-hooter/command"))
    assert [topic for topic, _, _ in broker.published] == ["campus/gate-hooter/command"]


def test_an_address_that_names_a_lock_is_published_on_by_nobody(siren: Mqtt, broker: Broker) -> None:
    with pytest.raises(ChannelError, match="'lock'") as caught:
        siren.send(replace(NOTICE, address="campus/lab-lock/set"))
    assert (caught.value.permanent, broker.published) == (True, [])


def test_a_test_is_not_kept_by_the_broker_and_leaves_the_siren_as_it_was(siren: Mqtt, broker: Broker) -> None:
    siren.send(NOTICE)
    siren.send(replace(NOTICE, purpose=Purpose.TEST))
    assert broker.published[-1][1]["state"] == "test"
    assert not broker.published[-1][2]
    siren.send(clear(NOTICE))
    assert broker.states() == ["on", "test", "off"]


def test_a_broker_that_does_not_acknowledge_is_a_temporary_failure_of_unknown_outcome(
    siren: Mqtt, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "TIMEOUT", 0.05)
    broker.silent = True
    with pytest.raises(ChannelError) as caught:
        siren.send(NOTICE)
    assert (caught.value.permanent, caught.value.unknown) == (False, True)
    for future in broker.waiting:
        future.set_result(None)  # a late acknowledgement must find the future as it was left


def test_a_broker_that_is_away_is_a_temporary_failure(siren: Mqtt, broker: Broker) -> None:
    broker.error = ConnectionError("not connected")
    with pytest.raises(ChannelError, match="cannot publish: not connected") as caught:
        siren.send(NOTICE)
    assert not caught.value.permanent


def settings(**values: object) -> ChannelSettings:
    return TypeAdapter[Any](ChannelSettings).validate_python(values)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "topic",
    ["campus/lab-lock/command", "a/+/b", "a/#", "$SYS/x", ""],
)
def test_a_topic_of_a_lock_or_of_many_devices_is_refused(topic: str) -> None:
    with pytest.raises(ValidationError):
        settings(kind="mqtt", topics=[topic])


def test_a_topic_is_refused_with_the_word_that_names_what_is_not_operated() -> None:
    with pytest.raises(ValidationError, match=r"names 'gate': Tocsin operates sounders and lamps, never"):
        settings(kind="mqtt", topics=["campus/gate/set"])


def test_a_lamp_may_hang_at_the_gate_of_block_3() -> None:
    assert settings(kind="mqtt", topics=["campus/block-3-gate-lamp/command"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "webhook", "url": "ftp://x/"},
        {"kind": "webhook", "url": "https://user:secret@x/"},
        {"kind": "webhook", "url": "https://x/ y"},
        {"kind": "webhook", "url": "https://x/", "headers": {"X Y": "1"}},
        {"kind": "webhook", "url": "https://x/", "headers": {"X": "1\r\nY: 2"}},
        {"kind": "webhook", "url": "https://x/", "wrokers": 2},
        {"kind": "apprise", "url": "ntfy.example.edu"},
        {"kind": "apprise", "url": "ntfy://ntfy.example.edu/{address}, bark://bark.example.edu/x"},
        {"kind": "mqtt", "topics": []},
        {"kind": "pigeon"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**wrong)


def test_secrets_are_not_in_the_words_of_settings() -> None:
    keys: dict[str, Any] = {"secret": "hush" * 8, "headers": {"Authorization": "hush"}}
    secret = settings(kind="webhook", url="https://x/", **keys)
    assert "hush" not in repr(secret) + repr(settings(kind="apprise", url="ntfy://hush@x/"))


def test_the_null_channel_says_that_the_loop_message_came_round() -> None:
    came: list[int] = []
    made = build({"null": settings(kind="null")}, Broker().publish, came.append, lambda: NOW)
    made["null"].send(about(7, "A7K2", since=NOW - 40))
    assert came == [NOW - 40]


@pytest.fixture
def sink() -> Iterator[WebhookSink]:
    with WebhookSink() as receiver:
        yield receiver


def apprise(sink: WebhookSink, path: str = "/push/{address}?retry=5&wait=0") -> Apprise:
    url = f"json://api-user:top-secret@127.0.0.1:{sink.port}{path}"
    return Apprise("push", AppriseSettings(kind="apprise", url=url))


def test_apprise_brings_title_and_body_to_the_persons_address(sink: WebhookSink) -> None:
    receipt = apprise(sink).send(replace(NOTICE, address="li wei/../x?y"))
    assert receipt == Receipt(accepted=True, id="", detail="JSON")
    (call,) = sink.calls
    assert (call.json["title"], call.json["message"]) == (NOTICE.title, NOTICE.body)
    assert call.json["type"] == "failure"
    assert call.path.startswith("/push/")
    assert "?" not in call.path
    assert ".." not in call.path.split("/")


def test_apprise_carries_the_link_where_there_is_room_for_a_page(sink: WebhookSink) -> None:
    link = "https://tocsin.example.edu/a/Px4BpMqx2lY_-0aA"
    apprise(sink).send(replace(NOTICE, address="li-wei", link=link))
    (call,) = sink.calls
    assert call.json["message"].startswith(NOTICE.body)
    assert call.json["message"].endswith(link)


@pytest.mark.parametrize(
    ("purpose", "language", "buttons"),
    [
        (Purpose.RAISE, "zh", ["http, 受理", "view, 打开"]),
        (Purpose.ESCALATE, "en", ["http, Take it", "view, Open"]),
        (Purpose.CONFIRMED, "zh", ["view, 打开"]),
    ],
)
def test_ntfy_shows_a_button_that_takes_and_one_that_opens_the_link(
    sink: WebhookSink, purpose: Purpose, language: str, buttons: list[str]
) -> None:
    link = "https://tocsin.example.edu/a/Px4BpMqx2lY_-0aA"
    ntfy = Apprise("push", AppriseSettings(kind="apprise", url=f"ntfy://127.0.0.1:{sink.port}/{{address}}"))
    ntfy.send(replace(NOTICE, address="li-wei", link=link, purpose=purpose, language=language))
    (call,) = sink.calls
    assert call.json["topic"] == "li-wei"
    shown = call.headers["x-actions"].encode("latin-1").decode().split("; ")
    assert [", ".join(one.split(", ")[:2]) for one in shown] == buttons
    assert all(one.split(", ")[2] == link for one in shown)
    assert call.headers["x-click"] == link
    if len(buttons) == 2:
        assert shown[0].endswith("body='act=take', clear=true")


@pytest.mark.parametrize(
    ("facts", "purpose", "asked", "priority"),
    [
        ({"class": "alarm"}, Purpose.RAISE, "", "max"),
        ({"class": "supervisory", "life_safety": True}, Purpose.ESCALATE, "", "max"),
        ({"class": "trouble"}, Purpose.RAISE, "", None),
        ({"class": "alarm"}, Purpose.CLEAR, "", None),
        ({"class": "alarm"}, Purpose.RAISE, "?priority=low", "low"),
    ],
)
def test_in_ntfy_an_alarm_nobody_has_taken_rings_as_loud_as_it_can(
    sink: WebhookSink, facts: dict[str, Any], purpose: Purpose, asked: str, priority: str | None
) -> None:
    url = f"ntfy://127.0.0.1:{sink.port}/{{address}}{asked}"
    ntfy = Apprise("push", AppriseSettings(kind="apprise", url=url))
    ntfy.send(replace(NOTICE, address="li-wei", purpose=purpose, alert={"life_safety": False} | facts))
    assert sink.calls[0].headers.get("x-priority") == priority
    assert "x-icon" not in sink.calls[0].headers


def test_of_several_in_one_message_ntfy_shows_only_the_way_to_the_page(sink: WebhookSink) -> None:
    link = "https://tocsin.example.edu/a/Px4BpMqx2lY_-0aA"
    ntfy = Apprise("push", AppriseSettings(kind="apprise", url=f"ntfy://127.0.0.1:{sink.port}/{{address}}"))
    ntfy.send(replace(NOTICE, address="li-wei", link=link, alert={**NOTICE.alert, "more": 3}))
    assert sink.calls[0].headers["x-actions"].encode("latin-1").decode() == f"view, 打开, {link}"


def test_buttons_of_the_administrators_own_stay_and_a_notice_without_a_link_has_none(
    sink: WebhookSink,
) -> None:
    url = f"ntfy://127.0.0.1:{sink.port}/{{address}}?click=https%3A%2F%2Fwall.example.edu"
    ntfy = Apprise("push", AppriseSettings(kind="apprise", url=url))
    ntfy.send(replace(NOTICE, address="li-wei"))
    ntfy.send(replace(NOTICE, address="li-wei", link="https://tocsin.example.edu/a/x"))
    without, with_link = sink.calls
    assert "x-actions" not in without.headers
    assert "x-actions" in with_link.headers
    assert {one.headers["x-click"] for one in sink.calls} == {"https://wall.example.edu"}


def test_the_outbox_alone_tries_again_whatever_the_url_says(sink: WebhookSink) -> None:
    sink.reply = Reply(500)
    with pytest.raises(ChannelError) as caught:
        apprise(sink).send(NOTICE)
    assert len(sink.calls) == 1
    assert not caught.value.permanent


def test_apprise_follows_no_redirect(sink: WebhookSink) -> None:
    sink.reply = lambda call: (
        Reply(307, headers={"Location": "/elsewhere"}) if len(sink.calls) == 1 else Reply()
    )
    with pytest.raises(ChannelError):
        apprise(sink).send(NOTICE)
    assert len(sink.calls) == 1


@pytest.mark.parametrize("trick", ["hang", "close"])
def test_an_answer_that_apprise_waits_for_in_vain_may_have_arrived(
    sink: WebhookSink, monkeypatch: pytest.MonkeyPatch, trick: Trick
) -> None:
    monkeypatch.setattr(apprise_channel, "READ", 0.3)
    sink.reply = Reply(trick=trick)
    with pytest.raises(ChannelError) as caught:
        apprise(sink).send(NOTICE)
    assert (caught.value.permanent, caught.value.unknown) == (False, True)
    assert caught.value.zh.startswith("Apprise 报告失败")
    assert len(sink.calls) == 1


def test_no_secret_of_the_url_and_no_address_is_in_reason_or_log(
    sink: WebhookSink, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    push = apprise(sink, "/key-4711-abc/{address}")
    reasons = []
    for reply in (Reply(404, b"key-4711-abc unknown"), Reply(500), Reply(trick="close")):
        sink.reply = reply
        with pytest.raises(ChannelError) as caught:
            push.send(replace(NOTICE, address="+8613800000001"))
        reasons.append(caught.value.reason)
    told = "".join(reasons) + caplog.text + "".join(capfd.readouterr())
    for secret in ("top-secret", "api-user", "key-4711-abc", "13800000001"):
        assert secret not in told


def test_a_url_apprise_does_not_understand_is_told_and_is_permanent() -> None:
    with pytest.raises(ChannelError, match="does not understand") as caught:
        Apprise("push", AppriseSettings(kind="apprise", url="nosuch://x")).send(NOTICE)
    assert caught.value.permanent


class Door:
    """A channel that answers as it is told."""

    name, workers = "push", 1

    def __init__(self, answer: Receipt | ChannelError) -> None:
        self.answer = answer
        self.notice: Notice | None = None

    def send(self, notice: Notice) -> Receipt:
        self.notice = notice
        if isinstance(self.answer, ChannelError):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "ok", "zh", "en"),
    [
        (Receipt(True, "", "202"), True, "已被接受 (202)", "push: accepted (202) in "),
        (Receipt(False), True, "此通道不给回执", "it gives no receipt"),
        (
            ChannelError("answered 404: no", True, zh="对方返回 404：no"),
            False,
            "push：失败。对方返回 404：no。重试无济于事，请先改正。",
            "push: failed. answered 404: no. Trying again cannot help: correct it first.",
        ),
        (
            ChannelError("no answer within 10 s", False, zh="10 秒内没有应答", unknown=True),
            False,
            "push：失败。10 秒内没有应答；对方可能已经收到。真实通知会自动重试。",
            "push: failed. no answer within 10 s; it may have arrived all the same. A real notice is tried",
        ),
    ],
)
def test_a_try_says_in_words_what_came_of_it(
    answer: Receipt | ChannelError, ok: bool, zh: str, en: str
) -> None:
    for language, said in (("zh", zh), ("en", en)):
        tested = send_test(Door(answer), "li-wei", "1", language, NOW)
        assert tested.ok is ok
        assert said in tested.said


def test_a_try_is_marked_as_a_test_and_asks_for_nothing() -> None:
    door = Door(Receipt())
    send_test(door, "li-wei", "1", "zh", NOW)
    assert door.notice is not None
    assert door.notice.short.startswith("【测试】Tocsin 警钟：这是一条测试通知")
    assert "无需处置" in door.notice.short
    assert (door.notice.purpose, door.notice.address) == (Purpose.TEST, "1")


def test_every_kind_of_settings_has_its_channel(sink: WebhookSink) -> None:
    made: dict[str, Channel] = build(
        {
            "hook": settings(kind="webhook", url=sink.url),
            "push": settings(kind="apprise", url="json://127.0.0.1/"),
            "siren": settings(kind="mqtt", topics=[HOOTER]),
            "null": settings(kind="null"),
        },
        Broker().publish,
        lambda moment: None,
        lambda: NOW,
    )
    assert {name: channel.name for name, channel in made.items()} == {name: name for name in made}
