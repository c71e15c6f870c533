"""Touches. tocsin.yaml: what it may say, and that every mistake in it is one clear line."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from tocsin import lastgood
from tocsin.config import Settings, load
from tocsin.mistake import Mistakes
from tocsin.shape import schema

ROOT = Path(__file__).parents[2]


def read(folder: Path, text: str, **environment: str) -> Settings:
    (folder / "tocsin.yaml").write_text(text, encoding="utf-8")
    return load(folder / "tocsin.yaml", environment)


def wrong(folder: Path, text: str) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        read(folder, text)
    return [line.replace(f"{folder}/", "") for line in caught.value.lines]


def test_an_empty_file_runs_a_small_campus_on_a_local_broker(tmp_path: Path) -> None:
    settings = read(tmp_path, "")
    assert (settings.broker.host, settings.broker.port) == ("127.0.0.1", 1883)
    assert settings.folder == tmp_path / "data"
    assert settings.database_url == f"sqlite:///{tmp_path}/data/state.db"
    assert settings.standard_rules


def test_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    for name in ("ca.pem", "server.pem", "server.key", "mine.yaml"):
        (tmp_path / name).touch()
    settings = read(
        tmp_path,
        "data: /elsewhere\nbroker: {tls: {ca: ca.pem}}\n"
        "dashboard: {cert: server.pem, key: server.key}\nrules: [mine.yaml]\n",
    )
    assert settings.data == "/elsewhere"
    assert settings.broker.tls is not None
    assert settings.broker.tls.ca == f"{tmp_path}/ca.pem"
    assert settings.dashboard.key == f"{tmp_path}/server.key"
    assert settings.rules == [f"{tmp_path}/mine.yaml"]


def test_every_room_has_its_block(tmp_path: Path) -> None:
    text = """
database: postgresql://tocsin@db/tocsin
zone: Europe/Berlin
broker: {host: b, port: 8883, protocol: "3.1.1", dialects: {zigbee2mqtt: [z1, z2]}}
channels:
  duty: {kind: webhook, url: "https://sms.example/notify", secret: !secret duty}
  siren: {kind: mqtt, topics: [campus/siren-1/command]}
