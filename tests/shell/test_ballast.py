"""Touches. Ballast: room for a start on a full disk, and one sentence where nothing helps."""

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from tests.fakes.disk import Filler, free, small_disk
from tocsin import ballast
from tocsin.ballast import MB, NAME, PIECE, Ballast, Unwritable, opening


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path, 64) as made:
        yield made


def size(disk: Path) -> int:
    return (disk / NAME).stat().st_blocks * 512


def test_it_is_real_room_and_a_small_share_of_what_is_free(disk: Path) -> None:
    Ballast(disk).take_back()
    assert 2 * MB < size(disk) <= 64 * MB // 20
    before = free(disk)
    Ballast(disk).take_back()
    assert free(disk) == before, "it is made once"


def test_on_a_large_disk_it_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ballast, "SIZE", MB)
    Ballast(tmp_path).take_back()
    assert (tmp_path / NAME).stat().st_size == MB


def test_nothing_is_given_up_where_there_is_room(disk: Path) -> None:
    kept = Ballast(disk)
    kept.take_back()
    kept.make_room()
    assert not kept.released
    assert size(disk)
    assert [path.name for path in disk.iterdir()] == [NAME]


def test_a_full_disk_has_room_again_and_what_a_start_leaves_is_taken_back(disk: Path) -> None:
    Ballast(disk).take_back()
    before = size(disk)
    Filler(disk)
    for _ in range(3):
        kept = Ballast(disk)
        kept.make_room()
        assert kept.released
        assert free(disk) >= MB
        (disk / "state").write_bytes(b"x" * 4 * PIECE)
        kept.take_back()
        assert not free(disk) // PIECE
        assert size(disk) == before - 4 * PIECE


def test_a_piece_is_given_up_so_that_a_start_that_fails_has_another_try(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ballast, "STEP", MB)
    Ballast(disk).take_back()
    before = size(disk)
    Filler(disk)
    Ballast(disk).make_room()
    assert size(disk) == before - MB
    Filler(disk)  # somebody is quicker than the start
    Ballast(disk).make_room()
    assert size(disk) == before - 2 * MB


def test_as_soon_as_there_is_room_it_is_made_anew(disk: Path) -> None:
    filler = Filler(disk)
    kept = Ballast(disk)
    kept.make_room()
    kept.take_back()
    assert not kept.released, "there was none to give up"
    filler.drop()
    kept.take_back()
    assert size(disk) > 2 * MB


def test_a_folder_that_may_not_be_written_is_told_in_one_sentence_and_stops_no_watch(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    Ballast(disk).take_back()
    with pytest.raises(Unwritable) as told, opening(disk):
        (disk / "state").touch()
    assert str(told.value).startswith(f"the data folder {disk} is on a read-only file system: mount it")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO])
def test_the_sentence_names_the_folder_and_says_what_to_do(tmp_path: Path, number: int) -> None:
    with pytest.raises(Unwritable) as told, opening(tmp_path):
        raise OSError(number, os.strerror(number))
    assert str(tmp_path) in str(told.value)
    assert str(told.value).endswith("then start again")


def test_what_has_another_cause_keeps_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(OperationalError, match="connection refused"), opening(tmp_path):
        raise OperationalError("connect", {}, Exception("connection refused"))


def test_a_database_that_cannot_be_opened_on_a_full_disk_is_the_disks_fault(disk: Path) -> None:
    Filler(disk)
    with pytest.raises(Unwritable, match="full disk"), opening(disk):
        raise OperationalError("PRAGMA journal_mode=WAL", {}, Exception("disk I/O error"))
