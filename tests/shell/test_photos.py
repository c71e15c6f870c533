"""Photos of alerts: taken by what they are, kept without what was not to be seen, refused in a sentence."""

import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from alerts import audit
from alerts.incidents import photolines, photos
from alerts.incidents.photos import LARGEST, MOST, Photos
from dashboard.shield import LARGEST_BODY
from tests.fakes.browser import OURS, PAGE, sign_in, signed_in
from tests.fakes.service import FakeHouse

SMOKE = "dorm-2-305-smoke"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 64


def picture(form: str = "JPEG", size: tuple[int, int] = (640, 480), **how: Any) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, (200, 40, 30)).save(out, form, **how)
    return out.getvalue()


def with_gps() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[2] = (39.0, 54.0, 27.0)
    return picture(exif=exif.tobytes())


@pytest.fixture
def house(tmp_path: Path) -> FakeHouse:
    return FakeHouse(tmp_path)


@pytest.fixture
def client(house: FakeHouse) -> Iterator[TestClient]:
    with signed_in(house, "guard") as made:
        yield made


def send(client: TestClient, number: int, content: bytes, **more: str) -> Any:
    files = {"photo": ("a.jpg", content, "image/jpeg")}
    return client.post(f"/api/v1/alerts/{number}/photos", files=files, data=more, headers=OURS)


def kept(client: TestClient, number: int) -> list[str]:
    timeline = client.get(f"/api/v1/alerts/{number}").json()["timeline"]
    return [line["detail"]["photo"] for line in timeline if line.get("fact") == "photographed"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_stands_in_the_timeline_with_its_thumbnail(
    house: FakeHouse, client: TestClient, form: str
) -> None:
    number = house.fires(SMOKE)
    assert send(client, number, picture(form, (3000, 2000)), note="楼道").status_code == 201
    (digest,) = kept(client, number)
    page = client.get(f"/alerts/{number}", headers=PAGE).text
    assert f"/alerts/{number}/photos/{digest}.thumb.jpg" in page
    assert "楼道" in page
    shown = client.get(f"/alerts/{number}/photos/{digest}.jpg")
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in shown.headers["content-security-policy"]
    assert max(Image.open(BytesIO(shown.content)).size) == photos.SIDE
    small = client.get(f"/alerts/{number}/photos/{digest}.thumb.jpg")
    assert max(Image.open(BytesIO(small.content)).size) == photos.THUMB_SIDE


def test_where_and_with_what_it_was_taken_is_left_behind_and_it_stands_upright(
    house: FakeHouse, client: TestClient
) -> None:
    number = house.fires(SMOKE)
    send(client, number, with_gps() + b"<script>alert(1)</script>")
    (digest,) = kept(client, number)
    stored = client.get(f"/alerts/{number}/photos/{digest}.jpg").content
    assert b"SecretCamera" not in stored
    assert b"script" not in stored
    seen = Image.open(BytesIO(stored))
    assert not seen.getexif()
    assert seen.size == (480, 640)


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 10 billion pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"0"))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (HEIC, "不收 HEIC 照片"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "只收 JPEG"),
        (b"%PDF-1.7 and more", "只收 JPEG"),
        (picture("GIF"), "只收 JPEG"),
        (b"", "只收 JPEG"),
        (picture()[:900], "打不开"),
        (bomb(), "像素太多"),
        (picture("PNG", (6000, 5000)), "像素太多"),
    ],
)
def test_what_is_no_photo_is_refused_in_a_sentence_and_nothing_is_kept(
    house: FakeHouse, client: TestClient, content: bytes, said: str
) -> None:
    number = house.fires(SMOKE)
    answer = send(client, number, content)
    assert (answer.status_code, said in answer.json()["detail"]) == (409, True), answer.text
    assert kept(client, number) == []


def test_what_is_too_large_is_refused_and_only_a_photo_may_be_large(
    house: FakeHouse, client: TestClient
) -> None:
    number = house.fires(SMOKE)
    assert send(client, number, b"\xff\xd8" + b"0" * LARGEST).status_code in (409, 413)
    assert send(client, number, b"0" * (LARGEST + 200_000)).status_code == 413
    large = {"note": "x" * LARGEST_BODY}
    assert client.post(f"/api/v1/alerts/{number}/comment", json=large, headers=OURS).status_code == 413


