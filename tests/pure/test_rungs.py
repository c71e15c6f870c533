"""On which rung of the ladder we stand when gateways fail."""

import pytest

from alerts.delivery.rungs import LATELY, UNSERVED, Rung, Rungs, with_own_lines
from alerts.duty.people import Contact

NOW = 1_795_337_000_000
USED = ("sms", "voice", "modem")


def after(*events: tuple[str, str]) -> Rungs:
    """`hung`: nobody knows what became of it; `refused`: it is known not to have left."""
    rungs = Rungs(["modem", "siren"])
    for channel, event in events:
        if event == "worked":
            rungs.worked(channel, told=0)
        else:
            rungs.failed(channel, sure=event == "hung", vital=0, began=NOW)
    return rungs


@pytest.mark.parametrize(
    ("events", "rung"),
    [
        ([], Rung.GATEWAYS),
        ([("sms", "hung")], Rung.GATEWAYS),
        ([("sms", "hung"), ("voice", "refused")], Rung.GATEWAYS),  # a single failure may be chance
        ([("sms", "hung"), ("voice", "refused"), ("voice", "refused")], Rung.LOCAL),
        ([("sms", "hung"), ("voice", "hung")], Rung.LOCAL),
        ([("modem", "hung"), ("siren", "hung")], Rung.GATEWAYS),
        ([("sms", "hung"), ("voice", "hung"), ("modem", "hung")], Rung.SCREEN),
        ([("sms", "hung"), ("voice", "hung"), ("modem", "hung"), ("voice", "worked")], Rung.GATEWAYS),
        ([("sms", "hung"), ("voice", "hung"), ("modem", "hung"), ("modem", "worked")], Rung.LOCAL),
        ([("sms", "hung"), ("voice", "hung"), ("modem", "hung"), ("siren", "worked")], Rung.SCREEN),
    ],
)
def test_the_rung_is_told_by_what_failed_and_what_worked_last(
    events: list[tuple[str, str]], rung: Rung
) -> None:
    assert after(*events).rung(USED, NOW) is rung


def test_where_people_have_no_modem_the_screen_is_the_next_rung() -> None:
    assert after(("sms", "hung")).rung(["sms"], NOW) is Rung.SCREEN


def test_where_nobody_can_be_told_at_all_no_gateway_has_failed() -> None:
    assert after(("siren", "hung")).rung([], NOW) is Rung.GATEWAYS


def test_of_a_danger_to_life_that_no_gateway_takes_the_wall_hears_within_twenty_seconds() -> None:
    rungs = Rungs([])
    rungs.failed("sms", sure=True, vital=7, began=NOW)  # the others have not been tried yet
    assert rungs.rung(USED, NOW + UNSERVED - 1) is Rung.GATEWAYS
    rungs.failed("voice", sure=True, vital=7, began=NOW + 8_000)
    assert rungs.rung(USED, NOW + UNSERVED) is Rung.SCREEN
    rungs.worked("siren", told=None)
    assert rungs.rung(USED, NOW + UNSERVED) is Rung.SCREEN
    rungs.worked("modem", told=7)
    assert rungs.rung(USED, NOW + UNSERVED) is Rung.GATEWAYS


def test_every_telephone_number_is_also_tried_over_our_own_line_when_all_else_failed() -> None:
    contacts = [Contact("sms", "+86 138-0000-0001"), Contact("mail", "li@example.edu"), Contact("sms", "110")]
    modem = Contact("modem", "+86 138-0000-0001")
    assert with_own_lines(contacts, ["modem"]) == [*contacts, modem]
    assert with_own_lines([modem, *contacts], ["modem"]) == [modem, *contacts]
    assert with_own_lines(contacts, []) == contacts


def test_one_that_was_given_up_long_ago_says_nothing_of_today() -> None:
    rungs = Rungs([])
    rungs.failed("sms", sure=False, vital=7, began=NOW)
    assert rungs.rung(USED, NOW + LATELY) is Rung.GATEWAYS
    rungs.failed("sms", sure=False, vital=7, began=NOW + LATELY)
    assert rungs.rung(USED, NOW + LATELY + UNSERVED - 1) is Rung.GATEWAYS


def test_one_gateway_that_fails_with_an_alarm_others_have_brought_is_not_the_last_hope() -> None:
    rungs = Rungs([])
    rungs.worked("voice", told=7)
    for second in range(0, 60, 5):  # nothing else is owed meanwhile, so nothing else can work
        rungs.failed("sms", sure=True, vital=7, began=NOW + second * 1000)
        assert rungs.rung(USED, NOW + second * 1000 + 4_000) is Rung.GATEWAYS
    rungs.failed("sms", sure=True, vital=8, began=NOW + 60_000)
    assert rungs.rung(USED, NOW + 60_000 + UNSERVED) is Rung.SCREEN
