"""Touches. The modem channel with a real gammu-smsd and its dummy modem, and with folders in bad shape."""

import errno
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from alerts.delivery.channels import build, gammu
from alerts.delivery.channels.channel import Answer, Answering, ChannelError, Notice
from alerts.delivery.channels.gammu import HELD, KEPT, Gammu, GammuSettings
from tests import packages
from tests.fakes.gammu import FOLDERS, SEVEN_BITS, UNICODE, Modem, Sms, put
from tests.servers import running, wait_for
from tocsin.clock import now

SINCE = 1_795_337_000_123
LI_WEI = "+8613800000001"
FIRE = "2号宿舍楼 3层 305室：烟雾报警。11-22 16:43，报警。请立即到场核实。代码A7K"
NOTICE = Notice(
    key="7/1/0/0/li-wei/modem/raise", code="A7K", purpose="raise", person="li-wei", address=LI_WEI,
    language="zh", short=FIRE, title="t", body="b", alert={"since": SINCE, "life_safety": True},
)  # fmt: skip


@pytest.fixture(scope="module")
def modem() -> Iterator[Modem]:
    try:
        made = Modem()
    except packages.Missing as missing:
        pytest.skip(str(missing))
    with running(made) as server:
        yield server


def channel(folder: Path, **more: object) -> Gammu:
    made = GammuSettings.model_validate({"kind": "gammu", "folder": str(folder), **more})
    return Gammu("modem", made, now)


def keyed(key: str, text: str = FIRE) -> Notice:
    return replace(NOTICE, key=key, short=text)


def test_a_chinese_alarm_goes_through_gammu_smsd_as_one_unicode_message(modem: Modem) -> None:
    receipt = channel(modem.spool).send(NOTICE)
    assert (receipt.accepted, receipt.zh) == (True, "1 条短信")
    assert modem.sent()[-1] == Sms(LI_WEI, FIRE, UNICODE, 1, -1)
    (file,) = modem.spooled("sent")
    assert file.name.endswith(f"_{receipt.id}.smsbackup")
    assert NOTICE.address not in receipt.id
    assert modem.spooled("outbox") == []


def test_long_plain_and_flash_messages_arrive_as_they_were_meant(modem: Modem) -> None:
    receipt = channel(modem.spool).send(keyed("long", "长" * 150))
    assert receipt.zh == "3 条短信"
    assert (modem.sent()[-1].parts, modem.sent()[-1].coding) == (3, UNICODE)
    channel(modem.spool).send(keyed("plain", "Room 305: smoke. Code A7K"))
    assert modem.sent()[-1].coding == SEVEN_BITS
    channel(modem.spool, flash=True).send(keyed("flash"))
    assert modem.sent()[-1].flash == 0


def test_an_answer_is_kept_until_it_is_recorded(modem: Modem) -> None:
    ours = channel(modem.spool)
    assert isinstance(ours, Answering)
    began = now()
    modem.receive(LI_WEI, "受理 A7K")
    wait_for("the answer comes", lambda: bool(ours.answers()))
    (answer,) = ours.answers()
    assert (answer.address, answer.text) == (LI_WEI, "受理 A7K")
    assert abs(answer.at - began) < 30_000
    assert [one.id for one in channel(modem.spool).answers()] == [answer.id]  # the same after a restart
    ours.heard([answer.id])
    assert (ours.answers(), modem.spooled("inbox")) == ([], [])
    ours.heard([answer.id])


