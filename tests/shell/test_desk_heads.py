"""What the desk asks of the tables once in a call stays true when that same call writes to them."""

import pytest

from alerts.alert import Inhibition, Mode
from alerts.drills.drill import DrillDeclared
from alerts.hazards.impairment import Agreed, Declared
from tests.fakes.campus import MINUTE, NOW, verdict
from tests.fakes.office import Office
from tocsin.database import Database

SMOKE = "dorm-2-305-smoke"


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_what_goes_out_of_service_hides_what_is_raised_in_the_same_call(office: Office) -> None:
    out = Declared("li-wei", "device", SMOKE, "li-wei", "rewiring", "every hour", NOW + 60 * MINUTE)
    office.hear(verdict(device="lab-gas"), out, Agreed(1, "wang-fang"), verdict())
    hidden = {one.device: (one.inhibition, one.impairment) for one in office.open()}
    assert hidden == {"lab-gas": (Inhibition.NONE, 0), SMOKE: (Inhibition.OUT_OF_SERVICE, 1)}


def test_a_drill_declared_in_a_call_takes_what_is_raised_after_it(office: Office) -> None:
    drill = DrillDeclared(
        by="li-wei", mode=Mode.TEST, title="test", places=("dorm-2-305",), kinds=("smoke_detector",),
        minutes=30, people=("li-wei",), points=(SMOKE,),
    )  # fmt: skip
    office.hear(verdict(device="lab-gas"), drill, verdict())
    modes = {one.device: (one.mode, one.inhibition) for one in office.open()}
    assert modes["lab-gas"] == (Mode.REAL, Inhibition.NONE)
    assert modes[SMOKE] == (Mode.TEST, Inhibition.NONE)
