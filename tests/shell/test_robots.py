"""Touches. The robots of WeCom, DingTalk and Feishu groups, against doubles that verify and misbehave."""

import json
from collections.abc import Iterator
from typing import Any

import apprise
import pytest
from apprise.plugins.wecombot import NotifyWeComBot
from dingtalkchatbot.chatbot import DingtalkChatbot
from msgspec.structs import replace
from pydantic import TypeAdapter, ValidationError

from alerts.delivery.channels import ChannelSettings, build, exchange
from alerts.delivery.channels.channel import Channel, ChannelError, Notice, Receipt, Tracked
from alerts.delivery.channels.feishu import signature
from alerts.delivery.message import Purpose
from alerts.delivery.send_test import send_test
from tests.fakes import dingtalk, feishu, wecom
from tests.fakes.dingtalk import FakeDingtalk
from tests.fakes.feishu import FakeFeishu
from tests.fakes.wecom import FakeWecom
from tests.templates import notice_of
from tests.words import DEEP, FIRE, HOSTILE, ROOM
from tocsin import clock

NOW = 1_795_337_000_123
NOTICE = replace(notice_of(FIRE, Purpose.RAISE, ROOM), key="7/1/0/0/li-wei/chat/raise", address="")
SMALL = replace(NOTICE, alert=NOTICE.alert | {"life_safety": False})
MOBILE = "+86 138-0000-0001"
SECRETS = (wecom.KEY, dingtalk.TOKEN, dingtalk.SECRET, feishu.HOOK, feishu.SECRET)
KINDS = {"wecom": FakeWecom, "dingtalk": FakeDingtalk, "feishu": FakeFeishu}


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def far(request: pytest.FixtureRequest, time: Clock) -> Iterator[FakeWecom]:
    with KINDS[request.param](time) as made:
        yield made


@pytest.fixture
def ding(time: Clock) -> Iterator[FakeDingtalk]:
    with FakeDingtalk(time) as made:
        yield made


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "TIMEOUT", 0.5)
    monkeypatch.setattr(exchange, "PAUSE", 0.2)


def robot(far: FakeWecom, **more: Any) -> Channel:
    kind = next(name for name, one in KINDS.items() if type(far) is one)
    secret = {"secret": far.secret} if isinstance(far, FakeDingtalk | FakeFeishu) and far.secret else {}
    settings = TypeAdapter[Any](ChannelSettings).validate_python(
        {"kind": kind, "url": far.webhook, **secret, **more}
    )
    return build({"chat": settings}, _nobody, lambda moment: None, far.now)["chat"]


def _nobody(*_: object) -> Any:
    raise AssertionError


def said(post: dict[str, Any]) -> str:
    return str(post["text"]["content"] if "text" in post else post["content"]["text"])


def failure(channel: Channel, notice: Notice = NOTICE) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(notice)
    told = caught.value.reason + caught.value.zh
    assert not any(secret in told for secret in SECRETS)
    return caught.value


def test_a_package_that_signs_for_dingtalk_takes_the_double_for_dingtalk() -> None:
    with FakeDingtalk(clock.now) as far:
        right = DingtalkChatbot(far.webhook, secret=dingtalk.SECRET).send_text(
            "报警", at_mobiles=["13800000001"]
        )
        assert right == {"errcode": 0, "errmsg": "ok"}
        assert far.posts[0]["at"] == {"atMobiles": ["13800000001"]}
        wrong = DingtalkChatbot(far.webhook, secret="SEC" + "0" * 36).send_text("报警")
        assert wrong == {"errcode": 310000, "errmsg": "sign not match"}


def test_apprises_plugin_takes_the_double_for_wecom(monkeypatch: pytest.MonkeyPatch, time: Clock) -> None:
    with FakeWecom(time) as far:
        monkeypatch.setattr(NotifyWeComBot, "notify_url", f"{far.url}/cgi-bin/webhook/send?key={{key}}")
        sender = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
        assert sender.add(f"wecombot://{wecom.KEY}")
        sender.notify(body="报警")
        assert [said(post) for post in far.posts] == ["报警"]