def test_a_daemon_that_does_not_run_is_told_and_a_later_attempt_sends_no_second_message(
    modem: Modem, monkeypatch: pytest.MonkeyPatch
) -> None:
    modem.stop()
    before = len(modem.sent())
    monkeypatch.setattr(gammu, "WAIT", 0.3)
    for _ in range(2):
        with pytest.raises(ChannelError, match="see that it runs") as caught:
            channel(modem.spool).send(keyed("stopped"))
        assert (caught.value.permanent, caught.value.unknown) == (False, True)
    assert len(modem.spooled("outbox")) == 1
    modem.start()
    monkeypatch.undo()
    assert channel(modem.spool).send(keyed("stopped")).accepted
    assert channel(modem.spool).send(keyed("stopped")).accepted  # as after a crash that forgot the outcome
    assert modem.spooled("outbox") == []
    assert len(modem.sent()) == before + 1


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    for name in FOLDERS:
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Does one thing when the channel first waits, in place of gammu-smsd; then time is up."""

    def stand_in(act: Callable[[], object]) -> None:
        passed = [0.0]

        def sleep(_: float) -> None:
            act()
            passed[0] += gammu.WAIT

        monkeypatch.setattr(gammu, "time", SimpleNamespace(monotonic=lambda: passed[0], sleep=sleep))

    return stand_in


def move(spool: Path, to: str) -> None:
    for file in (spool / "outbox").glob("OUT*"):
        file.rename(spool / to / file.name)


def test_what_the_modem_could_not_send_is_tried_again(
    spool: Path, daemon: Callable[[Callable[[], object]], None]
) -> None:
    daemon(lambda: move(spool, "error"))
    with pytest.raises(ChannelError) as caught:
        channel(spool).send(NOTICE)
    assert (caught.value.permanent, caught.value.unknown) == (False, False)
    with pytest.raises(ChannelError) as caught:
        channel(spool).send(keyed("long", "长" * 71))
    assert caught.value.unknown  # the first part may have gone out
    daemon(lambda: move(spool, "sent"))
    assert channel(spool).send(NOTICE).accepted
    assert len(list((spool / "error").iterdir())) == 1  # the other one's


def test_a_daemon_that_keeps_no_sent_messages_proves_nothing(
    spool: Path, daemon: Callable[[Callable[[], object]], None]
) -> None:
    daemon(lambda: list(map(Path.unlink, (spool / "outbox").glob("OUT*"))))
    assert not channel(spool).send(NOTICE).accepted


def test_the_file_appears_whole_and_the_daemons_group_may_read_it(
    spool: Path, daemon: Callable[[Callable[[], object]], None]
) -> None:
    group = max(os.getgroups(), default=os.getgid()) if os.geteuid() else packages.NOBODY
    os.chown(spool / "outbox", -1, group)
    seen: list[tuple[str, int, int]] = []

    def look() -> None:
        for file in (spool / "outbox").iterdir():
            seen.append((file.name, file.stat().st_mode & 0o777, file.stat().st_gid))

    daemon(look)
    with pytest.raises(ChannelError):
        channel(spool).send(NOTICE)
    ((name, mode, owner),) = seen
    assert owner == group
    assert name.startswith("OUTA20261122_084320_00_+8613800000001_tocsin")
    assert mode == 0o660


def test_what_nobody_waits_for_any_more_is_withdrawn_before_the_modem_comes_back(spool: Path) -> None:
    name = "OUTA20261122_084320_00_+8613800000001_tocsin00.smsbackup"
    for folder, age in (("outbox", HELD), ("sent", KEPT), ("error", KEPT)):
        put(spool / folder, name, b"", age / 1000 + 60)
        put(spool / folder, name.replace("00.", "01."), b"", age / 1000 - 60)
        put(spool / folder, "OUTsomebody-elses.txt", b"", 10 * age / 1000)
    channel(spool).answers()
    for folder in ("outbox", "sent", "error"):
        kept = [file.name for file in (spool / folder).iterdir()]
        assert sorted(kept) == sorted([name.replace("00.", "01."), "OUTsomebody-elses.txt"])


def test_parts_coding_and_odd_files_of_the_inbox(spool: Path) -> None:
    inbox = spool / "inbox"
    put(inbox, "IN20261122_164320_00_+8613800000001_00.txt", "受理 ".encode("utf-16"))
    put(inbox, "IN20261122_164320_00_+8613800000001_01.txt", b"\xfe\xff" + "A7K\0\0old".encode("utf-16-be"))
    put(inbox, "IN20261122_164321_00_10086_00.txt", "余额不足".encode())
    put(inbox, "IN20261122_164322_00_+8613800000002_00.txt", b"", age=0)  # still being written
    put(inbox, "IN20261122_164323_00_+8613800000003_00.txt", b"Delivered")  # the network, not a person
    put(inbox, "IN20261122_164324_00_a_b_00.txt", b"\xff broken")
    put(inbox, "notes.txt", b"somebody's")
    (inbox / "IN20261122_164325_00_+8613800000004_00.txt").mkdir()  # somebody's too
    ours = channel(spool)
    found = ours.answers()
    assert [(one.address, one.text) for one in found] == [
        (LI_WEI, "受理 A7K"),
        ("10086", "余额不足"),
        ("a_b", "\ufffd broken"),
    ]
    ours.heard([one.id for one in found])
    assert sorted(file.name for file in inbox.iterdir()) == [
        "IN20261122_164322_00_+8613800000002_00.txt",
        "IN20261122_164325_00_+8613800000004_00.txt",
        "notes.txt",
    ]


def test_an_answer_that_comes_later_under_the_same_name_is_another_one(spool: Path) -> None:
    name = "IN20261122_164320_00_+8613800000001_00.txt"
    ours, found = channel(spool), list[Answer]()
    for age in (60, 50):
        put(spool / "inbox", name, b"1 A7K", age)
        found += ours.answers()
        ours.heard([found[-1].id])
    assert found[0].id != found[1].id


def test_an_inbox_in_a_format_we_do_not_read_says_which_setting_to_change(spool: Path) -> None:
    put(spool / "inbox", "IN20261122_164320_00_+8613800000001_00.smsbackup", b"[SMSBackup000]")
    with pytest.raises(ChannelError, match="InboxFormat = unicode"):
        channel(spool).answers()


@pytest.mark.parametrize("address", ["", "li-wei", "+86138/../../x", "12", "+" + "1" * 16])
def test_an_address_that_is_no_number_never_becomes_a_file(spool: Path, address: str) -> None:
    with pytest.raises(ChannelError) as caught:
        channel(spool).send(replace(NOTICE, address=address))
    assert caught.value.permanent
    assert list((spool / "outbox").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "permanent", "words"),
    [
        (errno.ENOSPC, False, "磁盘已满"),
        (errno.EDQUOT, False, "磁盘已满"),
        (errno.EROFS, False, "只读"),
        (errno.EACCES, True, "gammu 组"),
        (errno.EIO, False, "Input/output error"),
    ],
)
def test_a_folder_in_bad_shape_is_told_in_words_and_leaves_no_half_file(
    spool: Path, monkeypatch: pytest.MonkeyPatch, number: int, permanent: bool, words: str
) -> None:
    def fails(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(ChannelError) as caught:
        channel(spool).send(NOTICE)
    assert caught.value.permanent is permanent
    assert words in caught.value.zh
    assert list((spool / "outbox").iterdir()) == []


def test_folders_that_are_not_there_or_not_ours_name_themselves(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="install gammu-smsd"):
        channel(tmp_path).answers()
    with pytest.raises(ChannelError, match="install gammu-smsd") as caught:
        channel(tmp_path).send(NOTICE)
    assert caught.value.reason.startswith(f"{tmp_path / 'outbox'} is not there")


def test_a_relative_folder_is_refused() -> None:
    with pytest.raises(ValidationError, match="from the root"):
        GammuSettings.model_validate({"kind": "gammu", "folder": "spool"})


def test_the_settings_file_may_name_a_modem(spool: Path) -> None:
    settings = GammuSettings.model_validate({"kind": "gammu", "folder": str(spool)})
    made = build({"modem": settings}, lambda *_: Future(), lambda _: None, now)
    assert isinstance(made["modem"], Gammu)


def test_a_try_without_a_number_says_what_is_wrong_with_the_folders_or_to_name_a_person(
    tmp_path: Path,
) -> None:
    with pytest.raises(ChannelError, match="/inbox is not there: install gammu-smsd"):
        channel(tmp_path).send(replace(NOTICE, address=""))
    for name in ("inbox", "outbox", "sent", "error"):
        (tmp_path / name).mkdir()
    with pytest.raises(ChannelError, match="its folders are in order"):
        channel(tmp_path).send(replace(NOTICE, address=""))
    assert not [*(tmp_path / "outbox").iterdir()]
