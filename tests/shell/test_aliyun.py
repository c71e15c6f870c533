"""Touches. Aliyun's channels against a double that Aliyun's own Python SDKs take for Aliyun."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from alibabacloud_dysmsapi20170525 import models as sms_models
from alibabacloud_dysmsapi20170525.client import Client as SmsSdk
from alibabacloud_dyvmsapi20170525 import models as vms_models
from alibabacloud_dyvmsapi20170525.client import Client as VmsSdk
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions
from msgspec.structs import replace
from pydantic import ValidationError

from alerts.delivery.channels import exchange
from alerts.delivery.channels.aliyun import Aliyun, AliyunSettings
from alerts.delivery.channels.aliyun_api import signed
from alerts.delivery.channels.aliyun_voice import AliyunVoice, AliyunVoiceSettings
from alerts.delivery.channels.channel import Answering, Arrival, Asked, ChannelError, Notice, Tracked
from alerts.delivery.message import Purpose
from tests.fakes.aliyun import BEGAN, KEY, SECRET, SIGN, FakeAliyun
from tests.templates import notice_of
from tests.words import FIRE, ROOM
from tocsin.cli import main

NOW = int(BEGAN.timestamp() * 1000)
LI_WEI = "13800000001"
NOTICE = notice_of(FIRE, Purpose.RAISE, ROOM)
KINDS = ("alarm", "escalation", "clear", "drill", "test")
OURS = {"access_key_id": KEY, "access_key_secret": SECRET}


@pytest.fixture
def far() -> Iterator[FakeAliyun]:
    with FakeAliyun() as made:
        yield made


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "TIMEOUT", 0.5)
    monkeypatch.setattr(exchange, "PAUSE", 0.2)


def sms(far: FakeAliyun, now: int = NOW, **more: Any) -> Aliyun:
    templates = {kind: f"SMS_{1001 + number}" for number, kind in enumerate(KINDS)}
    settings = {"kind": "aliyun", "url": far.url, "sign": SIGN, "templates": templates}
    return Aliyun("sms", AliyunSettings.model_validate({**OURS, **settings, **more}), lambda: now)


def voice(far: FakeAliyun, **more: Any) -> AliyunVoice:
    templates = {"alarm": "TTS_2001", "clear": "TTS_2003", "drill": "TTS_2004", "test": "TTS_2005"}
    settings = {"kind": "aliyun-voice", "url": far.url, "templates": templates}
    made = AliyunVoiceSettings.model_validate({**OURS, **settings, **more})
    return AliyunVoice("call", made, lambda: NOW)


def asked(receipt: str, sent_at: int = NOW) -> Asked:
    return Asked(receipt, LI_WEI, sent_at)


def failure(channel: Aliyun | AliyunVoice, notice: Notice = NOTICE) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(notice)
    assert SECRET not in caught.value.reason + caught.value.zh
    return caught.value


@pytest.fixture
def sdk_far() -> Iterator[FakeAliyun]:
    with FakeAliyun(clock=None) as made:  # the SDK takes the machine's time
        yield made


def config(far: FakeAliyun, secret: str = SECRET) -> Config:
    return Config(
        access_key_id=KEY, access_key_secret=secret, endpoint=far.url.removeprefix("http://"), protocol="HTTP"
    )


def test_aliyuns_own_sdk_accepts_the_double_for_sending_asking_and_signature(sdk_far: FakeAliyun) -> None:
    once = RuntimeOptions(autoretry=False, max_attempts=1)
    sdk = SmsSdk(config(sdk_far))
    message = sms_models.SendSmsRequest(
        phone_numbers=LI_WEI, sign_name=SIGN, template_code="SMS_1001", template_param='{"code":"A7 &中"}'
    )
    sent = sdk.send_sms_with_options(message, once).body
    assert sent.code == "OK"
    sdk_far.arrives(sent.biz_id)
    query = sms_models.QuerySendDetailsRequest(
        phone_number=LI_WEI, biz_id=sent.biz_id, send_date="20261122", page_size=10, current_page=1
    )
    found = sdk.query_send_details_with_options(query, once).body.sms_send_detail_dtos.sms_send_detail_dto
    assert [(one.send_status, one.err_code) for one in found] == [(3, "DELIVERED")]
    assert sdk_far.messages[0]["values"] == {"code": "A7 &中"}
    with pytest.raises(Exception, match="SignatureDoesNotMatch"):
        SmsSdk(config(sdk_far, "another secret")).send_sms_with_options(message, once)


def test_aliyuns_own_voice_sdk_accepts_the_double_for_calling_and_asking(sdk_far: FakeAliyun) -> None:
    once = RuntimeOptions(autoretry=False, max_attempts=1)
    sdk = VmsSdk(config(sdk_far))
    call = vms_models.SingleCallByTtsRequest(called_number=LI_WEI, tts_code="TTS_2001", tts_param="{}")
    made = sdk.single_call_by_tts_with_options(call, once).body
    sdk_far.ends(made.call_id, "200000")
    query = vms_models.QueryCallDetailByCallIdRequest(
        call_id=made.call_id, prod_id=11000000300006, query_date=NOW
    )
    assert '"state": "200000"' in sdk.query_call_detail_by_call_id_with_options(query, once).body.data


def test_the_signature_is_the_one_of_aliyuns_documentation() -> None:
    """The worked example of https://help.aliyun.com/document_detail/2593177.html."""
    payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com", "x-acs-action": "RunInstances",
        "x-acs-content-sha256": payload, "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d", "x-acs-version": "2014-05-26",
    }  # fmt: skip
    query = "ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd&RegionId=cn-shanghai"
    made = signed("YourAccessKeySecret", "POST", "/", query, headers, payload)
    assert made == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


