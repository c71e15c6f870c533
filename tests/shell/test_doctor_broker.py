"""Touches. `tocsin doctor` at real brokers: what is wrong with one is found, and the shipped one is clean."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Ignored
from ingest.settings import BrokerSettings
from tests import packages
from tests.fakes.brokers import Trick, bad_broker
from tests.servers import HOST, Mosquitto, free_port, hand_over, run_as_nobody, running, wait_for
from tests.shell.test_deployed_broker import Shipped
from tests.shell.test_deployed_broker import shipped as shipped  # a fixture
from tocsin import cert, clock
from tocsin.config import Settings
from tocsin.doctor import catalogue
from tocsin.doctor.finding import LANGUAGES, Finding, Level
from tocsin.doctor.installation import Campus
from tocsin.doctor.link import Door, Interrupted, Link, Login
from tocsin.doctor.visit import Options, Visit

DEVICE = "dorm-2-305-smoke"
DAY = 86_400_000
FEW = Options(queue=50)
REGISTRY = Registry.build(devices=[Device(DEVICE, "smoke_detector", "campus")])
GOOD = (
    "max_packet_size 1048576",
    "queue_qos0_messages true",
    "upgrade_outgoing_qos true",
    "max_queued_messages 0",
    "max_inflight_messages 65535",
)


def a_visit(broker: Any, options: Options = FEW, **settings: Any) -> Visit:
    """A visit to the broker alone."""
    written = {"host": HOST, "port": getattr(broker, "port", broker), **settings}
    visit = Visit(Settings.model_validate({"broker": written, "data": "/nonexistent"}), options, clock.now())
    visit._local = list  # type: ignore[method-assign]
    visit.campus = Campus(REGISTRY)
    return visit


def examine(broker: Any, options: Options = FEW, **settings: Any) -> dict[str, Finding]:
    """What the doctor finds at this broker, by name; every sentence is also said, in both languages."""
    visit = a_visit(broker, options, **settings)
    findings = [one for _, some in visit.all() for one in some]
    for one in findings:
        assert all("{" not in catalogue.said(one, language) for language in LANGUAGES)
    return {one.name: one for one in findings}


def wrong(findings: dict[str, Finding]) -> set[str]:
    return {name for name, one in findings.items() if catalogue.level(one) in (Level.WARNING, Level.PROBLEM)}


@pytest.fixture
def broker() -> Iterator[Callable[..., Mosquitto]]:
    """Makes a Mosquitto with these lines, which ends with the test."""
    made: list[Mosquitto] = []

    def make(*lines: str) -> Mosquitto:
        try:
            made.append(Mosquitto(lines))
        except packages.Missing as missing:
            pytest.skip(str(missing))
        made[0].start()
        return made[0]

    yield make
    for each in made:
        each.close()


def account(broker: Mosquitto, name: str = "tocsin") -> None:
    """From now on this broker wants an account; there is one."""
    passwords = broker.folder / "passwords"
    passwords.touch()
    hand_over(passwords)
    run_as_nobody(packages.mosquitto_passwd(), "-b", str(passwords), name, name)
    broker.config = [line for line in broker.config if not line.startswith("allow_anonymous")]
    broker.config += ["allow_anonymous false", f"password_file {passwords}"]
    broker.restart()


OWN = {"username": "tocsin", "password": "tocsin"}


# ---- the shipped one -----------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_the_shipped_broker_comes_out_clean(shipped: Shipped, protocol: str) -> None:
    options = Options(2000, device=Login(DEVICE, DEVICE), broker_file=shipped.folder / "mosquitto.conf")
    findings = examine(shipped, options, protocol=protocol, **OWN)
    assert wrong(findings) == set()
    assert {"nobody_refused", "invented_refused", "own_contained", "stranger_harmless"} <= set(findings)
    assert {"queue_kept", "qos0_kept", "qos0_raised", "ahead_good", "persistence_on"} <= set(findings)
    assert findings["queue_kept"].values["sent"] == 2000


OTHERS = {"shelly": ["shellies"], "gb26875": None, "siadc09": None}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_that_tocsin_may_read_what_it_subscribes_to_is_proved_by_what_arrives(
    shipped: Shipped, protocol: str
) -> None:
    findings = examine(shipped, gateway(), protocol=protocol, dialects={"shelly": ["shellies"]}, **OWN)
    assert findings["own_hears"].values["count"] >= 3
    whole = "\ntopic read #\n"
    acl = shipped.folder / "acl"
    assert whole in acl.read_text()
    acl.write_text(acl.read_text().replace(whole, "\ntopic read campus/#\n"))
    shipped.restart()
    findings = examine(shipped, gateway(), protocol=protocol, dialects=OTHERS, **OWN)
    name = "own_deaf" if protocol == "5" else "own_hearing_unproven"  # 3.1.1 does not tell a refusal
    assert "shellies/+/+" in findings[name].values["filters"]
    assert findings["own_hearing_unproven"].values["count"] == (1 if protocol == "5" else 8)  # siadc09: a "#"
    assert "own_hears" not in findings
    assert ("own_deaf" in wrong(findings)) == (protocol == "5")


def gateway() -> Options:
    return Options(queue=5, device=Login("gateway", "gateway"))


def test_without_an_account_that_may_write_there_it_is_unknown_unless_something_is_heard(
    shipped: Shipped,
) -> None:
    findings = examine(shipped, dialects={"gb26875": None}, **OWN)
    assert "gb26875/+" in findings["own_hearing_unproven"].values["filters"]
    door = Door(HOST, shipped.port)
    with Link(door, "gw", Login("gateway", "gateway")) as link:
        link.publish("gb26875/889", [b"0"], retain=True)
    assert "gb26875/+," not in examine(shipped, dialects={"gb26875": None}, **OWN)[
        "own_hearing_unproven"
    ].values["filters"].replace("gb26875/+/", "")


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_nothing_is_left_behind(shipped: Shipped, protocol: str) -> None:
    visit = a_visit(shipped, protocol=protocol, **OWN)
    assert "keeping" in {section for section, _ in visit.all()}
    nothing_is_left(visit)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_nothing_is_left_behind_by_a_visit_that_is_broken_off(shipped: Shipped, protocol: str) -> None:
    visit = a_visit(shipped, Options(20000), protocol=protocol, **OWN)
    run = threading.Thread(target=lambda: list(visit.all()))
    run.start()
    wait_for("the absent session is there", lambda: absent(visit))
    assert visit.ground is not None
    visit.ground.retained.add(visit.ground.topic)
    with visit.ground.link("x") as link:
        link.publish(visit.ground.topic, [b"left"], retain=True)
    assert visit.clean()
    run.join(30)
    assert not run.is_alive()
    nothing_is_left(visit)


def test_a_probe_that_is_slow_to_hear_of_the_end_leaves_nothing_afterwards(shipped: Shipped) -> None:
    visit = a_visit(shipped, **OWN)
    list(visit.all())
    ground = visit.ground
    assert ground is not None
    ground.door.stop.clear()
    with ground.link("w") as link:
        link.publish(ground.topic, [b"before"])
        visit.stop.set()
        with pytest.raises(Interrupted):
            link.publish(ground.topic, [b"after"])
    with pytest.raises(Interrupted), ground.link("q", 600):
        pass
    nothing_is_left(visit)


def absent(visit: Visit) -> bool:
    return visit.ground is not None and visit.ground.name("q") in visit.ground.sessions


def nothing_is_left(visit: Visit) -> None:
    ground = visit.ground
    assert ground is not None
    door, login = replace(ground.door, stop=threading.Event()), Login("tocsin", "tocsin")
    with Link(door, "spy", login) as spy:
        spy.subscribe("campus/#")
        spy.subscribe("$SYS/broker/version")
        assert spy.wait(lambda: bool(spy.came))
        assert [each.topic for each in spy.came] == ["$SYS/broker/version"]
    for letter in "cdghiklopqrstwxy":
        with Link(door, ground.name(letter), login, expiry=1) as again:
            assert not again.session_present, letter


def test_what_the_doctor_publishes_means_nothing_to_the_service(broker: Callable[..., Mosquitto]) -> None:
    """On a broker without any ACL, where everything that is tried goes through."""
    open_to_all = broker("allow_anonymous true", *GOOD)
    with Link(Door(HOST, open_to_all.port), "spy", Login()) as spy:
        spy.subscribe("campus/#")
        account_less = threading.Thread(target=examine, args=(open_to_all,))
        account_less.start()
        assert spy.wait(lambda: not account_less.is_alive(), 60)
    decoder = Decoder(REGISTRY, BrokerSettings())
    heard = {each.topic for each in spy.came}
    assert any(topic.endswith("/command") for topic in heard)
    assert "campus/tocsin/link" in heard
    for each in spy.came:
        message = Message(spy, each.topic, bytes(each.payload), 0)  # type: ignore[arg-type]
        assert isinstance(decoder.decode(message), Ignored), each.topic


# ---- who may do what -----------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_is_open_to_all_is_found_out(broker: Callable[..., Mosquitto], protocol: str) -> None:
    found = wrong(examine(broker("allow_anonymous true", *GOOD), protocol=protocol))
    assert {"nobody_accepted", "invented_accepted"} <= found
    assert {"stranger_reads_all", "stranger_commands", "stranger_speaks", "stranger_reads_sys"} <= found


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_accounts_without_an_acl_are_found_out(broker: Callable[..., Mosquitto], protocol: str) -> None:
    made = broker(*GOOD)
    account(made)
    findings = examine(made, protocol=protocol, **OWN)
    assert wrong(findings) == {"own_writes_anywhere"}


def test_an_account_that_may_speak_for_devices_is_found_out(shipped: Shipped) -> None:
    acl = shipped.folder / "acl"
    acl.write_text(acl.read_text().replace("user tocsin", "user tocsin\ntopic write campus/#"))
    shipped.restart()
    findings = examine(shipped, **OWN)
    assert wrong(findings) == {"own_speaks_as_device"}
    assert findings["own_speaks_as_device"].values["device"] == DEVICE


def test_a_device_that_may_speak_for_another_is_found_out(shipped: Shipped) -> None:
    acl = shipped.folder / "acl"
    acl.write_text(acl.read_text().replace("pattern write campus/%u/#", "pattern write campus/#"))
    shipped.restart()
    findings = examine(shipped, Options(50, device=Login(DEVICE, DEVICE)), **OWN)
    assert {"stranger_speaks", "stranger_commands"} <= wrong(findings)
    assert findings["stranger_speaks"].values["who"] == "device"


def test_a_wrong_password_is_one_problem_and_the_outsiders_are_examined_all_the_same(
    shipped: Shipped,
) -> None:
    findings = examine(shipped, username="tocsin", password="wrong")
    assert wrong(findings) == {"login_refused"}
    assert "nobody_refused" in findings
    assert wrong(examine(shipped)) == {"anonymous_login_refused"}


# ---- what is kept --------------------------------------------------------------------------------


def test_the_defaults_of_mosquitto_are_found_out(broker: Callable[..., Mosquitto]) -> None:
    made = broker("allow_anonymous true")
    findings = examine(made, Options(1500, broker_file=made.folder / "mosquitto.conf"))
    assert {"queue_short", "qos0_lost", "qos0_not_raised", "packets_unlimited"} <= wrong(findings)
    assert "saved_seldom" in findings
    assert findings["queue_short"].values["kept"] < 1500


def test_a_small_queue_is_counted_and_its_drops_are_seen_the_next_time(
    broker: Callable[..., Mosquitto],
) -> None:
    made = broker("allow_anonymous true", "max_queued_messages 100", "sys_interval 1", *GOOD[:3])
    findings = examine(made, Options(300))
    assert 90 <= findings["queue_short"].values["kept"] <= 125
    with Link(Door(HOST, made.port), "spy", Login()) as spy:
        spy.subscribe("$SYS/broker/publish/messages/dropped", 0)
        assert spy.wait(lambda: any(each.payload not in (b"0", b"") for each in spy.came))
    assert "dropped_some" in wrong(examine(made))


def test_a_small_window_is_found_on_the_old_protocol(broker: Callable[..., Mosquitto]) -> None:
    """On MQTT 5 the broker takes the window that we ask for."""
    made = broker("allow_anonymous true", *GOOD[:4], "max_inflight_messages 20")
    findings = examine(made, Options(200), protocol="3.1.1")
    assert findings["ahead_short"].values["came"] == 20


def test_qos0_that_is_neither_raised_nor_kept_is_found_out(broker: Callable[..., Mosquitto]) -> None:
    made = broker(*(line for line in GOOD if "qos" not in line))
    account(made)
    assert wrong(examine(made, **OWN)) == {"qos0_lost", "qos0_not_raised", "own_writes_anywhere"}


def test_a_broker_without_retained_messages_is_found_out(broker: Callable[..., Mosquitto]) -> None:
    made = broker("allow_anonymous true", "retain_available false", *GOOD)
    assert "retained_absent" in wrong(examine(made))


def test_a_broker_that_takes_no_large_reading_is_found_out(broker: Callable[..., Mosquitto]) -> None:
    made = broker("allow_anonymous true", "message_size_limit 1000", *GOOD)
    assert "largest_lost" in wrong(examine(made))


class Forgetful(Mosquitto):
    """Keeps nothing over a restart."""

    def arguments(self) -> list[str]:
        flags = super().arguments()
        path = Path(flags[1])
        path.write_text(path.read_text().replace("persistence true", "persistence false"))
        return flags


@pytest.mark.parametrize(("kind", "name"), [(Mosquitto, "restart_kept"), (Forgetful, "restart_lost")])
def test_a_restart_of_the_broker_shows_what_outlives_it(
    kind: type[Mosquitto], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.doctor.restart.SAVED", 0.1)
    try:
        made = kind()
    except packages.Missing as missing:
        pytest.skip(str(missing))
    with running(made):
        options = Options(20, tell_restart=lambda: threading.Thread(target=made.restart).start())
        assert name in set(examine(made, options))
        file = Options(20, broker_file=made.folder / "mosquitto.conf")
        assert ("persistence_off" in examine(made, file)) == (kind is Forgetful)


# ---- TLS -----------------------------------------------------------------------------------------


def secured(broker: Mosquitto, names: list[str], begun: int = 0, days: int = 825) -> Path:
    """Let this broker speak TLS at its port beside a plain one; the authority's file."""
    made = cert.make(broker.folder / "tls", names, clock.now() - begun * DAY, days)
    for path in (made.ca.parent, made.ca, made.cert, made.key):
        hand_over(path)
    plain, broker.port = broker.port, free_port()
    own = [f"cafile {made.ca}", f"certfile {made.cert}", f"keyfile {made.key}"]
    broker.config = [*own, f"listener {plain} {HOST}", *broker.config]
    broker.restart()
    return made.ca


