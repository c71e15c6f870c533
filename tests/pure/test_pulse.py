"""When Tocsin may tell the outside that it lives, and when it must fall silent."""

from typing import Any

import pytest

from alerts.delivery.pulse import AUDITED, DEAF, STUCK, Vitals, ailments
from ingest.bilingual import told

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({}, ""),
        ({"audited_at": NOW - AUDITED}, ""),
        ({"audited_at": NOW - AUDITED - 1}, "has not passed for 60 s"),
        ({"broken": "A7K2 has no next step"}, "A7K2 has no next step"),
        ({"failing": "disk full"}, "nothing can be written: disk full"),
        ({"deaf_since": NOW - DEAF}, ""),
        ({"deaf_since": NOW - DEAF - 1}, "without the broker for 120 s"),
        ({"overdue": NOW + 9_000}, ""),
        ({"overdue": NOW - STUCK}, ""),
        ({"overdue": NOW - STUCK - 1}, "a notice is 60 s late"),
    ],
)
def test_each_thing_that_no_longer_works_ends_the_pulse_by_itself(seen: dict[str, Any], said: str) -> None:
    found = ailments(Vitals(**{"audited_at": NOW, **seen}), NOW)
    assert len(found) == bool(said)
    assert said in "".join(told(one, "en") for one in found)


def test_every_reason_is_told() -> None:
    found = ailments(Vitals(0, "x", "y", 0, 0), NOW)
    assert [told(one, "zh")[:4] for one in found] == ["无法写入", "升级审计", "与消息服", "有通知逾"]
