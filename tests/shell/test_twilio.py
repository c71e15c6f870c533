"""Touches. Twilio's channels against a double that Twilio's own Python SDK takes for Twilio."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from itertools import count
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from pydantic import ValidationError
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import Gather, VoiceResponse

from alerts.delivery.channels import build, exchange, rounds
from alerts.delivery.channels.channel import Answering, Arrival, Asked, ChannelError, Notice, Tracked
from alerts.delivery.channels.twilio import Twilio, TwilioSettings
from alerts.delivery.channels.twilio_voice import EVENTS_AFTER, TwilioVoice, TwilioVoiceSettings
from tests.fakes.twilio import ACCOUNT, KEY, NUMBER, SECRET, FakeTwilio

NOW = 1_795_337_000_123
LI_WEI = "+8613800000001"
NOTICE = Notice(
    key="7/1/0/0/li-wei/sms/raise", code="A7K", purpose="raise", person="li-wei", address=LI_WEI,
    language="zh", short="2号楼 305室：烟雾报警 <&>。代码A7K", title="2号楼 305室：烟雾报警 <&>", body="b",
    alert={"class": "alarm", "since": NOW, "mode": "real", "todo_zh": "请立即到场核实"},
)  # fmt: skip
OURS = {"account_sid": ACCOUNT, "key_sid": KEY, "secret": SECRET, "sender": NUMBER}
PUBLIC: dict[str, Any] = {"public_url": "https://tocsin.example.edu", "auth_token": "the-auth-token"}


@pytest.fixture
def far() -> Iterator[FakeTwilio]:
    with FakeTwilio() as made:
        yield made


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "TIMEOUT", 0.5)
    monkeypatch.setattr(exchange, "PAUSE", 0.2)


def sms(far: FakeTwilio, **more: Any) -> Twilio:
    made = TwilioSettings.model_validate({"kind": "twilio", "url": far.url, **OURS, **more})
    return Twilio("sms", made, lambda: NOW)


def voice(far: FakeTwilio, now: Callable[[], int] = lambda: NOW, **more: Any) -> TwilioVoice:
    made = TwilioVoiceSettings.model_validate({"kind": "twilio-voice", "url": far.url, **OURS, **more})
    return TwilioVoice("call", made, now)


def asked(receipt: str, known: Arrival | None = None) -> Asked:
    return Asked(receipt, LI_WEI, NOW, known)


def failure(channel: Twilio | TwilioVoice, notice: Notice = NOTICE) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        channel.send(notice)
    assert SECRET not in caught.value.reason + caught.value.zh
    return caught.value


class _Towards(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's own HTTP client, with another host."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.host = urlsplit(url)

    def request(self, method: str, url: str, **more: Any) -> Any:
        parts = urlsplit(url)
        return super().request(method, urlunsplit((self.host.scheme, self.host.netloc, *parts[2:])), **more)


@pytest.fixture
def sdk(far: FakeTwilio) -> Client:
    return Client(KEY, SECRET, ACCOUNT, http_client=_Towards(far.url))


def test_twilios_own_sdk_accepts_the_double_for_sending_asking_and_listing(
    far: FakeTwilio, sdk: Client
) -> None:
    made = sdk.messages.create(to=LI_WEI, from_=NUMBER, body="hello")
    assert (made.status, sdk.messages(made.sid).fetch().body) == ("queued", "hello")
    far.now_is(made.sid, "undelivered", 30003)
    assert sdk.messages(made.sid).fetch().error_code == 30003
    for number in range(5):
        far.reply(LI_WEI, f"answer {number}")
    assert sdk.messages.list(to=NUMBER, page_size=2)[0].body == "answer 4"
    assert len(sdk.messages.list(to=NUMBER, page_size=2)) == 5
    call = sdk.calls.create(to=LI_WEI, from_=NUMBER, twiml="<Response><Say>hello</Say></Response>")
    far.press(call.sid, "1")
    assert sdk.calls(call.sid).fetch().status == "queued"
    assert sdk.calls(call.sid).events.list()[0].request["parameters"]["digits"] == "1"
    far.refuse[LI_WEI] = 21211
    with pytest.raises(TwilioRestException, match="refused"):
        sdk.messages.create(to=LI_WEI, from_=NUMBER, body="hello")


def test_a_message_is_accepted_under_twilios_number_and_found_there_by_the_sdk(
    far: FakeTwilio, sdk: Client
) -> None:
    receipt = sms(far).send(NOTICE)
    assert receipt.accepted
    found = sdk.messages(receipt.id).fetch()
    assert (found.to, found.from_, found.body) == (LI_WEI, NUMBER, NOTICE.short)


def test_a_messaging_service_sends_in_place_of_a_number(far: FakeTwilio) -> None:
    service = "MG" + "c3" * 16
    sms(far, sender=service).send(NOTICE)
    assert far.messages[0]["from"] == service


def test_the_channels_can_be_asked_and_answered(far: FakeTwilio) -> None:
    for channel in (sms(far), voice(far)):
        assert isinstance(channel, Tracked)
        assert isinstance(channel, Answering)


@pytest.mark.parametrize(
    ("status", "code", "arrival", "dead"),
    [
        ("queued", None, None, False),
        ("sent", None, None, False),  # the carrier has it; that is no delivery
        ("delivered", None, Arrival.DELIVERED, False),
        ("read", None, Arrival.READ, False),
        ("undelivered", 30003, Arrival.LOST, False),
        ("undelivered", 30004, Arrival.LOST, False),
        ("undelivered", 30005, Arrival.LOST, True),
        ("undelivered", 30006, Arrival.LOST, True),
        ("undelivered", 30007, Arrival.LOST, False),
        ("failed", 30008, Arrival.LOST, False),
        ("failed", 99999, Arrival.LOST, False),
        ("a status of next year", None, None, False),
    ],
)
def test_what_became_of_a_message_is_asked_for(
    far: FakeTwilio, status: str, code: int | None, arrival: Arrival | None, dead: bool
) -> None:
    channel = sms(far)
    sid = channel.send(NOTICE).id
    far.now_is(sid, status, code)
    found = channel.ask([asked(sid)])
    assert [(one.receipt, one.arrival, one.dead) for one in found] == (
        [(sid, arrival, dead)] if arrival else []
    )
    if arrival:
        assert found[0].at == 1_795_337_000_000
        assert channel.ask([asked(sid, arrival)]) == []  # nothing new


def test_messages_that_a_round_had_no_time_for_come_first_in_the_next(
    far: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = sms(far)
    messages = [asked(channel.send(NOTICE).id) for _ in range(3)]
    far.requests.clear()
    clock = count(0, rounds.ROUND / 2)  # each look at it takes half of the time
    monkeypatch.setattr(rounds, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    for _ in messages:
        channel.ask(messages)
    assert sorted(path[-39:-5] for _, path in far.requests) == [one.receipt for one in messages]


def test_a_message_twilio_does_not_know_is_lost(far: FakeTwilio) -> None:
    assert sms(far).ask([asked("SM" + "0" * 32)])[0].arrival is Arrival.LOST


def test_a_round_that_breaks_off_keeps_what_it_learned_and_goes_on_with_the_others(far: FakeTwilio) -> None:
    channel = sms(far)
    sids = [channel.send(NOTICE).id for _ in range(3)]
    for sid in sids:
        far.now_is(sid, "delivered")
    whole = far.answer

    def third_fails(method: str, path: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
        return (429, {"code": 20429}) if sids[2] in path else whole(method, path, fields)

    far.answer = third_fails  # type: ignore[method-assign]
    assert [one.receipt for one in channel.ask([asked(sid) for sid in sids])] == sids[:2]
    far.answer = whole  # type: ignore[method-assign]
    left = channel.ask([asked(sids[0], Arrival.DELIVERED), asked(sids[1], Arrival.DELIVERED), asked(sids[2])])
    assert [one.receipt for one in left] == [sids[2]]


@pytest.mark.parametrize(
    ("code", "dead", "words"),
    [
        (21211, True, "号码无效"),
        (21610, False, "退订"),
        (21614, True, "不是手机号"),
        (21635, True, "固定电话"),
        (21408, False, "Geo Permissions"),
        (21606, False, "sender"),
    ],
)
def test_a_number_that_is_refused_is_never_tried_again_and_says_why(
    far: FakeTwilio, code: int, dead: bool, words: str
) -> None:
    far.refuse[LI_WEI] = code
    error = failure(sms(far))
    assert (error.permanent, error.unknown, error.dead) == (True, False, dead)
    assert words in error.zh
    assert str(code) in error.reason


@pytest.mark.parametrize(
    ("trick", "permanent", "unknown"),
    [
        (429, False, False),
        (500, False, True),
        (503, False, True),
        ("html", False, True),
        ("truncate", False, True),
        ("close", False, True),
        ("hang", False, True),
    ],
)
def test_a_twilio_that_misbehaves_leaves_a_message_to_be_tried_again(
    far: FakeTwilio, hurried: None, trick: str | int, permanent: bool, unknown: bool
) -> None:
    far.trick = trick
    error = failure(sms(far))
    assert (error.permanent, error.unknown) == (permanent, unknown)
    assert error.reason != error.zh
    with pytest.raises(ChannelError):
        sms(far).ask([asked("SM" + "0" * 32)])
    with pytest.raises(ChannelError):
        sms(far).answers()


def test_a_limit_says_how_long_to_wait(far: FakeTwilio) -> None:
    far.trick, far.headers = 429, {"Retry-After": "7"}
    assert failure(sms(far)).retry_after == 7_000


@pytest.mark.parametrize("trick", ["lie", "double"])
def test_a_yes_of_twilios_is_no_delivery(far: FakeTwilio, trick: str) -> None:
    far.trick = trick
    channel = sms(far)
    receipt = channel.send(NOTICE)
    assert receipt.accepted
    assert channel.ask([asked(receipt.id)]) == []


def test_a_wrong_key_is_permanent_and_named(far: FakeTwilio) -> None:
    error = failure(sms(far, secret="wrong"))
    assert error.permanent
    assert "key_sid" in error.reason


def test_nobody_there_is_temporary_and_nothing_can_have_gone_out() -> None:
    with FakeTwilio() as far:
        channel = sms(far)
    error = failure(channel)
    assert (error.permanent, error.unknown) == (False, False)


@pytest.mark.parametrize("address", ["", "13800000001", "li.wei@example.edu", "+86138\r\n", "+86 138x"])
def test_an_address_that_is_no_international_number_says_so(far: FakeTwilio, address: str) -> None:
    error = failure(sms(far), replace(NOTICE, address=address))
    assert error.permanent
    assert "+86" in error.zh
    assert far.requests == []


def test_answers_come_oldest_first_over_all_pages_until_they_are_heard(far: FakeTwilio) -> None:
    channel = sms(far)
    channel.send(NOTICE)
    sids = [far.reply(LI_WEI, f"受理 A7K {number}") for number in range(120)]
    found = channel.answers()
    assert [one.id for one in found] == sids
    assert (found[0].address, found[0].text, found[0].at) == (LI_WEI, "受理 A7K 0", 1_795_337_000_000)
    assert channel.answers() == found
    channel.heard(sids[:119])
    assert [one.id for one in channel.answers()] == sids[119:]
    channel.heard(sids)
    far.reply(LI_WEI, "later\u202e")
    assert [one.text for one in channel.answers()] == ["later"]


def test_nobody_can_answer_a_sender_that_is_no_number(far: FakeTwilio) -> None:
    assert sms(far, sender="Tocsin").answers() == []
    assert far.requests == []


def test_a_page_that_points_elsewhere_is_not_followed(far: FakeTwilio) -> None:
    far.reply(LI_WEI, "1")
    listed = far.listed
    far.listed = lambda query: (200, listed(query)[1] | {"next_page_uri": "https://evil.example/x"})  # type: ignore[method-assign]
    assert len(sms(far).answers()) == 1
    assert len(far.requests) == 1


def test_a_call_says_the_notice_twice_in_the_persons_language(far: FakeTwilio) -> None:
    voice(far).send(NOTICE)
    said = ElementTree.fromstring(far.calls[0]["form"]["Twiml"]).find("Say")
    assert said is not None
    assert said.attrib == {"language": "cmn-CN", "voice": "Polly.Zhiyu", "loop": "2"}
    assert said.text == "二号楼，三零五室，烟雾报警。请立即到场核实。代码A，七，K。重复，A，七，K。"
    voice(far).send(replace(NOTICE, language="en", title="Room 305: smoke"))
    assert 'language="en-US"' in far.calls[1]["form"]["Twiml"]


def test_a_call_that_takes_keys_is_the_twiml_that_twilios_sdk_would_write(far: FakeTwilio) -> None:
    bin = "https://handler.twilio.com/twiml/EH" + "d4" * 16
    voice(far, keys_url=bin).send(NOTICE)
    ours = ElementTree.fromstring(far.calls[0]["form"]["Twiml"])
    theirs = VoiceResponse()
    theirs.pause(length=1)
    gather = Gather(num_digits=1, timeout=8, action=bin, method="POST")
    said = ours.findtext("Gather/Say") or ""
    gather.say(said, language="cmn-CN", voice="Polly.Zhiyu", loop=2)
    theirs.append(gather)
    written = far.calls[0]["form"]["Twiml"]
    assert ElementTree.canonicalize(written) == ElementTree.canonicalize(str(theirs))
    assert said.endswith("受理请按一，不能到场请按二")


@pytest.mark.parametrize(
    ("status", "more", "detect", "arrival"),
    [
        ("ringing", {}, False, None),
        ("in-progress", {}, False, Arrival.DELIVERED),
        ("in-progress", {}, True, None),  # not yet known who picked up
        ("in-progress", {"answered_by": "human"}, True, Arrival.DELIVERED),
        ("in-progress", {"answered_by": "machine_start"}, True, Arrival.LOST),
        ("completed", {"duration": "23"}, False, Arrival.DELIVERED),
        ("completed", {"duration": "23", "answered_by": "fax"}, True, Arrival.LOST),
        ("busy", {}, False, Arrival.LOST),
        ("no-answer", {}, False, Arrival.LOST),
        ("failed", {}, False, Arrival.LOST),
        ("canceled", {}, False, Arrival.LOST),
    ],
)
def test_what_became_of_a_call_is_asked_for(
    far: FakeTwilio, status: str, more: dict[str, Any], detect: bool, arrival: Arrival | None
) -> None:
    channel = voice(far, detect_machines=detect)
    sid = channel.send(NOTICE).id
    assert ("MachineDetection" in far.calls[0]["form"]) is detect
    far.now_is(sid, status, **more)
    assert [one.arrival for one in channel.ask([asked(sid)])] == ([arrival] if arrival else [])


def test_a_key_is_read_from_the_calls_events_a_quarter_of_an_hour_after_its_end(far: FakeTwilio) -> None:
    clock = [NOW]
    channel = voice(far, lambda: clock[0], keys_url="https://handler.twilio.com/twiml/EH" + "d4" * 16)
    sid = channel.send(NOTICE).id
    far.now_is(sid, "completed", duration="30")
    channel.ask([asked(sid)])
    far.press(sid, "1")
    assert channel.answers() == []
    clock[0] += EVENTS_AFTER
    (answer,) = channel.answers()
    assert (answer.address, answer.text, answer.receipt, answer.at) == (LI_WEI, "1", sid, 1_795_337_000_000)
    assert channel.answers() == [answer]
    channel.heard([answer.id])
    assert channel.answers() == []


def test_a_callback_is_believed_only_with_the_signature_that_twilios_sdk_makes(far: FakeTwilio) -> None:
    channel = sms(far, **PUBLIC)
    sid = channel.send(NOTICE).id
    url = "https://tocsin.example.edu/callbacks/twilio/sms"
    form = {"MessageSid": sid, "MessageStatus": "undelivered", "ErrorCode": "30005", "To": LI_WEI}
    good = RequestValidator("the-auth-token").compute_signature(url, form)
    assert not channel.called_back(form | {"MessageStatus": "delivered"}, good)
    assert not channel.called_back(form, "")
    assert not channel.called_back(form, "é")
    assert not sms(far).called_back(form, good)  # without public_url nobody calls back
    assert channel.called_back(form, good)
    requests = len(far.requests)
    (found,) = channel.ask([asked(sid)])
    assert (found.arrival, found.dead, len(far.requests)) == (Arrival.LOST, True, requests)


def test_a_key_that_is_called_back_is_an_answer_at_once(far: FakeTwilio) -> None:
    channel = voice(far, **PUBLIC)
    sid = channel.send(NOTICE).id
    url = "https://tocsin.example.edu/callbacks/twilio/call"
    assert f'action="{url}"' in far.calls[0]["form"]["Twiml"]
    form = {"CallSid": sid, "CallStatus": "in-progress", "Digits": "1", "To": LI_WEI}
    assert channel.called_back(form, RequestValidator("the-auth-token").compute_signature(url, form))
    assert [(one.address, one.text, one.receipt) for one in channel.answers()] == [(LI_WEI, "1", sid)]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"account_sid": "AC1"}, "account_sid"),
        ({"url": "http://api.twilio.com"}, "https://host"),
        ({"public_url": "http://tocsin.example.edu"}, "https://"),
        ({"public_url": "https://tocsin.example.edu"}, "auth_token"),
        ({"sender": "not+a+number"}, "sender"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_what_is_wrong(more: dict[str, str], says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        TwilioSettings.model_validate({"kind": "twilio", **OURS, **more})
    assert SECRET not in repr(TwilioSettings.model_validate({"kind": "twilio", **OURS}))
    assert caught.value.error_count() == 1


def test_the_settings_file_may_name_both_kinds(far: FakeTwilio) -> None:
    settings = {
        "sms": TwilioSettings.model_validate({"kind": "twilio", **OURS}),
        "call": TwilioVoiceSettings.model_validate({"kind": "twilio-voice", **OURS}),
    }
    made = build(settings, lambda *_: Future(), lambda _: None, lambda: NOW)
    assert (type(made["sms"]), type(made["call"])) == (Twilio, TwilioVoice)
