"""Touches. What the history says of the weeks before: of each week by itself, from table and day files."""

import math
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

from ingest.history.history import History
from ingest.history.sealed import DAY
from ingest.settings import HistorySettings
from rules import usual
from rules.baseline import Slot, Week
from rules.ruleset import RuleSet
from tests.fakes.engine import CAMPUS, rule, rules_from
from tests.servers import wait_for
from tests.spools import Spool, Told, reading
from tocsin.pasts import Pasts, baselines

HOUR = 3_600_000
NOON = 1_795_305_600_000 // DAY * DAY + DAY // 2
THIS = NOON // HOUR
A_WEEK = 7 * DAY


def test_each_week_of_an_hour_has_its_own_mean_and_spread(tmp_path: Path) -> None:
    store, told = Spool(tmp_path, now=NOON), Told()
    history = History(
        tmp_path / "history", store.read, store.epoch, HistorySettings(), told, store.now, print, False
    )
    rows = [
        reading("d", 20.0, NOON - A_WEEK),
        reading("d", 22.0, NOON - A_WEEK + HOUR - 1),
        reading("d", 99.0, NOON - A_WEEK - 1),  # the hour before
        reading("d", 99.0, NOON - A_WEEK + HOUR),  # the hour after
        reading("d", 30.0, NOON - 3 * A_WEEK),
        reading("d", 99.0, NOON - 5 * A_WEEK),  # too long ago
        reading("d", 99.0, NOON),  # the hour itself
        reading("e", 5.0, NOON - A_WEEK),
    ]
    history.start()
    try:
        position = store.add(*rows)
        history.wake()
        wait_for("the history has everything", lambda: history.cursor >= position)
        points = (("d", "temperature"), ("nobody", "temperature"))
        found = [("d", "temperature", 1, 21.0, 1.0), ("d", "temperature", 3, 30.0, 0.0)]
        assert history.weeks(points, THIS, 4) == found
        wait_for("the days are sealed", lambda: len([*(tmp_path / "history" / "days").glob("*")]) >= 3)
        assert history.weeks(points, THIS, 4) == found
        asked = baselines(history, {("d", "temperature"): 4}, (THIS, THIS + 1))
        assert asked == {
            Slot("d", "temperature", THIS): (Week(1, 21.0, 1.0), Week(3, 30.0, 0.0)),
            Slot("d", "temperature", THIS + 1): (Week(1, 99.0, 0.0),),
        }
        assert baselines(history, {}, (THIS,)) == {}
    finally:
        history.stop()


class Asked:
    """A history that says 20 °C of everything, and counts how often it is asked."""

    def __init__(self) -> None:
        self.times, self.answers = 0, True

    def weeks(self, points, hour: int, back: int):
        self.times += 1
        return [(*point, 1, 20.0, 0.0) for point in points] if self.answers else None


def test_once_an_hour_the_points_of_such_rules_are_asked_for_and_kept_for_a_restart(database) -> None:
    past = rules_from("rules:\n" + rule("{metric: temperature, past: {above: 3}}", only="{kind: climate}"))
    house = SimpleNamespace(rules=past, registry=CAMPUS, baselines={})
    moment = [NOON]

    def transact(act) -> Future:
        done: Future = Future()
        with database.transaction() as tx:
            done.set_result(act(tx))
        return done

    history = Asked()
    pasts = Pasts(house, SimpleNamespace(transact=transact), history, lambda: moment[0])
    pasts.look()
    pasts.look()
    assert history.times == 2  # this hour and the next
    assert sorted(slot.hour for slot in house.baselines) == [THIS, THIS + 1]
    moment[0] += HOUR
    pasts.look()
    assert sorted(slot.hour for slot in house.baselines) == [THIS, THIS + 1, THIS + 2]
    with database.read() as conn:
        assert usual.load(conn) == house.baselines
    moment[0] += HOUR
    history.answers = False
    pasts.look()
    assert sorted(slot.hour for slot in house.baselines) == [THIS, THIS + 1, THIS + 2]
    house.rules = RuleSet()
    pasts.look()
    assert house.baselines == {}


def test_baselines_are_the_same_after_a_restart(database) -> None:
    found = {
        Slot("d", "temperature", THIS): (Week(1, 21.0, 1.0), Week(3, 1 / 3, math.pi)),
        Slot("e", "level", THIS + 1): (),
    }
    with database.transaction() as tx:
        usual.save(tx, {Slot("old", "temperature", THIS - 5): (Week(1, 1.0, 1.0),)})
        usual.save(tx, found)
    with database.read() as conn:
        assert usual.load(conn) == found
