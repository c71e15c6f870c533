"""Touches. Tencent Cloud's channels against a double that Tencent's own Python SDK takes for it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models as sms_models
from tencentcloud.sms.v20210111.sms_client import SmsClient
from tencentcloud.vms.v20200902 import models as vms_models
from tencentcloud.vms.v20200902.vms_client import VmsClient

from alerts.delivery.channels import exchange
from alerts.delivery.channels.channel import Answering, Arrival, Asked, ChannelError, Notice, Tracked
from alerts.delivery.channels.tencent import ANSWERED, AT_ONCE, Tencent, TencentSettings
from alerts.delivery.channels.tencent_voice import TencentVoice, TencentVoiceSettings
from alerts.delivery.message import Purpose
from tests.fakes.tencent import APP, BEGAN, ID, KEY, SIGN, FakeTencent
from tests.templates import notice_of
from tests.words import DEEP, FIRE, HEAT, HOSTILE, ROOM

NOW = int(BEGAN.timestamp() * 1000)
LI_WEI = "+8613800000001"
NOTICE = replace(notice_of(FIRE, Purpose.RAISE, ROOM), address=LI_WEI)
KINDS = ("alarm", "escalation", "clear", "drill", "test")
OURS = {"secret_id": ID, "secret_key": KEY, "app_id": APP}


@pytest.fixture
def far() -> Iterator[FakeTencent]:
    with FakeTencent() as made:
        yield made


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "TIMEOUT", 0.5)
    monkeypatch.setattr(exchange, "PAUSE", 0.2)


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


def sms(far: FakeTencent, clock: Any = lambda: NOW, **more: Any) -> Tencent:
    templates = {kind: f"{1001 + number}" for number, kind in enumerate(KINDS)}
    settings = {"kind": "tencent", "url": far.url, "sign": SIGN, "templates": templates}
    return Tencent("sms", TencentSettings.model_validate({**OURS, **settings, **more}), clock)


def voice(far: FakeTencent, **more: Any) -> TencentVoice:
    templates = {"alarm": "2001", "clear": "2003", "drill": "2004", "test": "2005"}
    settings = {"kind": "tencent-voice", "url": far.url, "templates": templates}
    made = TencentVoiceSettings.model_validate({**OURS, **settings, **more})
    return TencentVoice("call", made, lambda: NOW)


def failure(channel: Tencent | TencentVoice, notice: Notice = NOTICE) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(notice)
    assert KEY not in caught.value.reason + caught.value.zh
    return caught.value


def profile(far: FakeTencent) -> ClientProfile:
    http = HttpProfile(protocol="http", endpoint=far.url.removeprefix("http://"), reqTimeout=5)
    return ClientProfile(httpProfile=http)


@pytest.fixture
def sdk_far() -> Iterator[FakeTencent]:
    with FakeTencent(clock=None) as made:  # the SDK takes the machine's time
        yield made


def test_tencents_own_sdk_accepts_the_double_for_sending_asking_replies_and_signature(
    sdk_far: FakeTencent,
) -> None:
    sdk = SmsClient(Credential(ID, KEY), "ap-guangzhou", profile(sdk_far))
    message = sms_models.SendSmsRequest()
    message._deserialize(
        {
            "PhoneNumberSet": [LI_WEI], "SmsSdkAppId": APP, "TemplateId": "1005", "SignName": SIGN,
            "TemplateParamSet": ["一", "二", "三", "四", "五"],
        }
    )  # fmt: skip
    sent = sdk.SendSms(message).SendStatusSet[0]
    assert sent.Code == "Ok"
    sdk_far.arrives(sent.SerialNo)
    sdk_far.reply(LI_WEI, "A7K")
    query = {"BeginTime": int(BEGAN.timestamp()) - 60, "Offset": 0, "Limit": 100, "PhoneNumber": LI_WEI}
    status = sms_models.PullSmsSendStatusByPhoneNumberRequest()
    status._deserialize({**query, "SmsSdkAppId": APP})
    found = sdk.PullSmsSendStatusByPhoneNumber(status).PullSmsSendStatusSet
    assert [(one.SerialNo, one.ReportStatus) for one in found] == [(sent.SerialNo, "SUCCESS")]
    replies = sms_models.PullSmsReplyStatusByPhoneNumberRequest()
    replies._deserialize({**query, "SmsSdkAppId": APP})
    assert sdk.PullSmsReplyStatusByPhoneNumber(replies).PullSmsReplyStatusSet[0].ReplyContent == "A7K"
    with pytest.raises(TencentCloudSDKException, match="SignatureFailure"):
        SmsClient(Credential(ID, "another key"), "ap-guangzhou", profile(sdk_far)).SendSms(message)


def test_tencents_own_voice_sdk_accepts_the_double(sdk_far: FakeTencent) -> None:
    call = vms_models.SendTtsVoiceRequest()
    call._deserialize(
        {
            "TemplateId": "2001", "CalledNumber": LI_WEI, "VoiceSdkAppid": APP,
            "TemplateParamSet": ["a", "b"],
        }
    )  # fmt: skip
    made = VmsClient(Credential(ID, KEY), "ap-guangzhou", profile(sdk_far)).SendTtsVoice(call)
    assert made.SendStatus.CallId == sdk_far.calls[0]["CallId"]


def test_a_message_is_accepted_with_its_template_and_the_place_first(far: FakeTencent) -> None:
    receipt = sms(far).send(replace(NOTICE, address="138 0000 0001"))
    sent = far.messages[0]
    assert (sent["SerialNo"], sent["PhoneNumber"], sent["TemplateId"]) == (receipt.id, LI_WEI, "1001")
    assert sent["TemplateParamSet"] == ["2号宿舍楼", "3层305室", "烟雾报警", "16:43", "报警", "A7K"]


@pytest.mark.parametrize("longest", [6, 12, 20])
@pytest.mark.parametrize("subject", [FIRE, HEAT, HOSTILE])
@pytest.mark.parametrize("purpose", [Purpose.RAISE, Purpose.ESCALATE, Purpose.CLEAR, Purpose.TEST])
def test_whatever_the_words_the_account_takes_the_variables(
    far: FakeTencent, longest: int, subject: Any, purpose: Purpose
) -> None:
    far.longest = longest
    notice = replace(notice_of(subject, purpose, DEEP), address=LI_WEI)
    assert sms(far, variable_length=longest).send(notice).accepted


@pytest.mark.parametrize(
    ("status", "description", "arrival", "dead"),
    [
        ("SUCCESS", "用户短信送达成功", Arrival.DELIVERED, False),
        ("FAIL", "空号", Arrival.LOST, True),
        ("FAIL", "关机/停机/空号", Arrival.LOST, False),
        ("FAIL", "运营商关键字拦截", Arrival.LOST, False),
        ("a status of next year", "", None, False),
    ],
)
def test_what_became_of_a_message_is_asked_for(
    far: FakeTencent, status: str, description: str, arrival: Arrival | None, dead: bool
) -> None:
    channel = sms(far)
    number = channel.send(NOTICE).id
    other = channel.send(NOTICE).id
    assert channel.ask([Asked(number, LI_WEI, NOW)]) == []
    far.arrives(number, status, description)
    found = channel.ask([Asked(number, LI_WEI, NOW), Asked(other, LI_WEI, NOW)])
    assert [(one.receipt, one.arrival, one.dead) for one in found] == (
        [(number, arrival, dead)] if arrival else []
    )
    if arrival is Arrival.DELIVERED:
        assert found[0].at == NOW + 5_000


@pytest.mark.parametrize(
    ("code", "permanent", "unknown", "wait", "dead", "word"),
    [
        ("LimitExceeded.PhoneNumberThirtySecondLimit", False, False, 30_000, False, "30 seconds"),
        ("LimitExceeded.PhoneNumberOneHourLimit", False, False, 3_600_000, False, "an hour"),
        ("LimitExceeded.PhoneNumberDailyLimit", True, False, None, False, "today's limit"),
        ("LimitExceeded.DeliveryFrequencyLimit", False, False, 60_000, False, "frequency"),
        ("FailedOperation.InsufficientBalanceInSmsPackage", True, False, None, False, "top it up"),
        ("FailedOperation.SignatureIncorrectOrUnapproved", True, False, None, False, "sign"),
        ("FailedOperation.TemplateIncorrectOrUnapproved", True, False, None, False, "template"),
        ("FailedOperation.PhoneNumberInBlacklist", True, False, None, False, "block list"),
        ("FailedOperation.ContainSensitiveWord", True, False, None, False, "forbidden word"),
        ("InvalidParameterValue.IncorrectPhoneNumber", True, False, None, True, "does not exist"),
        ("InvalidParameterValue.TemplateParameterLengthLimit", True, False, None, False, "variable_length"),
        ("InternalError.Timeout", False, True, None, False, "inside Tencent"),
        ("InternalError.RequestTimeException", False, False, None, False, "clock"),
        ("RequestLimitExceeded.IPLimitExceeded", False, False, 1_000, False, "too many"),
        ("UnauthorizedOperation.RequestIpNotInWhitelist", True, False, None, False, "allow list"),
        ("FailedOperation.NewIn2030", True, False, None, False, "refused"),
    ],
)
def test_a_refusal_is_named_and_told_whether_trying_again_helps(
    far: FakeTencent, code: str, permanent: bool, unknown: bool, wait: int | None, dead: bool, word: str
) -> None:
    far.refuse[LI_WEI] = code
    for channel in (sms(far), voice(far)):
        error = failure(channel)
        assert (error.permanent, error.unknown, error.retry_after, error.dead) == (
            permanent, unknown, wait, dead,
        )  # fmt: skip
        assert word in error.reason
        assert code in error.reason
        assert code in error.zh


def test_a_wrong_clock_is_named_in_words_and_tried_again(far: FakeTencent) -> None:
    far.clock = BEGAN + timedelta(minutes=6)
    error = failure(sms(far))
    assert "clock" in error.reason
    assert "时钟" in error.zh
    assert not error.permanent


def test_a_wrong_key_is_named_in_words(far: FakeTencent) -> None:
    for wrong in ({"secret_key": "a-wrong-secret"}, {"secret_id": "AKIDother0001"}):
        error = failure(sms(far, **wrong))
        assert error.permanent
        assert "secret_id" in error.reason


@pytest.mark.parametrize(
    ("trick", "unknown", "word"),
    [
        ("hang", True, "no answer"),
        ("close", True, "JSON"),
        ("truncate", True, "JSON"),
        ("html", True, "sign-in page"),
        (302, False, "302"),
        (429, False, "too many"),
        (500, True, "500"),
    ],
)
@pytest.mark.usefixtures("hurried")
def test_a_gateway_that_misbehaves_leaves_the_notice_to_be_tried_again(
    far: FakeTencent, trick: str | int, unknown: bool, word: str
) -> None:
    far.trick = trick
    far.headers = {"Retry-After": "7"} if trick == 429 else {}
    for channel in (sms(far), voice(far)):
        error = failure(channel)
        assert (error.unknown, error.permanent) == (unknown, False)
        assert word in error.reason
        assert error.retry_after == (7_000 if trick == 429 else None)


def test_a_gateway_that_lies_is_never_believed_to_have_delivered(far: FakeTencent) -> None:
    far.trick = "lie"
    channel = sms(far)
    assert channel.ask([Asked(channel.send(NOTICE).id, LI_WEI, NOW)]) == []


def test_a_gateway_that_doubles_arrives_once_for_the_record(far: FakeTencent) -> None:
    far.trick = "double"
    channel = sms(far)
    number = channel.send(NOTICE).id
    for one in far.messages:
        one.update(ReportStatus="SUCCESS", Description="", UserReceiveTime=1)
    assert len(far.messages) == 2
    assert len(channel.ask([Asked(number, LI_WEI, NOW)])) == 1


def test_replies_of_numbers_written_to_lately_come_until_they_are_heard(far: FakeTencent) -> None:
    channel = sms(far)
    far.reply(LI_WEI, "A7K 收到")
    assert channel.answers() == [], "nobody was written to yet"
    channel.send(NOTICE)
    asked = len(far.requests)
    found = channel.answers()
    assert len(far.requests) == asked + 1, "each number once"
    assert [(one.address, one.text, one.at) for one in found] == [(LI_WEI, "A7K 收到", NOW + 100_000)]
    assert [one.id for one in channel.answers()] == [found[0].id]
    channel.heard([found[0].id])
    assert channel.answers() == []


def test_after_a_restart_replies_to_what_is_still_followed_are_found(far: FakeTencent) -> None:
    number = sms(far).send(NOTICE).id
    far.reply(LI_WEI, "A7K")
    restarted = sms(far)
    restarted.ask([Asked(number, LI_WEI, NOW)])
    assert [one.text for one in restarted.answers()] == ["A7K"]


def test_many_numbers_are_asked_in_turn_and_none_for_ever(far: FakeTencent) -> None:
    clock = Clock()
    channel = sms(far, clock)
    for number in range(AT_ONCE + 5):
        channel.send(replace(NOTICE, address=f"138000000{number:02d}"))
    last = f"+86138000000{AT_ONCE + 4:02d}"
    far.reply(last, "A7K")
    channel.answers()
    assert [one.address for one in channel.answers()] == [last]
    clock.now += ANSWERED
    far.clock = None
    far.requests.clear()
    channel.answers()
    assert not far.requests


def test_the_queue_gives_each_reply_once_and_the_channel_keeps_it_until_it_is_heard(
    far: FakeTencent,
) -> None:
    channel = sms(far, reply_queue=True)
    far.reply(LI_WEI, "A7K")
    far.reply("+8613800000009", "１")
    found = channel.answers()
    assert [one.text for one in found] == ["A7K", "１"]
    assert far.queue == []
    assert [one.id for one in channel.answers()] == [one.id for one in found]
    channel.heard([one.id for one in found])
    assert channel.answers() == []


def test_a_call_is_accepted_and_speaks_its_two_variables(far: FakeTencent) -> None:
    receipt = voice(far).send(replace(NOTICE, address="13800000001"))
    call = far.calls[0]
    assert (call["CallId"], call["CalledNumber"], call["PlayTimes"]) == (receipt.id, LI_WEI, 2)
    assert call["TemplateParamSet"] == ["二号宿舍楼，三层，三零五室", "烟雾报警，代码A，七，K"]


def test_an_escalation_is_spoken_by_the_alarms_template_and_a_drill_only_by_its_own(
    far: FakeTencent,
) -> None:
    channel = voice(far, templates={"alarm": "2001"})
    channel.send(replace(notice_of(FIRE, Purpose.ESCALATE, ROOM), address=LI_WEI))
    assert far.calls[0]["TemplateId"] == "2001"
    error = failure(channel, notice_of(replace(FIRE, mode="drill"), Purpose.RAISE, ROOM))
    assert error.permanent
    assert "templates.drill" in error.zh


def test_the_channels_say_what_they_can_be_asked(far: FakeTencent) -> None:
    assert isinstance(sms(far), Tracked)
    assert isinstance(sms(far), Answering)
    assert not isinstance(voice(far), Tracked), "Tencent only pushes what became of a call"


@pytest.mark.parametrize(
    "wrong",
    [
        {"sign": "【学校】"},
        {"url": "http://sms.tencentcloudapi.com"},
        {"app_id": "app"},
        {"templates": {}},
        {"variable_length": 5},
    ],
)
def test_a_setting_that_cannot_work_is_refused(far: FakeTencent, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sms(far, **wrong)
