"""What can be no address of a channel is named when it is written down, and nothing else is."""

import pytest

from alerts.delivery.channels.addresses import unfit
from alerts.duty.people import Contact, Directory, Person
from alerts.duty.staffing import people_problems
from ingest.campus.registry import Registry

NOW = 1_795_337_000_000


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("aliyun", "010-12345678"), ("aliyun-voice", ""), ("tencent", "li.wei@example.edu"),
        ("twilio", "13800000001"), ("twilio-voice", "１３８"), ("gammu", "abc"), ("gammu", ""),
        ("email", "13800000001"), ("email", "a b@example.edu"), ("feishu", "13800000001"),
    ],
)  # fmt: skip
def test_what_the_channel_would_refuse_is_named(kind: str, address: str) -> None:
    assert unfit(kind, address)


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("aliyun", "138 0000 0001"), ("tencent-voice", "+8613800000001"), ("twilio", "+1 (415) 555-0123"),
        ("gammu", "+86 138-0000-0001"), ("gammu", "10086"), ("email", "li.wei@example.edu"), ("email", ""),
        ("feishu", "ou_7d8a6e6df7621556ce0d21922b676706"), ("feishu", ""), ("feishu", "@all"),
        ("wecom", "li-wei"), ("dingtalk", "13800000001"), ("webhook", "anything"), ("", "anything"),
    ],
)  # fmt: skip
def test_what_may_be_one_is_left_alone(kind: str, address: str) -> None:
    assert unfit(kind, address) == ""


def test_it_is_told_with_the_person_and_the_channel() -> None:
    person = Person("li-wei", "李伟", "Li Wei", contacts=(Contact("sms", "010-12345678"),))
    directory = Directory([person], channels={"sms": "aliyun"})
    (said,) = people_problems(directory, Registry.build(), NOW)
    assert said.startswith("person li-wei cannot be told on 'sms': it is no mobile number")
    assert not [*people_problems(Directory([person], channels=["sms"]), Registry.build(), NOW)]
