"""Touches. The door for gateways that call back: open to everybody, and believing only what is signed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from alerts.delivery.channels.channel import Arrival, Asked
from alerts.delivery.channels.twilio import Twilio, TwilioSettings
from tests.fakes.browser import web
from tests.fakes.service import FakeHouse
from tests.fakes.twilio import ACCOUNT, NUMBER, SECRET_OF

SID = "SM" + "1" * 32
TOKEN = SECRET_OF[ACCOUNT]
PUBLIC = "https://tocsin.example.edu"
FORM = {"MessageSid": SID, "MessageStatus": "delivered", "To": "+8613800000001"}


@pytest.fixture
def sms() -> Twilio:
    said = {"kind": "twilio", "account_sid": ACCOUNT, "secret": TOKEN, "sender": NUMBER, "public_url": PUBLIC}
    return Twilio("sms", TwilioSettings.model_validate(said), lambda: 0)


@pytest.fixture
def twilio(tmp_path: Path, sms: Twilio) -> Iterator[TestClient]:
    house = FakeHouse(tmp_path)
    house.service = replace(
        house.service, called_back=lambda name, form, mark: name == sms.name and sms.called_back(form, mark)
    )
    with web(house) as client:
        yield client


def test_what_twilio_signed_is_kept_for_the_next_question(twilio: TestClient, sms: Twilio) -> None:
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/callbacks/twilio/sms", FORM)
    answer = twilio.post("/callbacks/twilio/sms", data=FORM, headers={"X-Twilio-Signature": signature})
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert [one.arrival for one in sms.ask([Asked(SID, "", 0)])] == [Arrival.DELIVERED]


@pytest.mark.parametrize(
    ("path", "signed", "form"),
    [
        ("sms", PUBLIC + "/callbacks/twilio/sms", FORM | {"MessageStatus": "read"}),  # changed on its way
        ("sms", PUBLIC + "/callbacks/twilio/other", FORM),
        ("other", PUBLIC + "/callbacks/twilio/other", FORM),
        ("sms", "", FORM),
    ],
)
def test_what_twilio_did_not_sign_is_refused(
    twilio: TestClient, path: str, signed: str, form: dict[str, str]
) -> None:
    signature = RequestValidator(TOKEN).compute_signature(signed, FORM) if signed else ""
    answer = twilio.post(f"/callbacks/twilio/{path}", data=form, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 403


def test_a_house_without_such_a_channel_refuses_every_callback(tmp_path: Path) -> None:
    with web(FakeHouse(tmp_path)) as client:
        assert client.post("/callbacks/twilio/sms", data=FORM).status_code == 403