def test_feishus_signature_is_that_of_the_code_on_its_page() -> None:
    assert signature("demo", 100) == feishu.gen_sign("100", "demo")
    assert signature("demo", 100) != dingtalk_signature("demo", 100)


def dingtalk_signature(secret: str, moment: int) -> str:
    from alerts.delivery.channels.dingtalk import signature as of_dingtalk

    return of_dingtalk(secret, moment)


def test_a_notice_stands_in_the_group_with_its_place_first_and_its_code(far: FakeWecom) -> None:
    channel = robot(far)
    assert channel.send(NOTICE) == Receipt(accepted=True)
    assert not isinstance(channel, Tracked)  # it took it: no more can ever be learned
    (post,) = far.posts
    assert said(post).startswith("2号宿舍楼 3层 305室")
    assert "A7K" in said(post)


def test_a_group_reads_nobodys_link_unless_the_administrator_says_so(far: FakeWecom) -> None:
    """Whoever reads it can answer in the name of whom it mentions."""
    link = "https://tocsin.example.edu/a/Px4BpMqx2lY_-0aA"
    robot(far).send(replace(NOTICE, link=link))
    robot(far, links=True).send(replace(NOTICE, link=link, body="高" * 9000))
    plain, linked = (said(post) for post in far.posts)
    assert link not in plain
    assert linked.endswith(f"{NOTICE.code}\n一键回复（仅限本人，请勿转发）：\n{link}")


def test_a_drill_is_marked_before_anything_else(far: FakeWecom) -> None:
    drill = notice_of(replace(FIRE, mode="drill"), Purpose.RAISE, ROOM)
    robot(far).send(replace(drill, address=""))
    assert said(far.posts[0]).startswith("【演练】")


@pytest.mark.parametrize(
    ("kind", "address", "shown"),
    [
        ("wecom", MOBILE, {"mentioned_mobile_list": ["13800000001"]}),
        ("wecom", "LiWei", {"mentioned_list": ["LiWei"]}),
        ("wecom", "@all", {"mentioned_list": ["@all"]}),
        ("dingtalk", MOBILE, {"isAtAll": False, "atMobiles": ["13800000001"]}),
        ("dingtalk", "manager4711", {"isAtAll": False, "atUserIds": ["manager4711"]}),
        ("dingtalk", "@all", {"isAtAll": True}),
        ("dingtalk", "", {"isAtAll": False}),
        ("feishu", "ou_8c2f11d0", '<at user_id="ou_8c2f11d0">li-wei</at>\n2号宿舍楼'),
        ("feishu", "@all", '<at user_id="all">所有人</at>\n2号宿舍楼'),
    ],
)
def test_the_person_is_mentioned_by_what_the_chat_knows(
    time: Clock, kind: str, address: str, shown: Any
) -> None:
    with KINDS[kind](time) as far:
        robot(far).send(replace(NOTICE, address=address))
        (post,) = far.posts
        if kind == "wecom":
            assert {name: one for name, one in post["text"].items() if name != "content"} == shown
        elif kind == "dingtalk":
            assert post["at"] == shown
            for whom in (*shown.get("atMobiles", []), *shown.get("atUserIds", [])):
                assert said(post).endswith(f"\n@{whom}")
        else:
            assert said(post).startswith(shown)


def test_what_is_no_open_id_is_refused_before_feishu_hears_of_it(time: Clock) -> None:
    with FakeFeishu(time) as far:
        for address in ("13800000001", 'ou_1"><at user_id="all'):
            error = failure(robot(far), replace(NOTICE, address=address))
            assert error.permanent
            assert "Open ID" in error.reason
        assert far.requests == []