def test_a_message_is_accepted_with_its_template_and_the_place_first(far: FakeAliyun) -> None:
    receipt = sms(far).send(replace(NOTICE, address="+86 138-0000-0001"))
    assert receipt.accepted
    sent = far.messages[0]
    assert (sent["BizId"], sent["PhoneNum"], sent["TemplateCode"]) == (receipt.id, LI_WEI, "SMS_1001")
    assert list(sent["values"].items())[:3] == [
        ("building", "2号宿舍楼"), ("room", "3层305室"), ("event", "烟雾报警"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("purpose", "mode", "template"),
    [
        (Purpose.RAISE, "real", "SMS_1001"),
        (Purpose.ESCALATE, "real", "SMS_1002"),
        (Purpose.CLEAR, "real", "SMS_1003"),
        (Purpose.RAISE, "drill", "SMS_1004"),
        (Purpose.TEST, "test", "SMS_1005"),
    ],
)
def test_each_purpose_has_its_template(far: FakeAliyun, purpose: Purpose, mode: str, template: str) -> None:
    sms(far).send(notice_of(replace(FIRE, mode=mode), purpose, ROOM))
    assert far.messages[0]["TemplateCode"] == template


def test_a_drill_without_its_template_is_not_sent_as_an_alarm(far: FakeAliyun) -> None:
    for channel in (sms(far, templates={"alarm": "SMS_1001"}), voice(far, templates={"alarm": "TTS_2001"})):
        error = failure(channel, notice_of(replace(FIRE, mode="drill"), Purpose.RAISE, ROOM))
        assert error.permanent
        assert "templates.drill" in error.reason
        assert "templates.drill" in error.zh
    assert not far.requests


@pytest.mark.parametrize(
    ("status", "code", "arrival", "dead"),
    [
        (1, "", None, False),
        (3, "DELIVERED", Arrival.DELIVERED, False),
        (2, "MOBILE_NOT_ON_SERVICE", Arrival.LOST, False),  # also a phone that is only switched off
        (2, "MI:0210", Arrival.LOST, True),
        (2, "CONTENT_KEYWORD", Arrival.LOST, False),
        (2, "a code of next year", Arrival.LOST, False),
        (7, "", None, False),
    ],
)
def test_what_became_of_a_message_is_asked_for(
    far: FakeAliyun, status: int, code: str, arrival: Arrival | None, dead: bool
) -> None:
    channel = sms(far)
    number = channel.send(NOTICE).id
    far.arrives(number, status, code)
    found = channel.ask([asked(number)])
    assert [(one.arrival, one.dead) for one in found] == ([(arrival, dead)] if arrival else [])
    if arrival is Arrival.DELIVERED:
        assert found[0].at == NOW + 5_000


def test_a_message_sent_at_midnight_is_looked_for_on_both_days(far: FakeAliyun) -> None:
    channel = sms(far)
    number = channel.send(NOTICE).id
    far.arrives(number)
    midnight = int(datetime(2026, 11, 22, 16, 0, 10, tzinfo=UTC).timestamp() * 1000)  # in Beijing the 23rd
    assert channel.ask([asked(number, midnight)])[0].arrival is Arrival.DELIVERED


@pytest.mark.parametrize(
    ("code", "said", "permanent", "unknown", "wait", "dead", "word"),
    [
        ("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1", False, False, 60_000, False, "a minute"),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发小时级流控Permits:5", False, False, 3_600_000, False, "an hour"),
        ("isv.BUSINESS_LIMIT_CONTROL", "触发天级流控Permits:50", True, False, None, False, "today's limit"),
        ("isv.MOBILE_NUMBER_ILLEGAL", "号码", True, False, None, True, "does not exist"),
        ("isv.AMOUNT_NOT_ENOUGH", "余额", True, False, None, False, "top it up"),
        ("isv.OUT_OF_SERVICE", "停机", True, False, None, False, "top it up"),
        ("isv.SMS_TEMPLATE_ILLEGAL", "模板", True, False, None, False, "template"),
        ("isv.SMS_SIGNATURE_ILLEGAL", "签名", True, False, None, False, "`sign`"),
        ("isv.PARAM_LENGTH_LIMIT", "变量", True, False, None, False, "variable_length"),
        ("isv.TTS_TEMPLATE_ILLEGAL", "模板", True, False, None, False, "template"),
        ("isv.VOICE_CALL_FAIL", "失败", False, False, None, False, "could not be started"),
        ("isp.SYSTEM_ERROR", "系统错误", False, True, None, False, "inside Aliyun"),
        ("isp.RAM_PERMISSION_DENY", "权限", True, False, None, False, "may not do that"),
        ("Throttling.User", "flow", False, False, 1_000, False, "too many"),
        ("isv.NEW_IN_2030", "x", True, False, None, False, "refused"),
    ],
)
def test_a_refusal_is_named_and_told_whether_trying_again_helps(
    far: FakeAliyun,
    code: str,
    said: str,
    permanent: bool,
    unknown: bool,
    wait: int | None,
    dead: bool,
    word: str,
) -> None:
    far.refuse[LI_WEI] = (code, said)
    for channel in (sms(far), voice(far)):
        error = failure(channel)
        assert (error.permanent, error.unknown, error.retry_after, error.dead) == (
            permanent, unknown, wait, dead,
        )  # fmt: skip
        assert word in error.reason
        assert code in error.reason
        assert code in error.zh


def test_a_wrong_clock_is_named_in_words_and_tried_again(far: FakeAliyun) -> None:
    far.clock = BEGAN + timedelta(hours=8)
    error = failure(sms(far))
    assert "clock" in error.reason
    assert "时钟" in error.zh
    assert not error.permanent


def test_a_wrong_key_is_named_in_words(far: FakeAliyun) -> None:
    for wrong in ({"access_key_secret": "a-wrong-secret"}, {"access_key_id": "LTAI5tOther"}):
        error = failure(sms(far, **wrong))
        assert error.permanent
        assert "access_key_id" in error.reason


@pytest.mark.parametrize(
    ("trick", "unknown", "permanent", "word"),
    [
        ("hang", True, False, "no answer"),
        ("close", True, False, "JSON"),
        ("truncate", True, False, "JSON"),
        ("html", True, False, "sign-in page"),
        (302, False, False, "302"),
        (429, False, False, "too many"),
        (500, True, False, "500"),
        (503, True, False, "503"),
    ],
)
@pytest.mark.usefixtures("hurried")
def test_a_gateway_that_misbehaves_leaves_the_notice_to_be_tried_again(
    far: FakeAliyun, trick: str | int, unknown: bool, permanent: bool, word: str
) -> None:
    far.trick = trick
    far.headers = {"Retry-After": "7"} if trick == 429 else {}
    for channel in (sms(far), voice(far)):
        error = failure(channel)
        assert (error.unknown, error.permanent) == (unknown, permanent)
        assert word in error.reason
        assert error.retry_after == (7_000 if trick == 429 else None)


def test_a_gateway_that_lies_is_never_believed_to_have_delivered(far: FakeAliyun) -> None:
    far.trick = "lie"
    channel = sms(far)
    assert channel.ask([asked(channel.send(NOTICE).id)]) == []


def test_a_gateway_that_doubles_is_told_apart_by_the_code_in_both(far: FakeAliyun) -> None:
    far.trick = "double"
    channel = sms(far)
    number = channel.send(NOTICE).id
    assert [one["values"]["code"] for one in far.messages] == ["A7K", "A7K"]
    far.arrives(number)
    assert len(channel.ask([asked(number)])) == 1


def test_a_gateway_that_is_not_there_has_not_got_it(far: FakeAliyun) -> None:
    error = failure(sms(far, url="http://127.0.0.1:1"))
    assert (error.unknown, error.permanent) == (False, False)


def test_a_call_is_accepted_speaks_its_two_variables_and_shows_the_schools_number(far: FakeAliyun) -> None:
    receipt = voice(far, shown_number="057112345678").send(NOTICE)
    call = far.calls[0]
    assert (call["CallId"], call["callee"]) == (receipt.id, LI_WEI)
    assert call["values"] == {"place": "二号宿舍楼，三层，三零五室", "event": "烟雾报警，代码A，七，K"}
    assert call["query"]["CalledShowNumber"] == "057112345678"
    assert call["query"]["PlayTimes"] == "2"


@pytest.mark.parametrize(
    ("state", "arrival", "dead"),
    [
        ("200000", Arrival.READ, False),
        ("200001", Arrival.DELIVERED, False),
        ("200003", Arrival.LOST, False),
        ("200010", Arrival.LOST, False),
        ("200011", Arrival.LOST, False),
        ("200004", Arrival.LOST, True),
        ("200103", None, False),  # still talking
        ("a state of next year", None, False),
    ],
)
def test_what_became_of_a_call_is_asked_for(
    far: FakeAliyun, state: str, arrival: Arrival | None, dead: bool
) -> None:
    channel = voice(far)
    number = channel.send(NOTICE).id
    assert channel.ask([asked(number)]) == []
    far.ends(number, state)
    assert [(one.arrival, one.dead) for one in channel.ask([asked(number)])] == (
        [(arrival, dead)] if arrival else []
    )


def test_the_channels_say_what_they_can_be_asked(far: FakeAliyun) -> None:
    assert isinstance(sms(far), Tracked)
    assert isinstance(sms(far), Answering)
    assert isinstance(voice(far), Tracked)
    assert not isinstance(voice(far), Answering)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sign": "【学校】"},
        {"url": "http://dysmsapi.aliyuncs.com"},
        {"url": "https://dysmsapi.aliyuncs.com/path"},
        {"templates": {}},
        {"templates": {"alarm": "SMS_1", "alram": "SMS_2"}},
        {"variable_length": 5},
    ],
)
def test_a_setting_that_cannot_work_is_refused(far: FakeAliyun, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        sms(far, **wrong)


def test_no_settings_show_their_secret(far: FakeAliyun) -> None:
    templates = {"alarm": "SMS_1001"}
    made = AliyunSettings.model_validate({**OURS, "kind": "aliyun", "sign": SIGN, "templates": templates})
    assert SECRET not in repr(made)


def test_the_command_line_prints_the_texts_to_apply_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["templates", "aliyun"]) == 0
    printed = capsys.readouterr().out
    assert "地点${building}，位置${room}，发生${event}" in printed
    assert "[drill] 演练！" in printed
    assert main(["templates", "tencent"]) == 0
    assert "地点{1}，位置{2}，发生{3}" in capsys.readouterr().out


@pytest.mark.parametrize("trick", [404, 502, "html"])
def test_a_proxy_that_answers_in_aliyuns_place_never_makes_a_message_lost(
    far: FakeAliyun, trick: str | int
) -> None:
    for channel in (sms(far), voice(far)):
        number = channel.send(NOTICE).id
        far.trick = trick
        with pytest.raises(ChannelError, match="proxy"):
            channel.ask([asked(number)])
        far.trick = ""
