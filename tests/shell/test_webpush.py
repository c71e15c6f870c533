"""Touches. Web Push: the device alone can read what is sent; what a push service says is told apart."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from alerts.delivery import subscriptions
from alerts.delivery.channels import exchange
from alerts.delivery.channels.channel import (
    Arrival,
    Asked,
    ChannelError,
    Notice,
    Progress,
    Subscription,
    Tracked,
)
from alerts.delivery.channels.webpush import Webpush
from alerts.delivery.channels.webpush_settings import WebpushSettings
from alerts.delivery.subscriptions import MOST, Subscribed
from dashboard.service import Push
from tests.fakes.browser import OURS, PAGE, signed_in
from tests.fakes.pushservice import PushService, b64
from tests.fakes.service import FakeHouse
from tests.fakes.webhook import Reply

NOW = 1_795_337_000_000
NOTICE = Notice(
    key="7/1/0/0/li-wei/push/raise", code="A7K2", purpose="raise", person="li-wei", address="", language="zh",
    short="305室烟雾报警", title="2号楼 305室：烟雾报警", body="2号楼 305室\n烟雾报警\n代码：A7K2",
    alert={"id": 7, "class": "alarm", "life_safety": True},
)  # fmt: skip


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as made:
        yield made


class Kept:
    """The subscriptions of the push service, as the channel asks for them."""

    def __init__(self, service: PushService) -> None:
        self.of, self.gone = service.of, service.left


@pytest.fixture
def push(service: PushService, tmp_path: Path) -> Webpush:
    settings = WebpushSettings(kind="webpush", subject="mailto:it@example.edu.cn", inside=True)
    return Webpush("push", settings, tmp_path / "webpush.pem", Kept(service), lambda: NOW)


def test_every_device_of_the_person_reads_it_and_nobody_elses(service: PushService, push: Webpush) -> None:
    for person, name in (("li-wei", "phone"), ("li-wei", "tablet"), ("wang-fang", "hers")):
        service.device(person, name)
    receipt = push.send(NOTICE)
    assert (receipt.accepted, receipt.detail) == (True, "2/2 devices")
    told = dict(service.read())
    assert set(told) == {"phone", "tablet"}
    said = told["phone"]
    assert (said["title"], said["url"], said["urgent"], said["take"]) == (
        NOTICE.title,
        "/alerts/7",
        True,
        "受理",
    )
    assert said["mark"] == receipt.id


def test_what_is_urgent_says_so_to_the_push_service_and_a_newer_message_takes_its_place(
    service: PushService, push: Webpush
) -> None:
    service.device("li-wei", "phone")
    push.send(NOTICE)
    push.send(replace(NOTICE, alert={"id": 7, "class": "trouble", "more": 3}))
    first, bundle = (call.headers for call in service.calls)
    assert (first["urgency"], first["topic"], first["ttl"]) == ("high", "A7K2", "3600")
    assert (bundle["urgency"], "topic" in bundle) == ("normal", False)
    assert service.read()[1][1]["url"] == "/"


def test_a_page_of_text_still_fits(service: PushService, push: Webpush) -> None:
    service.device("li-wei", "phone")
    push.send(replace(NOTICE, title="报" * 300, body="警" * 20_000))
    assert service.read()[0][1]["body"].endswith("…")


def test_who_finds_it_too_large_gets_it_shorter_with_the_place_still_first(
    service: PushService, push: Webpush
) -> None:
    service.device("li-wei", "phone")
    service.largest = 1500
    receipt = push.send(replace(NOTICE, body="警" * 20_000))
    long, short = (told for _, told in service.read())
    assert (receipt.accepted, short["mark"], short["title"]) == (True, receipt.id, NOTICE.title)
    assert len(short["body"]) < len(long["body"])


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_has_unsubscribed_is_forgotten_and_the_others_are_told(
    service: PushService, push: Webpush, status: int
) -> None:
    for name in ("old", "phone"):
        service.device("li-wei", name)
    service.replies["old"] = Reply(status)
    assert push.send(NOTICE).detail == "1/2 devices"
    assert service.gone == ["old"]
    service.replies["phone"] = Reply(status)
    with pytest.raises(ChannelError) as caught:
        push.send(NOTICE)
    assert (caught.value.permanent, caught.value.dead) == (True, True)


def test_who_has_switched_it_on_nowhere_is_told_of_at_once(push: Webpush) -> None:
    with pytest.raises(ChannelError, match="my account") as caught:
        push.send(NOTICE)
    assert (caught.value.permanent, caught.value.dead) == (True, True)


@pytest.mark.parametrize(
    ("reply", "permanent", "unknown", "wait"),
    [
        (Reply(429, headers={"Retry-After": "30"}), False, False, 30_000),
        (Reply(503), False, True, None),
        (Reply(413), True, False, None),
        (Reply(400, b"<html>"), True, False, None),
        (Reply(403, b"wrong key"), True, False, None),
        (Reply(trick="hang"), False, True, None),
        (Reply(trick="close"), False, True, None),
        (Reply(trick="half status"), False, True, None),
    ],
    ids=lambda value: f"{value.status}{value.trick}" if isinstance(value, Reply) else "",
)
def test_what_a_push_service_answers_is_told_apart(
    service: PushService, push: Webpush, monkeypatch: pytest.MonkeyPatch, reply: Reply, permanent: bool,
    unknown: bool, wait: int | None,
) -> None:  # fmt: skip
    monkeypatch.setattr(exchange, "TIMEOUT", 0.5)
    service.device("li-wei", "phone")
    service.replies["phone"] = reply
    with pytest.raises(ChannelError) as caught:
        push.send(NOTICE)
    error = caught.value
    assert (error.permanent, error.unknown, error.retry_after) == (permanent, unknown, wait)
    assert service.gone == []


def test_a_device_whose_keys_are_no_keys_is_forgotten(service: PushService, push: Webpush) -> None:
    service.device("li-wei", "phone")
    broken = replace(service.devices["phone"].subscription, p256dh=b64(b"\x04" + b"1" * 64))
    service.devices["phone"].subscription = broken
    with pytest.raises(ChannelError, match="keys cannot be used"):
        push.send(NOTICE)
    assert service.gone == ["phone"]


def test_that_it_was_shown_and_opened_is_known_from_the_device_itself(
    service: PushService, push: Webpush
) -> None:
    service.device("li-wei", "phone")
    assert isinstance(push, Tracked)
    mark = push.send(NOTICE).id
    asked = [Asked(mark, "", NOW)]
    assert push.ask(asked) == []
    assert push.called_back({"mark": mark, "what": "shown"}, "")
    assert push.ask(asked) == [Progress(mark, Arrival.DELIVERED, NOW)]
    assert push.called_back({"mark": mark, "what": "opened"}, "")
    assert push.ask(asked) == [Progress(mark, Arrival.READ, NOW)]
    assert not push.called_back({"mark": mark, "what": "eaten"}, "")
    for guess in ("guess", "", "0" * 32, "警" * 32, mark[:-1]):
        assert not push.called_back({"mark": guess, "what": "shown"}, "")


def test_a_device_may_say_after_a_restart_what_was_sent_before_it(
    service: PushService, tmp_path: Path
) -> None:
    settings = WebpushSettings(kind="webpush", subject="mailto:it@example.edu.cn", inside=True)
    before, after = (Webpush("push", settings, tmp_path / "k.pem", Kept(service), lambda: NOW) for _ in "ab")
    service.device("li-wei", "phone")
    mark = before.send(NOTICE).id
    assert after.called_back({"mark": mark, "what": "shown"}, "")


def test_the_key_is_made_once_and_is_for_nobody_else_to_read(service: PushService, tmp_path: Path) -> None:
    settings = WebpushSettings(kind="webpush", subject="mailto:it@example.edu.cn")
    path = tmp_path / "webpush.pem"
    first, again = (Webpush("push", settings, path, Kept(service), lambda: NOW) for _ in range(2))
    assert first.public_key == again.public_key
    assert len(first.public_key) == 87
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_never_calls_into_our_own_network_unless_that_is_allowed(
    service: PushService, tmp_path: Path
) -> None:
    settings = WebpushSettings(kind="webpush", subject="mailto:it@example.edu.cn")
    outward = Webpush("push", settings, tmp_path / "k.pem", Kept(service), lambda: NOW)
    service.device("li-wei", "phone")
    with pytest.raises(ChannelError, match="inside: true"):
        outward.send(NOTICE)
    assert service.calls == []


# ---- the page and what is kept ---------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    made = FakeHouse(tmp_path)
    made.push = Push("push", "BKey")
    return made


def subscribed(house: FakeHouse, person: str = "li-wei") -> list[Subscription]:
    with house.read() as conn:
        return subscriptions.of(conn, person)


def device(number: int = 1, **more: Any) -> dict[str, Any]:
    keys = {"p256dh": b64(b"k" * 65), "auth": b64(b"a" * 16)}
    return {"endpoint": f"https://push.example.net/{number}", **keys, "device": "Linux", **more}


def test_a_person_switches_a_device_on_and_off_again(house: FakeHouse) -> None:
    with signed_in(house) as client:
        assert client.post("/account/push", json=device(), headers=OURS).status_code == 204
        (one,) = subscribed(house)
        assert "Linux" in client.get("/account", headers=PAGE).text
        client.post(f"/account/push/{one.id}/remove", headers={**OURS, **PAGE})
        assert subscribed(house) == []


def test_a_device_that_subscribes_again_is_there_once_and_the_oldest_gives_way(house: FakeHouse) -> None:
    with signed_in(house) as client:
        for number in (*range(MOST + 3), MOST + 2):
            client.post("/account/push", json=device(number), headers=OURS)
    assert [one.endpoint.rsplit("/", 1)[-1] for one in subscribed(house)] == [
        str(n) for n in range(3, MOST + 3)
    ]


@pytest.mark.parametrize(
    "wrong", [{"endpoint": "http://push.example.net/1"}, {"auth": "<b>"}, {"endpoint": ""}]
)
def test_what_is_no_subscription_is_refused_in_a_sentence(house: FakeHouse, wrong: dict[str, str]) -> None:
    with signed_in(house) as client:
        answer = client.post("/account/push", json=device(**wrong), headers=OURS)
    assert 400 <= answer.status_code < 500
    assert subscribed(house) == []


def test_nobody_subscribes_where_there_is_no_such_channel(house: FakeHouse) -> None:
    house.push = None
    with signed_in(house) as client:
        assert client.post("/account/push", json=device(), headers=OURS).status_code in (400, 422)


def test_what_the_push_service_says_is_gone_is_gone(house: FakeHouse) -> None:
    with signed_in(house) as client:
        client.post("/account/push", json=device(), headers=OURS)
    kept = Subscribed(house.read, house.transact)
    (one,) = kept.of("li-wei")
    kept.gone(one)
    assert kept.of("li-wei") == []