history: {keep_days: 30, memory: 128MB}
feed: {url: "http://influx:8086", token: "${TOKEN}"}
quarantine: {max_rows: 50}
"""
    (tmp_path / "secrets.yaml").write_text("duty: 01234567890123456789012345678901\n")
    settings = read(tmp_path, text, TOKEN="t")
    assert settings.channels["duty"].secret == "01234567890123456789012345678901"  # type: ignore[union-attr]
    assert settings.feed is not None
    assert settings.feed.token == "t"
    assert settings.history.keep_days == 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("brokr: {}", "tocsin.yaml:1:1  brokr  unknown key  did you mean 'broker'?"),
        ("broker:\n  hots: x", "tocsin.yaml:2:3  broker.hots  unknown key  did you mean 'host'?"),
        (
            "broker: {port: abc}",
            "tocsin.yaml:1:16  broker.port  got 'abc'  "
            "should be a valid integer, unable to parse string as an integer",
        ),
        (
            "broker: {protocol: 3.1}",
            "tocsin.yaml:1:20  broker.protocol  got 3.1  did you mean '3.1.1'?",
        ),
        (
            "broker: {password: 123456}",
            "tocsin.yaml:1:20  broker.password  got a value that is not shown here  "
            "must be text: put it in quotes",
        ),
        (
            "broker: [x]",
            "tocsin.yaml:1:9  broker  must be lines of `key: value`",
        ),
        ("channels: {a: {url: x}}", "tocsin.yaml:1:12  channels.a.kind  missing"),
        (
            "channels: {a: {kind: webhok}}",
            "tocsin.yaml:1:22  channels.a.kind  got 'webhok'  did you mean 'webhook'?",
        ),
        (
            "channels: {a: {kind: webhook, url: 'http://x/', sercet: s}}",
            "tocsin.yaml:1:49  channels.a.sercet  unknown key  did you mean 'secret'?",
        ),
        ("channels: {a: {kind: webhook}}", "tocsin.yaml:1:12  channels.a.url  missing"),
        ("feed: {bucket: x}", "tocsin.yaml:1:1  feed.url  missing"),
        (
            "feed: {url: 'http://x', tokn: x}",
            "tocsin.yaml:1:25  feed.tokn  unknown key  did you mean 'token'?",
        ),
        (
            "zone: Asia/Shanghi",
            "tocsin.yaml:1:7  zone  got 'Asia/Shanghi'  not a time zone  did you mean 'Asia/Shanghai'?",
        ),
        ("rules:\n  - gone", "tocsin.yaml:2:5  rules[0]  got gone  there is no file gone"),
        ("- a", "tocsin.yaml:1:1  must be lines of `key: value`"),
        (
            "channels: {a: {kind: null}}",
            'tocsin.yaml:1:22  channels.a.kind  got null  write "null" in quotes: without them it means '
            "nothing",
        ),
        (
            "channels:\n  duty：{kind: gammu}",
            "tocsin.yaml:2:15  channels.duty：{kind  got 'gammu}'  must be lines of `key: value` with a "
            "plain : and a space",
        ),
        (
            "channels: {a: {kind: webhook, url: 'https://x.example.edu', ca: nix.pem}}",
            "tocsin.yaml:1:65  channels.a.ca  got nix.pem  there is no file nix.pem",
        ),
        (
            "channels: {m: {kind: email, host: 'smtp.example.edu:587', sender: a@example.edu}}",
            "tocsin.yaml:1:35  channels.m.host  got 'smtp.example.edu:587'  must be a host alone, like "
            "smtp.example.edu: its port belongs in `port`",
        ),
        (
            "channels: {n: {kind: apprise, url: 'ntfys://ntfy.example.edu/{adress}'}}",
            "tocsin.yaml:1:36  channels.n.url  got a value that is not shown here  stands for nothing: "
            "{adress}; write {address} for the person's address",
        ),
        (
            "history: {memory: much}",
            "tocsin.yaml:1:19  history.memory  got 'much'  must be a size like 256MB or 1GB",
        ),
    ],
)
def test_a_mistake_names_its_place_what_stands_there_and_what_was_meant(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert wrong(tmp_path, text) == [expected]


def test_no_setting_is_refused_with_a_regular_expression() -> None:
    bare, seen = [], list[type[BaseModel]]([Settings])
    for model in seen:
        for name, field in model.model_fields.items():
            if any(getattr(one, "pattern", None) for one in field.metadata) and not field.description:
                bare.append(f"{model.__name__}.{name}")
            seen += [one for one in models(field.annotation) if one not in seen]
    assert len(seen) > 30
    assert not bare


def models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for one in get_args(annotation) for found in models(one)]


def test_a_certificate_that_is_not_there_yet_says_who_makes_it(tmp_path: Path) -> None:
    lines = wrong(tmp_path, "dashboard: {cert: a.pem, key: a.key}")
    assert all("`tocsin cert` makes it" in line for line in lines)


def test_a_database_url_is_never_shown_since_it_holds_a_password(tmp_path: Path) -> None:
    assert "hunter2" not in " ".join(wrong(tmp_path, "database: mysql://u:hunter2@h/x"))


def test_a_url_that_apprise_cannot_use_is_a_mistake_and_is_not_shown(tmp_path: Path) -> None:
    text = """
channels:
  a: {kind: apprise, url: "nfty://key-4711@push.example/{address}"}
  b: {kind: apprise, url: "twilio://key-4711/{address}"}
  c: {kind: apprise, url: "discord://key-4711"}
  d: {kind: apprise, url: "ntfy://key-4711@push.example/{address}"}
  e: {kind: apprise, url: "key-4711"}
