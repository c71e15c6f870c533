"""Thinks. What a try of a channel says at each stage."""

import pytest

from alerts.delivery.notification import State
from alerts.delivery.tested import PATIENCE, Stage, Trial, sentence, stage

BEGAN = 1_795_337_000_000
LATE = BEGAN + PATIENCE + 1


@pytest.mark.parametrize(
    ("state", "asked", "attempts", "now", "at"),
    [
        (State.CLAIMED, False, 0, BEGAN, Stage.SENDING),
        (State.QUEUED, False, 1, BEGAN, Stage.AGAIN),
        (State.QUEUED, False, 3, LATE, Stage.FAILED),
        (State.ACCEPTED, True, 0, BEGAN, Stage.WAITING),
        (State.ACCEPTED, True, 0, LATE, Stage.SILENT),
        (State.ACCEPTED, False, 0, BEGAN, Stage.TAKEN),
        (State.SENT, False, 0, LATE, Stage.TAKEN),
        (State.DELIVERED, True, 0, LATE, Stage.ARRIVED),
        (State.ANSWERED, False, 2, LATE, Stage.ARRIVED),
        (State.FAILED, False, 1, BEGAN, Stage.FAILED),
        (State.CANCELLED, False, 0, BEGAN, Stage.FAILED),
    ],
)
def test_a_try_is_told_as_far_as_it_has_come(
    state: State, asked: bool, attempts: int, now: int, at: Stage
) -> None:
    assert stage(Trial("li-wei", "sms", state, asked, BEGAN, attempts), now) is at


def test_a_failed_try_says_why() -> None:
    failed = Trial("li-wei", "sms", State.FAILED, False, BEGAN, 1, "no such number")
    assert sentence(failed, BEGAN).startswith("sms: ")
    assert sentence(failed, BEGAN).endswith("no such number")
