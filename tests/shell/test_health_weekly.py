"""Touches. The weekly report by e-mail: real database, real SMTP, a clock that is moved by hand."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as changed
from openpyxl import load_workbook
from sqlalchemy import select

from alerts.delivery.channels.email import Email, EmailSettings
from alerts.duty.people import Contact, Directory, Person, Team
from dashboard.health import schedule
from dashboard.health.settings import HealthSettings
from dashboard.health.tables import LETTER, WEEK
from dashboard.health.weekly import Weekly
from ingest.campus.registry import Registry
from tests.fakes.mailbox import Mailbox
from tests.fakes.service import MINUTE, FakeHouse
from tests.spools import Told

HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONDAY = schedule.following("Mon 08:00", "Asia/Shanghai", 1_795_337_000_000)


class Office:
    """Li Wei owns the smoke detectors, the team `crew` one light; the principal gets the whole campus."""

    def __init__(self, folder: Path, mailbox: Mailbox) -> None:
        self.house = FakeHouse(folder)
        self.house.all_report()
        self.mailbox = mailbox
        self.told = Told()
        self.house.directory = Directory(
            [
                Person("li-wei", "李伟", "Li Wei", "zh", (Contact("mail", "li@example.edu"),)),
                Person("wang-fang", "王芳", "Wang Fang", "en", (Contact("mail", "wang@example.edu"),)),
                Person("principal", "赵校长", "Principal Zhao", "en", (Contact("mail", "zhao@example.edu"),)),
                Person("nobody", "无邮箱", "No mail", "zh", (Contact("sms", "1"),)),
            ],
            [Team("crew", "维修班", "Crew", ("wang-fang", "nobody"))],
            channels=("mail", "sms"),
        )
        light = self.house.registry.devices["lab-f1-light"]
        devices = {**self.house.registry.devices, light.id: changed(light, owner="crew")}
        places, zones = self.house.registry.places.values(), self.house.registry.zones.values()
        self.house.registry = Registry.build(places, zones, devices.values())
        self.starts()

    def starts(self) -> None:
        """As after a restart: nothing is remembered but what is in the database."""
        known = EmailSettings(
            kind="email",
            host="127.0.0.1",
            port=self.mailbox.port,
            security="none",
            sender="t@example.edu",
        )
        settings = HealthSettings(weekly="Mon 08:00", to=["principal"])
        self.weekly = Weekly(self.house.service, settings, {"mail": Email("mail", known)}, self.told)

    def at(self, moment: int) -> None:
        self.house.now.moment = moment
        self.weekly.look()

    def states(self) -> dict[tuple[str, str], str]:
        with self.house.read() as conn:
            return {(row.person, row.scope): row.state for row in conn.execute(select(LETTER))}

    def addresses(self) -> list[str]:
        return sorted(to[0] for to in self.mailbox.to)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as opened:
        yield opened


@pytest.fixture
def office(tmp_path: Path, mailbox: Mailbox) -> Office:
    return Office(tmp_path, mailbox)


def test_nothing_is_sent_before_the_hour_and_everybody_is_told_once_at_it(office: Office) -> None:
    office.at(MONDAY - 1)
    assert office.addresses() == []
    office.at(MONDAY)
    office.at(MONDAY + MINUTE)
    assert office.addresses() == ["li@example.edu", "wang@example.edu", "zhao@example.edu"]
    assert office.states() == {
        ("li-wei", "own"): "sent", ("wang-fang", "own"): "sent", ("principal", "campus"): "sent",
        ("nobody", "own"): "no_address",
    }  # fmt: skip


def test_each_is_told_in_their_language_of_what_they_own(office: Office) -> None:
    office.house.reads("lab-101-smoke", "fault", "fault")
    office.at(MONDAY - 1)
    office.at(MONDAY)
    letters = {letter["To"]: letter for letter in office.mailbox.letters}
    zh, en = letters["li@example.edu"], letters["wang@example.edu"]
    assert re.search("您负责的设备周报 2026-11-23 · [0-9]+ 个设备", zh["Subject"])
    assert "health of your devices" in en["Subject"]
    html = zh.get_body(("html",)).get_content()
    assert "故障或屏蔽" in html
    assert "lab-101-smoke" in html
    english = en.get_body(("html",)).get_content()
    assert "lab-f1-light" in english
    assert "lab-101-smoke" not in english
    assert "tests not yet proven" in english
    assert "enter its last test dates" in english
    assert "lab-f1-light" in letters["zhao@example.edu"].get_body(("plain",)).get_content()


def test_the_attachments_hold_the_devices_of_their_reader(office: Office) -> None:
    office.at(MONDAY - 1)
    office.at(MONDAY)
    letter = next(one for one in office.mailbox.letters if one["To"] == "wang@example.edu")
    files = {part.get_filename(): part.get_payload(decode=True) for part in letter.iter_attachments()}
    csv, book = files["health-2026-11-23.csv"], files["health-2026-11-23.xlsx"]
    assert csv.decode("utf-8-sig").count("\r\n") == 2
    sheet = load_workbook(io.BytesIO(book)).worksheets[1]
    assert [row[4].value for row in sheet.iter_rows(min_row=2)] == ["lab-f1-light"]


def test_a_restart_neither_forgets_nor_repeats(office: Office) -> None:
    office.at(MONDAY - 1)
    office.starts()
    office.at(MONDAY + 3 * HOUR)
    office.starts()
    office.at(MONDAY + 4 * HOUR)
    assert len(office.mailbox.letters) == 3


def test_after_weeks_asleep_one_report_is_made_and_the_next_is_on_time(office: Office) -> None:
    office.at(MONDAY - 1)
    office.at(MONDAY + 17 * DAY)
    office.at(MONDAY + 17 * DAY + HOUR)
    assert len(office.mailbox.letters) == 3
    office.at(MONDAY + 21 * DAY)
    assert len(office.mailbox.letters) == 6


def test_a_new_installation_waits_for_its_first_monday(office: Office) -> None:
    office.at(MONDAY + HOUR)
    assert office.mailbox.letters == []
    office.at(MONDAY + 7 * DAY)
    assert len(office.mailbox.letters) == 3


def test_a_refusal_for_now_is_tried_again_and_then_arrives_once(office: Office) -> None:
    office.at(MONDAY - 1)
    office.mailbox.answers = ["450 later"] * 3
    office.at(MONDAY)
    assert office.mailbox.letters == []
    assert office.states()["li-wei", "own"] == "queued"
    office.at(MONDAY + MINUTE - 1)
    assert office.mailbox.letters == []
    office.starts()
    office.at(MONDAY + MINUTE)
    office.at(MONDAY + 2 * HOUR)
    assert office.addresses() == ["li@example.edu", "wang@example.edu", "zhao@example.edu"]
    assert office.told.last("delivery")[0] == "normal"


def test_a_letter_that_fails_for_a_day_is_trouble_until_it_arrives(office: Office) -> None:
    office.at(MONDAY - 1)
    office.mailbox.answers = ["450 mailbox busy"] * 200
    for hour in range(0, 25, 4):
        office.at(MONDAY + hour * HOUR)
        assert (office.told.last("delivery")[0] == "fault") == (hour >= 24)
    assert "li-wei: answered 450: mailbox busy" in office.told.last("delivery")[1]
    office.mailbox.answers = []
    office.at(MONDAY + 26 * HOUR)
    assert office.told.last("delivery")[0] == "normal"
    assert len(office.mailbox.letters) == 3


def test_an_address_that_does_not_exist_is_trouble_at_once_and_not_tried_again(office: Office) -> None:
    office.at(MONDAY - 1)
    office.mailbox.answers = ["550 no such user"]
    office.at(MONDAY)
    office.at(MONDAY + 2 * DAY)
    assert sorted(office.states().values()) == ["failed", "no_address", "sent", "sent"]
    assert office.told.last("delivery")[0] == "fault"


def test_what_was_not_sent_last_week_is_replaced_by_this_weeks(office: Office) -> None:
    office.at(MONDAY - 1)
    office.mailbox.answers = ["450 later"] * 3
    office.at(MONDAY)
    office.at(MONDAY + 7 * DAY)
    assert len(office.mailbox.letters) == 3
    with office.house.read() as conn:
        assert set(conn.execute(select(LETTER.c.state).where(LETTER.c.week == MONDAY)).scalars()) == {
            "replaced", "no_address"
        }  # fmt: skip


def test_an_outcome_that_cannot_be_stored_is_not_a_reason_to_send_twice(office: Office) -> None:
    office.at(MONDAY - 1)
    settle = office.house.service.transact
    failing = [False]

    def transact(act: object) -> object:
        done = settle(act)  # type: ignore[arg-type, var-annotated]
        failing[0] = True
        office.house._unwritable = True
        return done

    office.weekly._service = replace(office.house.service, transact=transact)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="full"):
        office.at(MONDAY)  # the report is made; then nothing can be written
    assert len(office.mailbox.letters) == 1
    with pytest.raises(Exception, match="full"):
        office.at(MONDAY + MINUTE)
    assert len(office.mailbox.letters) == 1
    office.house._unwritable = False
    office.weekly._service = office.house.service
    office.at(MONDAY + 2 * MINUTE)
    assert office.addresses() == ["li@example.edu", "wang@example.edu", "zhao@example.edu"]


def test_another_time_in_the_settings_moves_the_plan(office: Office) -> None:
    office.at(MONDAY - 1)
    settings = HealthSettings(weekly="Tue 09:30")
    office.weekly = Weekly(office.house.service, settings, {}, office.told)
    office.at(MONDAY - 1)
    with office.house.read() as conn:
        assert conn.execute(select(WEEK.c.due_at)).scalars().all() == [MONDAY + 25 * HOUR + 30 * MINUTE]


def test_the_letter_says_what_changed_since_the_one_before(office: Office) -> None:
    office.house.reads("lab-101-smoke", "fault", "fault")
    office.at(MONDAY - 1)
    office.at(MONDAY)
    office.house.now.moment = MONDAY + DAY
    office.house.reads("lab-101-smoke", "fault", "normal")
    office.house.reads("lab-102-smoke", "tamper", "tamper")
    office.mailbox.letters.clear()
    office.at(MONDAY + 7 * DAY)
    letter = next(one for one in office.mailbox.letters if one["To"] == "li@example.edu")
    text = letter.get_body(("plain",)).get_content()
    assert "1 新出现" in text
    assert "1 已消除" in text