"""
    lines = wrong(tmp_path, text)
    assert lines[1:] == [
        "tocsin.yaml:3:27  channels.a.url  Apprise does not understand this URL  did you mean 'ntfy'?",
        "tocsin.yaml:4:27  channels.b.url  Apprise does not understand this URL",
        "tocsin.yaml:5:27  channels.c.url  Apprise does not understand this URL",
    ]
    assert "key-4711" not in str(lines)


def test_apprise_is_loaded_only_where_a_channel_of_its_kind_is_configured(tmp_path: Path) -> None:
    (tmp_path / "tocsin.yaml").write_text('channels: {a: {kind: webhook, url: "http://sms.example/"}}')
    program = (
        "import os, sys, pathlib, tocsin.config as config;"
        "config.load(pathlib.Path('tocsin.yaml'), os.environ); sys.exit('apprise' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=False).returncode == 0


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "channels.yaml").write_text("a: {kind: webhok}\nb: {kind: webhook}\n")
    lines = wrong(tmp_path, "brokr: {}\nhistory: {keep_days: 0}\nzone: X\nchannels: !include channels.yaml\n")
    assert len(lines) == 5
    assert any(line.startswith("channels.yaml:1:11") for line in lines)


def test_the_shipped_configuration_has_no_mistake_once_its_certificate_exists(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "tocsin.yaml").read_text("utf-8").replace("/var/lib/tocsin", str(tmp_path))
    (tmp_path / "tls").mkdir()
    for name in ("server.pem", "server.key"):
        (tmp_path / "tls" / name).touch()
    assert read(tmp_path, text, TOCSIN_MQTT_PASSWORD="x").broker.username == "tocsin"


def test_the_configuration_in_the_docs_has_no_mistake(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    text = page.split("```yaml\n")[1].split("```")[0]
    for name in ("secrets.yaml", "campus-ca.pem", "tls/server.pem", "tls/server.key", "rules/mine.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "secrets.yaml").write_text(f"mqtt: x\nsms: {'x' * 32}\ninflux: x\n")
    settings = read(tmp_path, text)
    assert set(settings.model_fields_set) == set(Settings.model_fields)


def test_the_published_schema_is_current() -> None:
    published = (ROOT / "docs" / "tocsin.schema.json").read_text("utf-8")
    assert published == schema(Settings), "run: tocsin check --schema > docs/tocsin.schema.json"


def test_the_schema_refuses_unknown_keys_and_lets_a_number_be_a_variable() -> None:
    parts = json.loads(schema(Settings))
    assert parts["additionalProperties"] is False
    port = parts["$defs"]["BrokerSettings"]["properties"]["port"]
    assert [one["type"] for one in port["anyOf"]] == ["integer", "string"]
    assert port["default"] == 1883


def test_the_last_good_configuration_comes_back_when_the_file_is_broken(tmp_path: Path) -> None:
    (tmp_path / "secrets.yaml").write_text("mqtt: s3cret\n")
    lastgood.keep(read(tmp_path, "data: store\nbroker: {host: b, password: !secret mqtt}\n"))
    for broken in ("data: store\nbrokr: {}\n", "data: store\nbroker: {host: [\n"):
        lines = wrong(tmp_path, broken)
        found = lastgood.recall(tmp_path / "tocsin.yaml", {}, lines)
        assert found is not None
        assert (found.broker.host, found.broker.password, found.refused) == ("b", "s3cret", lines)


def test_only_the_owner_can_read_the_last_good_configuration(tmp_path: Path) -> None:
    lastgood.keep(read(tmp_path, "broker: {host: b}"))
    assert stat.S_IMODE((tmp_path / "data" / lastgood.NAME).stat().st_mode) == 0o600


def test_without_a_last_good_configuration_of_this_file_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    lastgood.keep(read(tmp_path, f"data: {tmp_path}/data"))
    (tmp_path / "other" / "tocsin.yaml").write_text(f"data: {tmp_path}/data\nbrokr: {{}}")
    assert lastgood.recall(tmp_path / "other" / "tocsin.yaml", {}, []) is None
    (tmp_path / "data" / lastgood.NAME).write_text("{half")
    assert lastgood.recall(tmp_path / "tocsin.yaml", {}, []) is None


def test_alert_states_may_not_lie_where_devices_are_heard(tmp_path: Path) -> None:
    text = "broker: {base: site/campus}\ninterfaces: {states: {base: site/campus/alarms}}\n"
    assert wrong(tmp_path, text) == [
        "tocsin.yaml:2:29  interfaces.states.base  got 'site/campus/alarms'  devices are heard below "
        "'site/campus' (broker.base): alert states need a base of their own"
    ]
    assert read(tmp_path, "interfaces: {states: {}}").interfaces.states is not None
    assert read(tmp_path, "").interfaces.states is None


def test_the_keys_of_a_receiver_are_not_shown(tmp_path: Path) -> None:
    text = 'interfaces: {cloudevents: {a: {url: "x://k3y@host", headers: {"A b": k3y}}}}\n'
    assert "k3y" not in "".join(wrong(tmp_path, text))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("address: tocsin.example.edu", "must be how telephones reach the dashboard"),
        ("address: 'https://tocsin.example.edu/wall'", "must be how telephones reach the dashboard"),
        ("address: 'https://me@tocsin.example.edu'", "must be how telephones reach the dashboard"),
        ("address: 'http://192.0.2.10:8470'", "whoever listens in could answer alerts"),
        ("link_hours: 0", "greater than or equal to 0.1"),
    ],
)
def test_an_address_that_no_link_should_lead_to_is_refused(tmp_path: Path, lines: str, said: str) -> None:
    (told,) = wrong(tmp_path, f"dashboard: {{{lines}}}")
    assert said in told


def test_the_version_of_the_settings_is_that_of_their_values(tmp_path: Path) -> None:
    first = read(tmp_path, "zone: Asia/Shanghai\ncountry: CN  # home").version
    assert read(tmp_path, "country: CN\nzone: Asia/Shanghai").version == first
    assert read(tmp_path, "country: DE\nzone: Asia/Shanghai").version != first
