"""Thinks. The settings of the room: what is refused, and that a password is never shown."""

import pytest
from pydantic import ValidationError

from ingest.settings import BrokerSettings, FeedSettings, HistorySettings, QuarantineSettings, TlsSettings


def test_nothing_needs_to_be_set():
    broker = BrokerSettings()
    assert (broker.host, broker.port, broker.base) == ("127.0.0.1", 1883, "campus")
    assert broker.bases("zigbee2mqtt") == ("zigbee2mqtt",)
    assert (broker.protocol, broker.keepalive, broker.receive_maximum) == ("auto", 30, 65535)
    assert (HistorySettings().keep_days, HistorySettings().memory) == (400, "256MB")
    assert QuarantineSettings().max_rows == 10000


@pytest.mark.parametrize(
    "given",
    [
        {"hots": "broker"},
        {"port": 0},
        {"port": 70000},
        {"protocol": "4"},
        {"keepalive": 1},
        {"client_id": ""},
        {"base": ""},
        {"base": "campus/"},
        {"base": "/campus"},
        {"base": "campus/#"},
        {"base": "+/campus"},
        {"dialects": {"zigbee2mqtt": ["a", "a"]}},
        {"dialects": {"zigbee2mqtt": ["a/"]}},
        {"dialects": {"zigbee2mqtt": ["a/#"]}},
        {"dialects": {"zigbe2mqtt": None}},
        {"dialects": {"tocsin": ["a"]}},
        {"base": "a", "dialects": {"zigbee2mqtt": ["a"]}},
        {"tls": {"cert": "client.pem"}},
        {"tls": {"key": "client.key"}},
    ],
)
def test_a_broker_setting_that_cannot_work_is_refused(given):
    with pytest.raises(ValidationError):
        BrokerSettings(**given)


@pytest.mark.parametrize("given", [{"memory": "256"}, {"memory": "0MB"}, {"keep_days": 0}])
def test_a_history_setting_that_cannot_work_is_refused(given):
    with pytest.raises(ValidationError):
        HistorySettings(**given)


def test_bases_may_lie_below_one_another_and_be_none_at_all():
    broker = BrokerSettings(base="campus", dialects={"zigbee2mqtt": ["campus/zigbee", "z2m"]})
    assert broker.bases("zigbee2mqtt") == ("campus/zigbee", "z2m")
    assert BrokerSettings(dialects={}).bases("zigbee2mqtt") == ()
    assert TlsSettings(cert="c", key="k").insecure is False


def test_a_password_and_a_token_are_never_shown():
    shown = repr(BrokerSettings(username="u", password="hunter2")) + repr(
        FeedSettings(url="http://x", token="hunter2")
    )
    assert "hunter2" not in shown


def test_a_feed_needs_the_address_of_an_http_server():
    with pytest.raises(ValidationError):
        FeedSettings(url="localhost:8086")


def test_the_name_of_a_dialect_is_told_with_the_nearest_known_one():
    with pytest.raises(ValidationError, match="did you mean 'zigbee2mqtt'"):
        BrokerSettings(dialects={"zigbe2mqtt": None})
