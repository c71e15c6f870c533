"""Touches. Replies to Aliyun's SMS, from a queue of the tests' own that speaks as Aliyun's does."""

from collections.abc import Iterator
from typing import Any

import pytest

from alerts.delivery.channels.aliyun import Aliyun, AliyunSettings
from alerts.delivery.channels.channel import ChannelError
from tests.fakes.aliyun import BEGAN, KEY, QUEUE, SECRET, SIGN, FakeAliyun

NOW = int(BEGAN.timestamp() * 1000)
LI_WEI = "13800000001"


@pytest.fixture
def far() -> Iterator[FakeAliyun]:
    with FakeAliyun() as made:
        yield made


def sms(far: FakeAliyun, **more: Any) -> Aliyun:
    queue = {"name": QUEUE, "url": far.url, "token_url": far.url}
    settings = {
        "kind": "aliyun", "url": far.url, "access_key_id": KEY, "access_key_secret": SECRET, "sign": SIGN,
        "templates": {"alarm": "SMS_1001"}, "reply_queue": queue,
    }  # fmt: skip
    return Aliyun("sms", AliyunSettings.model_validate({**settings, **more}), lambda: NOW)


def test_replies_come_from_the_queue_again_and_again_until_they_are_heard(far: FakeAliyun) -> None:
    channel = sms(far)
    assert channel.answers() == []
    far.reply(LI_WEI, "A7K 收到")
    far.reply("8613800000002", "１", plain=True)
    found = channel.answers()
    assert [(one.address, one.text) for one in found] == [
        ("+8613800000001", "A7K 收到"), ("+8613800000002", "１"),
    ]  # fmt: skip
    assert found[0].at == NOW + 100_000
    assert [one.id for one in channel.answers()] == [one.id for one in found]
    channel.heard([one.id for one in found])
    assert (channel.answers(), far.queue) == ([], {})
    assert far.lent == 1, "a lent key is used until it ends"


def test_a_reply_of_a_short_number_is_handed_on_as_a_strangers(far: FakeAliyun) -> None:
    channel = sms(far)
    far.reply("10086", "1")
    assert [(one.address, one.text) for one in channel.answers()] == [("10086", "1")]


def test_a_reply_that_was_heard_while_the_queue_was_away_does_not_come_twice(far: FakeAliyun) -> None:
    channel = sms(far)
    far.reply(LI_WEI, "A7K")
    far.reply(LI_WEI, "1")
    found = channel.answers()
    far.trick = 500
    channel.heard([one.id for one in found])
    far.trick = ""
    assert len(far.queue) == 2
    assert channel.answers() == []
    assert far.queue == {}


def test_what_the_queue_holds_and_nobody_can_read_does_not_block_it(far: FakeAliyun) -> None:
    broken = far.reply(LI_WEI, "x")
    far.queue[broken]["body"] = "<not base64>"
    far.reply(LI_WEI, "A7K")
    assert [one.text for one in sms(far).answers()] == ["A7K"]
    assert len(far.queue) == 1


def test_without_a_queue_nobody_answers_and_nothing_is_asked(far: FakeAliyun) -> None:
    assert sms(far, reply_queue=None).answers() == []
    assert not far.requests


def test_a_queue_with_another_key_is_asked_with_a_new_one(far: FakeAliyun) -> None:
    channel = sms(far)
    channel.answers()
    far.trick = 403
    with pytest.raises(ChannelError, match="403"):
        channel.answers()
    far.trick = ""
    far.reply(LI_WEI, "A7K")
    assert [one.text for one in channel.answers()] == ["A7K"]
    assert far.lent == 2
