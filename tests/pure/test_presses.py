"""Presses of take buttons: which count, and what they take."""

import pytest
from msgspec.structs import replace

from alerts.alert import Acknowledged, Alert, Inhibition, Mode
from alerts.delivery.presses import LATE, MOST, QUIET, SETTLING, SPAN, Fingers, Press, Result, taken
from alerts.duty.people import Person
from alerts.lifecycle import step
from ingest.campus.device import Device, Place
from ingest.campus.registry import Registry
from ingest.reading import Decoded, Reading, TimeQuality
from rules.verdict import Class, Text

NOW = 1_795_337_000_000
BUTTON = "take-1"
LONG_AGO = 1  # when the connection was opened
LI = Person("li-wei", "李伟", "Li Wei")
REGISTRY = Registry.build(
    [
        Place("campus", "学校", "School"),
        Place("dorm", "宿舍", "Dormitory", "campus"),
        Place("dorm-305", "305室", "Room 305", "dorm"),
        Place("lab", "实验楼", "Laboratories", "campus"),
    ],
    devices=[Device(BUTTON, "take_button", "dorm")],
)


def message(received: int, value: str = "pressed", alive: bool = True, **more: object) -> Decoded:
    made = {"event_time": received, **more}
    return Decoded(BUTTON, [Reading(BUTTON, "take", value, received, **made)], alive=alive)  # type: ignore[arg-type]


def heard(fingers: Fingers, *moments: int) -> list[Press]:
    return [press for moment in moments for press in fingers.press(message(moment), moment, LONG_AGO)]


def test_a_press_counts_once_however_long_the_button_chatters() -> None:
    moments = [NOW + n * 300 for n in range(1000)]  # five minutes without a pause of ten seconds
    assert heard(Fingers(), *moments) == [Press(BUTTON, NOW, NOW)]


def test_after_a_pause_the_next_press_counts() -> None:
    fingers = Fingers()
    assert len(heard(fingers, NOW, NOW + QUIET - 1)) == 1
    assert len(heard(fingers, NOW + 2 * QUIET - 1)) == 1


def test_a_button_that_is_stuck_is_said_to_be_so_once_and_takes_nothing_for_as_long_as_it_is() -> None:
    fingers = Fingers()
    presses = heard(fingers, *(NOW + n * 2 * QUIET for n in range(500)))
    assert [one.spoilt for one in presses] == [*[None] * MOST, Result.STUCK]
    (mended,) = heard(fingers, NOW + 499 * 2 * QUIET + SPAN + 1)
    assert mended.spoilt is None


def test_a_clock_that_is_set_back_by_an_hour_deafens_no_button() -> None:
    assert len(heard(Fingers(), NOW, NOW - 3_600_000)) == 2


def test_a_restart_in_the_middle_of_a_chatter_makes_no_new_press_of_it() -> None:
    assert heard(Fingers({BUTTON: NOW - 300}), NOW) == []


@pytest.mark.parametrize(
    "said",
    [
        message(NOW, retained=True),
        message(NOW, alive=False),
        message(NOW, "unknown"),
        Decoded(BUTTON, [Reading(BUTTON, "battery", 3.0, NOW, NOW)]),
    ],
)
def test_what_is_restored_or_not_understood_is_no_press(said: Decoded) -> None:
    assert Fingers().press(said, NOW, LONG_AGO) == []


@pytest.mark.parametrize(
    ("age", "quality", "connected", "spoilt"),
    [
        (LATE, TimeQuality.DEVICE, 0, None),  # it says when, so the age of the connection says nothing
        (LATE + 1, TimeQuality.DEVICE, SPAN, Result.LATE),
        (0, TimeQuality.RECEIVED, SETTLING, None),
        (0, TimeQuality.RECEIVED, SETTLING - 1, Result.LATE),
        (0, TimeQuality.IMPLAUSIBLE, SETTLING - 1, Result.LATE),
        (0, TimeQuality.HISTORIC, SPAN, Result.LATE),
    ],
)
def test_a_press_that_may_be_an_old_one_takes_nothing(
    age: int, quality: TimeQuality, connected: int, spoilt: Result | None
) -> None:
    said = message(NOW, event_time=NOW - age, time_quality=quality)
    assert Fingers().press(said, NOW, NOW - connected) == [Press(BUTTON, NOW - age, NOW, spoilt)]


def test_a_clock_that_is_fast_dates_no_press_into_the_future() -> None:
    said = message(NOW, event_time=NOW + 60_000, time_quality=TimeQuality.DEVICE)
    assert Fingers().press(said, NOW, LONG_AGO)[0].at == NOW


def alert(number: int, place: str = "dorm-305", of: Class = Class.ALARM, **more: object) -> Alert:
    made = Alert(
        id=number, rule="smoke-alarm", subject=f"s{number}", title=Text("烟", "smoke"), alert_class=of,
        place=place, raised_at=NOW - 30_000, active_at=NOW - 30_000, sounded_at=NOW - 30_000,
    )  # fmt: skip
    return replace(made, **more)


def takes(*alerts: Alert, labels: dict[str, str] | None = None) -> list[int]:
    button = Device(BUTTON, "take_button", "dorm", labels=labels or {})
    return [one.id for one in taken(button, LI, NOW, alerts, REGISTRY)]


def test_a_press_takes_what_sounds_at_its_place_and_in_all_that_lies_there() -> None:
    assert takes(alert(1), alert(2, "dorm"), alert(3, "lab"), alert(4, "campus"), alert(5, "gone")) == [1, 2]


def test_the_button_of_the_security_office_takes_what_its_label_says() -> None:
    assert takes(alert(1), alert(2, "lab"), labels={"takes": "campus"}) == [1, 2]


def test_what_somebody_has_is_hidden_or_needs_nobody_is_left_alone() -> None:
    has, _ = step(alert(1), Acknowledged(1, "wang-fang"), NOW)
    assert has is not None
    hidden = alert(2, inhibition=Inhibition.SHELVED)
    assert takes(has, hidden, alert(3, sounded_at=None)) == []


def test_what_began_to_sound_in_the_same_moment_was_not_meant() -> None:
    assert takes(alert(1, sounded_at=NOW - 999), alert(2, sounded_at=NOW + 5)) == []
    assert takes(alert(1, sounded_at=NOW - 1000)) == [1]


def test_only_the_gravest_that_waits_is_promised() -> None:
    assert takes(alert(1, of=Class.TROUBLE), alert(2), alert(3, of=Class.SUPERVISORY), alert(4)) == [2, 4]
    assert takes(alert(1, of=Class.TROUBLE), alert(3, of=Class.SUPERVISORY)) == [3]


def test_of_a_drill_it_takes_something_only_for_who_takes_part() -> None:
    drill = alert(1, mode=Mode.DRILL, drill=7)
    assert takes(drill) == []
    assert takes(replace(drill, drill_people=("li-wei",))) == [1]