def test_a_full_disk_refuses_the_photo_in_a_sentence_and_harms_nothing(
    house: FakeHouse, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = house.fires(SMOKE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    answer = send(client, number, picture())
    assert (answer.status_code, answer.json()["detail"][:6]) == (507, "磁盘空间不足")
    monkeypatch.undo()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(photos.os, "fsync", full)
    assert send(client, number, picture()).status_code == 507
    monkeypatch.undo()
    assert [path for path in (tmp_path / "photos").rglob("*") if path.is_file()] == []
    assert client.post(f"/api/v1/alerts/{number}/acknowledge", json={}, headers=OURS).status_code == 200


def test_a_photo_is_shown_only_with_its_own_alert_and_only_to_who_is_signed_in(
    house: FakeHouse, client: TestClient
) -> None:
    number, other = house.fires(SMOKE), house.fires("lab-101-smoke")
    send(client, number, picture())
    (digest,) = kept(client, number)
    own = f"{number}/photos"
    wrong = [f"{other}/photos/{digest}.jpg", f"{own}/{'0' * 64}.jpg", f"{own}/{digest}.png"]
    wrong += [f"{own}/..%2F..%2Fstate.db", f"99/photos/{digest}.jpg"]
    for path in wrong:
        assert client.get(f"/alerts/{path}").status_code == 404, path
    stranger = TestClient(client.app, base_url=client.base_url, client=("127.0.0.1", 50001))
    assert stranger.get(f"/alerts/{number}/photos/{digest}.jpg").status_code == 401
    assert send(stranger, number, picture()).status_code == 401
    sign_in(house, stranger, "viewer", "wang-fang")
    assert send(stranger, number, picture()).status_code == 403


def test_an_alert_takes_so_many_photos_and_no_more(house: FakeHouse, client: TestClient) -> None:
    number = house.fires(SMOKE)
    for n in range(MOST):
        assert send(client, number, picture(size=(20 + n, 20))).status_code == 201
    assert "最多 30 张" in send(client, number, picture(size=(90, 90))).json()["detail"]


def test_a_photo_that_is_gone_or_was_altered_is_found_by_the_audit(
    house: FakeHouse, client: TestClient, tmp_path: Path
) -> None:
    number = house.fires(SMOKE)
    send(client, number, picture())
    send(client, number, picture(size=(50, 50)))
    first, second = kept(client, number)
    store = Photos(tmp_path)
    with house.read() as conn:
        assert list(photolines.problems(conn, store)) == []
        assert list(audit.problems(conn)) == []
        store.path(first).write_bytes(picture(size=(10, 10)))
        store.path(second).unlink()
        assert list(photolines.problems(conn, store)) == [
            f"alert {number}: the photo {first[:12]}… was altered",
            f"alert {number}: the photo {second[:12]}… is gone",
        ]


NAMED = re.compile(r"from alerts\.tables import (?:alert|alert_log) as (\w+)$", re.M)
DELETED = re.compile(
    r"delete\((?:\w+\.)*(\w+)\)|\b(\w+)\.delete\(|(?i:delete from|truncate|drop table) (\w+)"
)


def deletes(text: str) -> list[str]:
    """The functions of a source file that delete from the table of alerts or of their log."""
    names = {"alert", "alert_log", *NAMED.findall(text)}
    found = []
    for hit in DELETED.finditer(text):
        if names.intersection(hit.groups()):
            above = [line for line in text[: hit.start()].splitlines() if line.lstrip().startswith("def ")]
            found.append(above[-1].split("(")[0].strip())
    return found


def test_no_code_path_deletes_alerts_or_their_log_but_that_of_the_minutes_message() -> None:
    """Until verified backups exist nothing of the record is pruned."""
    root = Path(__file__).parents[2]
    rooms = ("alerts", "dashboard", "ingest", "rules", "tocsin")
    paths = (path for room in rooms for path in (root / room).rglob("*.py"))
    found = {path.name: deletes(path.read_text("utf-8")) for path in paths}
    assert {name: hits for name, hits in found.items() if hits} == {"desk.py": ["def forget_loops"]}
    assert deletes("def wrong(tx):\n    tx.execute(delete(tables.alert_log).where(True))") == ["def wrong"]
    assert deletes("def wrong(tx):\n    tx.exec_driver_sql('DELETE FROM alert')") == ["def wrong"]