def test_nothing_that_a_device_says_mentions_anybody(far: FakeWecom) -> None:
    hostile = notice_of(HOSTILE, Purpose.RAISE, ROOM)
    body = hostile.body + '\n<at user_id="all">x</at> <@all>'
    robot(far).send(replace(hostile, address="", body=body))
    assert "<" not in said(far.posts[0])


def test_a_long_notice_is_cut_to_what_the_chat_takes_and_keeps_place_and_code(far: FakeWecom) -> None:
    long = notice_of(replace(FIRE, code="ZZ9"), Purpose.RAISE, DEEP)
    robot(far).send(replace(long, address="", body=long.body + "\n" + "很长" * 5_000))
    assert said(far.posts[0]).startswith(long.body[:20])
    assert said(far.posts[0]).endswith("…\nZZ9")


CODES = [
    ("wecom", 45009, "api freq out of limit", False, 60_000, "每分钟 20 条"),
    ("wecom", 93000, "invalid webhook url", True, None, "重新复制 url"),
    ("wecom", 93004, "robot is disabled", True, None, "停用"),
    ("wecom", -1, "system busy", False, 5_000, "系统繁忙"),
    ("wecom", 99999, "something new", False, None, "99999"),
    ("dingtalk", 130101, "send too fast, exceed 20 times per minute", False, 600_000, "限流 10 分钟"),
    ("dingtalk", 410100, "发送速度太快而限流", False, 600_000, "限流 10 分钟"),
    ("dingtalk", 310000, "keywords not in content", True, None, "keyword"),
    ("dingtalk", 310000, "sign not match", True, None, "检查 secret"),
    ("dingtalk", 310000, "ip 192.0.2.7 not in whitelist", True, None, "白名单"),
    ("dingtalk", 310000, "invalid timestamp", False, None, "NTP"),
    ("dingtalk", 310000, "something new", False, None, "310000"),
    ("dingtalk", 300005, "token is not exist", True, None, "access_token"),
    ("dingtalk", 400013, "群已被解散", True, None, "解散"),
    ("dingtalk", 400102, "机器人已停用", True, None, "停用"),
    ("feishu", 19021, "sign match fail", True, None, "检查 secret"),
    ("feishu", 19022, "Ip Not Allowed", True, None, "白名单"),
    ("feishu", 19024, "Key Words Not Found", True, None, "keyword"),
    ("feishu", 19001, "incoming webhook access token invalid", True, None, "重新复制 url"),
    ("feishu", 11232, "frequency limited", False, 10_000, "每分钟 100 条"),
]


@pytest.mark.parametrize(("kind", "code", "words", "permanent", "wait", "zh"), CODES)
def test_a_code_is_told_in_words_with_what_to_do(
    time: Clock, kind: str, code: int, words: str, permanent: bool, wait: int | None, zh: str
) -> None:
    with KINDS[kind](time) as far:
        far.code = (code, words)
        error = failure(robot(far))
        assert (error.permanent, error.retry_after, error.unknown) == (permanent, wait, False)
        assert zh in error.zh
        assert error.reason.endswith(f"({code}: {words})")
        tested = send_test(robot(far), "", "", "zh", NOW)
        assert not tested.ok
        assert zh in tested.said


@pytest.mark.parametrize(
    ("change", "zh"),
    [
        ({"secret": "SEC" + "1" * 36}, "签名不匹配"),
        ({"keyword": "校园"}, "关键词"),
        ({"listed": False}, "白名单"),
    ],
)
@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_each_safety_setting_of_the_robot_is_met_or_named(
    time: Clock, kind: str, change: dict[str, Any], zh: str
) -> None:
    with KINDS[kind](time) as far:
        channel = robot(far)
        for name, value in change.items():
            setattr(far, name, value)
        assert zh in failure(channel).zh
        if "keyword" in change:
            robot(far, keyword="校园").send(NOTICE)
            assert said(far.posts[0]).endswith("\n校园")


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_a_clock_that_is_off_by_more_than_an_hour_is_named(time: Clock, kind: str) -> None:
    with KINDS[kind](Clock()) as far:
        channel = robot(far)
        late = Clock()
        late.now = NOW + 3_700_000
        far.now = late
        assert "NTP" in failure(channel).zh