@pytest.mark.parametrize(
    ("names", "begun", "days", "expected"),
    [
        ([HOST], 0, 825, {"tls_good", "broker_certificate_good"}),
        ([HOST], 80, 90, {"tls_good", "broker_certificate_ends_soon"}),
        ([HOST], 100, 90, {"broker_tls", "broker_certificate_expired"}),
        (["broker.example"], 0, 825, {"broker_tls", "broker_certificate_name", "broker_certificate_good"}),
    ],
    ids=["good", "ends soon", "expired", "another name"],
)
def test_a_certificate_is_seen_as_a_device_sees_it(
    broker: Callable[..., Mosquitto], names: list[str], begun: int, days: int, expected: set[str]
) -> None:
    made = broker("allow_anonymous true", *GOOD)
    plain = made.port
    ca = secured(made, names, begun, days)
    findings = examine(made, Options(20, plain_port=plain), tls={"ca": str(ca)})
    assert expected <= set(findings)
    assert "plain_beside_tls" in wrong(findings)


def test_an_authority_nobody_told_us_of_is_not_trusted(
    broker: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    made = broker("allow_anonymous true", *GOOD)
    secured(made, [HOST])
    another = cert.make(tmp_path, [HOST], clock.now())
    findings = examine(made, Options(20, plain_port=free_port()), tls={"ca": str(another.ca)})
    assert {"broker_tls", "broker_certificate_untrusted", "plain_closed"} <= set(findings)


def test_speaking_tls_to_a_plain_port_and_plainly_to_a_tls_port_are_findings(
    broker: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    made = broker("allow_anonymous true", *GOOD)
    ca = cert.make(tmp_path, [HOST], clock.now()).ca
    assert "broker_tls" in wrong(examine(made, tls={"ca": str(ca)}))
    secured(made, [HOST])
    assert wrong(examine(made)) & {"broker_hung_up", "broker_garbage"}


# ---- what is no broker ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trick", "names"),
    [
        ("hang", {"broker_silent"}),
        ("half", {"broker_silent"}),
        ("huge", {"broker_silent", "broker_garbage"}),
        ("hang up", {"broker_hung_up"}),
        ("reset", {"broker_hung_up"}),
        ("http", {"broker_hung_up", "broker_garbage"}),
        ("noise", {"broker_garbage", "broker_silent", "broker_hung_up"}),
    ],
)
def test_what_is_no_broker_is_a_finding_and_no_crash(
    trick: Trick, names: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.doctor.link.ANSWER", 0.5)
    with bad_broker(trick) as port:
        found = wrong(examine(port))
    assert len(found) == 1
    assert found <= names


def test_a_closed_port_and_an_unknown_host_are_told_apart() -> None:
    assert wrong(examine(free_port())) == {"broker_closed"}
    assert wrong(examine(1883, host="no-such-host.invalid")) == {"broker_unknown_host"}


def test_a_broker_that_dies_during_the_visit_is_a_finding(shipped: Shipped) -> None:
    names = []
    for section, findings in a_visit(shipped, **OWN).all():
        names += [one.name for one in findings]
        if section == "strangers" and shipped.running:
            shipped.kill()
    assert "probe_cut" in names
    assert "check_failed" not in names