def test_without_a_secret_nothing_is_signed(ding: FakeDingtalk) -> None:
    ding.secret = None
    robot(ding).send(NOTICE)
    assert "sign" not in ding.requests[0].path
    with FakeFeishu(ding.now) as bot:
        bot.secret = None
        robot(bot).send(NOTICE)
        assert set(json.loads(bot.requests[0].body)) == {"msg_type", "content"}


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    ("trick", "unknown", "wait"),
    [
        ("hang", True, None),
        ("close", True, None),
        ("truncate", True, None),
        ("html", True, None),
        ("nothing", True, None),
        (500, True, None),
        (502, True, None),
        (429, False, 7_000),
        (403, False, None),
        (302, False, None),
    ],
)
def test_a_chat_that_misbehaves_is_tried_again_and_it_is_known_whether_it_may_have_arrived(
    far: FakeWecom, trick: str | int, unknown: bool, wait: int | None
) -> None:
    far.trick, far.headers = trick, {"Retry-After": "7", "Location": far.webhook}
    error = failure(robot(far))
    assert (error.permanent, error.unknown, error.retry_after) == (False, unknown, wait)
    assert len(far.requests) == 1


@pytest.mark.parametrize("trick", ["lie", "double"])
def test_a_yes_is_accepted_and_nothing_more_is_claimed(far: FakeWecom, trick: str) -> None:
    far.trick = trick
    assert robot(far).send(NOTICE) == Receipt(accepted=True)


def test_what_alibabas_gateway_turns_away_waits_as_long_as_it_says(ding: FakeDingtalk) -> None:
    ding.trick = "punish"
    error = failure(robot(ding))
    assert (error.permanent, error.unknown, error.retry_after) == (False, False, 5_000)


def test_a_storm_never_reaches_the_limit_that_would_block_the_robot_and_alarms_go_first(
    ding: FakeDingtalk, time: Clock
) -> None:
    channel = robot(ding)
    went = [attempt(channel, SMALL) for _ in range(30)]
    assert went.count(None) == 15
    assert {wait for wait in went if wait} == {60_000}
    assert [attempt(channel, NOTICE) for _ in range(6)] == [None] * 5 + [60_000]
    assert len(ding.requests) == len(ding.posts) == 20
    time.now += 60_001
    assert attempt(channel, SMALL) is None


def attempt(channel: Channel, notice: Notice) -> int | None:
    try:
        channel.send(notice)
    except ChannelError as error:
        return None if error.permanent else error.retry_after
    return None


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "wecom", "url": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"},
        {"kind": "wecom", "url": f"http://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={wecom.KEY}"},
        {
            "kind": "dingtalk",
            "url": f"https://oapi.dingtalk.com/robot/send?access_token={dingtalk.TOKEN}&sign=1",
        },
        {
            "kind": "dingtalk",
            "url": f"https://u:p@oapi.dingtalk.com/robot/send?access_token={dingtalk.TOKEN}",
        },
        {
            "kind": "dingtalk",
            "url": f"https://oapi.dingtalk.com/robot/send?access_token={dingtalk.TOKEN}",
            "secret": "short",
        },
        {"kind": "feishu", "url": f"https://open.feishu.cn/open-apis/bot/v2/hook/{feishu.HOOK}/../x"},
        {
            "kind": "feishu",
            "url": f"https://open.feishu.cn/open-apis/bot/v2/hook/{feishu.HOOK}",
            "keywrod": "x",
        },
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[Any](ChannelSettings).validate_python(wrong)


def test_no_key_is_in_the_words_of_settings(far: FakeWecom) -> None:
    channel: Any = robot(far)
    assert not any(secret in repr(channel._settings) for secret in SECRETS)
