"""Thinks. What expressions promise: what is refused when they are loaded, and what they say at run time."""

import math

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.campus.calendar import Calendar
from ingest.campus.device import Device
from ingest.campus.registry import Registry
from rules.cel import Parsed, parsed
from rules.conditions import expression
from rules.conditions.expression import LOOK
from rules.law import unheard
from rules.load import load
from rules.parse import parse
from rules.rule import Rule
from rules.verdict import Holds
from tests.fakes.engine import Engine, reading, rule
from tests.fakes.words import english

MINUTE, HOUR = 60_000, 3_600_000
EVENING = 1_772_455_800_000  # Monday 2026-03-02, 20:50 in Shanghai
assert Calendar().wall(EVENING)[1] == (20 * 60 + 50) * MINUTE

WARM = "reading.value > 30.0 && device.labels.grade == ''"
OPEN_AT_NIGHT = "reading.value == 'open' && now.getHours() >= 21"


def when(text: str, metric: str = "temperature") -> str:
    return f'{{metric: {metric}, expression: "{text}"}}'


def mistakes(text: str, metric: str = "temperature", **more: str) -> list[str]:
    found: list[str] = []
    parse("rules:\n" + rule(when(text, metric), **more), "lab.yaml", {}, found)
    return found


def said(engine: Engine, story: list, device: str = "store-1", metric: str = "temperature") -> list:
    verdicts = [v for at, value in story for v in engine.take(reading(device, metric, value, at))]
    return [(verdict.holds.value, verdict.moment) for verdict in verdicts]


def test_it_holds_while_it_is_true_of_the_last_reading():
    assert said(Engine(rule(when(WARM))), [(0, 30.0), (1, 30.1), (2, 31.0), (3, 30.0)]) == [
        ("yes", 1), ("no", 3),
    ]  # fmt: skip


def test_it_knows_labels_places_zones_and_the_clock_on_the_wall():
    text = (
        "device.labels.grade == 'high' && device.labels['nothing-such'] == '' && 'dorm' in place.path"
        " && zone.id == 'z1' && now.getHours() == 20 && calendar.workday && !('night' in calendar.names)"
    )
    engine = Engine(rule(when(f"reading.value == 'alarm' && {text}", "smoke")))
    (verdict,) = engine.take(reading("smoke-1", "smoke", "alarm", EVENING))
    assert "label grade = 'high'" in english(verdict.evidence[0].note)
    assert "now = 2026-03-02 20:50:00+08:00" in english(verdict.evidence[0].note)
    assert english(verdict.evidence[0].compared).startswith("expression reading.value == 'alarm'")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("reading.valeu > 3.0", "'valeu'  at character 9: reading has no such field; did you mean 'value'?"),
        ("readng.value > 3.0", "'readng'  at character 1: did you mean 'reading'?"),
        ("device.labels.store", "of a smoke_detector whose temperature is -60.0"),
        ("reading.value", "neither true nor false"),
        ("reading.value + 1 > 3.0", "float + int"),
        ("device.kind == 'climate' && reading.value + 1 > 3.0", "of a climate whose temperature is"),
        ("[1, 2].all(x, x > 0)", "'all'  at character 8: it goes through a list"),
        ("[1, 2].map(reading, reading.value > 0.0)", "'map'"),
        ("[1, 2].filter(x, true).size() > 0", "'filter'"),
        ("has(device.labels.store)", "'has'  at character 1: leave it out"),
        ("device.kind.matches('a+')", "'matches'  at character 13: its pattern"),
        ("device.kind.startWith('a')", "did you mean 'startsWith'?"),
        ("reading == device", "expected one of its fields"),
        ("device['kind'] == 'door'", "expected one of its fields"),
        ("place.path[0] == 'campus'", "only a label is looked up so"),
        ("'''climate''' == device.kind", "write a text in one pair of quotes, without a prefix"),
        ("{1: 2}[1] == 2", "not part of an expression"),
        ("reading.value > 3.0 &&", "'the end'  at character 24: cannot be read there"),
        ("timestamp('noon') > now", "it cannot be judged"),
        ("(" * 21 + "true" + ")" * 21, "too long or too deep"),
        ("true && " * 150 + "true", "expected at most 1000"),
        ("true" + "&&true" * 150, "too long or too deep"),
    ],
)
def test_a_mistake_is_said_with_its_place_and_what_to_do(text, wrong):
    (one,) = mistakes(text)
    assert one.startswith("lab.yaml:4:45  rules[0].when.expression  got ")
    assert wrong in one


def test_an_event_is_left_to_happens():
    assert "use happens" in mistakes("reading.value == 'alarm'", "press")[0]


def test_it_is_tried_on_every_kind_that_the_rule_is_for_and_on_no_other():
    text = "device.kind != 'climate' || reading.value > 3.0"
    assert mistakes(text) == []
    odd = "device.kind == 'hydrant' && reading.value > 'x'"
    assert mistakes(odd, only="{kind: climate}") == []
    assert "of a hydrant" in mistakes(odd)[0]


@pytest.mark.parametrize("nothing", ["unknown", math.nan])
def test_a_reading_without_a_value_makes_it_unknown_and_is_no_failure(nothing):
    assert said(Engine(rule(when(WARM))), [(0, 31.0), (1, nothing), (2, nothing), (3, 31.0)]) == [
        ("yes", 0), ("unknown", 1), ("yes", 3),
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["fault", "disabled"])
def test_a_detector_that_burns_through_is_not_back_to_normal(word):
    engine = Engine(rule(when("reading.value == 'alarm'", "smoke")))
    assert said(engine, [(0, "alarm"), (1, word)], "smoke-1", "smoke") == [("yes", 0), ("unknown", 1)]
    about_it = Engine(rule(when("reading.value != 'fault'", "smoke")))
    assert said(about_it, [(0, "alarm"), (1, "fault")], "smoke-1", "smoke") == [("yes", 0), ("no", 1)]


def test_what_it_cannot_work_with_makes_it_unknown_and_is_reported():
    engine = Engine(rule(when("1000000 / (int(reading.value) - 31) < 0")), rule(when(WARM), name="other"))
    engine.failures = []
    assert said(engine, [(0, 30.0)]) == [("yes", 0)]
    heard = [(v.rule, v.holds) for v in engine.take(reading("store-1", "temperature", 31.0, 1))]
    assert heard == [("other", Holds.YES), ("r", Holds.UNKNOWN)]
    ((name, point, error),) = engine.failures
    assert (name, point) == ("r", "store-1/temperature")
    assert "zero" in str(error)


def test_with_nobody_to_tell_it_to_the_failure_is_raised_after_the_verdict_is_remembered():
    engine = Engine(rule(when("1000000 / (int(reading.value) - 31) < 0")))
    engine.take(reading("store-1", "temperature", 30.0, 0))
    with pytest.raises(ZeroDivisionError):
        engine.take(reading("store-1", "temperature", 31.0, 1))
    assert [row.told for row in engine.memories] == [Holds.UNKNOWN]


def test_an_expression_about_the_time_is_looked_at_again_every_five_minutes():
    engine = Engine(rule(when(OPEN_AT_NIGHT, "contact")))
    assert engine.take(reading("door-1", "contact", "open", EVENING + 1)) == []
    (verdict,) = engine.pass_time(EVENING + HOUR)
    nine = EVENING + 10 * MINUTE
    assert (verdict.holds, verdict.moment, verdict.since) == (Holds.YES, nine, nine)
    assert (verdict.evidence[0].value, verdict.evidence[0].event_time) == ("open", EVENING + 1)
    (over,) = engine.pass_time(EVENING + 5 * HOUR)
    assert (over.holds, over.moment) == (Holds.NO, EVENING + 190 * MINUTE)
    assert [row.due_at for row in engine.memories] == [EVENING + 5 * HOUR + LOOK]


def test_a_delay_of_an_expression_about_the_time_is_exact_between_two_looks():
    engine = Engine(rule(when(OPEN_AT_NIGHT, "contact"), on_delay="7m", off_delay="90s"))
    nine = EVENING + 10 * MINUTE
    engine.take(reading("door-1", "contact", "open", EVENING))
    (verdict,) = engine.pass_time(nine + 30 * MINUTE)
    assert (verdict.moment, verdict.since) == (nine + 7 * MINUTE, nine)
    assert engine.take(reading("door-1", "contact", "closed", nine + 31 * MINUTE)) == []
    (over,) = engine.pass_time(nine + 50 * MINUTE)
    assert (over.holds, over.moment) == (Holds.NO, nine + 32 * MINUTE + 30_000)


def test_a_word_that_was_overtaken_does_not_replace_what_is_looked_at_again():
    engine = Engine(rule(when(OPEN_AT_NIGHT, "contact")))
    engine.take(reading("door-1", "contact", "open", EVENING + 2000, event_time=EVENING + 1000))
    engine.take(reading("door-1", "contact", "closed", EVENING + 3000, event_time=EVENING))
    assert [verdict.holds for verdict in engine.pass_time(EVENING + HOUR)] == [Holds.YES]


def test_one_that_does_not_ask_for_the_time_remembers_nothing_at_rest():
    engine = Engine(rule(when(WARM)))
    said(engine, [(0, 31.0), (1, 20.0)])
    assert len(engine.memories) == 0


def test_an_expression_is_no_guarantee_of_a_first_alarm():
    """However it reads, nobody can see that it holds at once for each such device."""
    rules = dict(load().by_id)
    found: dict[str, Rule] = {}
    text = rule(when("reading.value == 'alarm'", "smoke"), "alarm", "mine", only="{kind: smoke_detector}")
    noted: list[str] = []
    parse("rules:\n" + text, "mine.yaml", found, noted)
    assert not noted
    own = {name: one for name, one in rules.items() if "smoke" not in one.condition.metrics}
    assert any("smoke of every smoke_detector" in sentence for sentence in unheard({**own, **found}))


def test_an_expression_about_a_life_safety_point_cannot_be_suppressed_or_delayed_as_an_alarm():
    text = "reading.value != 'normal'"
    (hidden,) = mistakes(text, "smoke", suppressed_by="[{rule: other}]", only="{kind: smoke_detector}")
    assert "it would hide a life-safety point" in hidden
    found: list[str] = []
    late = rule(when(text, "smoke"), "alarm", on_delay="5s", only="{kind: smoke_detector}")
    parse("rules:\n" + late, "lab.yaml", {}, found)
    assert "is raised at once" in found[0]


PIECES = st.sampled_from(
    ["reading", "device", "place", "now", "x", ".", "value", "labels", "store", "path", "all", "map", "size",
     "has", "exists_one", "matches", "(", ")", "[", "]", ",", "?", ":", "&&", "==", ">", "+", "!", "-", "'a'",
     '"b"', "r", "'", "\\", "1", "2.0", "3u", "1e9", "true", "in", "null", " ", "\n", "//", "{", "}", "`",
     "reading.value", "device.labels.store", "now.getHours()", "'a' in place.path", "[1, 2]", "x > 0"]
)  # fmt: skip
OURS = {"reading", "device", "place", "zone", "calendar", "now"}


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=40))
def test_what_is_accepted_asks_for_nothing_but_ours_and_goes_through_no_list(text):
    """As the engine itself understands the text, not as we cut it up."""
    known = parsed(text)
    if isinstance(known, Parsed):
        asked = cel.compile(text).references()
        assert set(asked["variables"]) <= OURS
        assert "@not_strictly_false" not in asked["functions"]
        assert set(asked["functions"]).isdisjoint({"all", "exists", "exists_one", "map", "filter", "matches"})


def test_a_panic_of_the_engine_is_a_failure_of_the_rule_and_ends_nobody_else(monkeypatch):
    class Panic(BaseException):
        """As the engine's own are: no Exception."""

    class Engineless:
        def execute(self, asked):
            raise Panic("index out of bounds")

    engine = Engine(rule(when(WARM)), rule("{metric: temperature, above: 30}", name="other"))
    engine.failures = []
    monkeypatch.setattr("rules.cel._compiled", lambda text: Engineless())
    heard = engine.take(reading("store-1", "temperature", 31.0, 1))
    assert [verdict.rule for verdict in heard] == ["other"]
    assert "index out of bounds" in str(engine.failures[0].error)


@pytest.mark.parametrize("hours", [1, 8, 30])
def test_what_was_missed_is_found_by_one_look_a_row_and_reads_as_if_nobody_had_been_away(
    monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    rules = [
        rule(when(OPEN_AT_NIGHT, "contact"), name="late", on_delay="7m", off_delay="3m"),
        rule(when("reading.value == 'open' && now.getMinutes() >= 20", "contact"), name="past-twenty"),
        rule(when("reading.value == 'closed' && !calendar.workday", "contact"), name="at-rest"),
        rule(when("1 / (now.getHours() - 23) == 1", "contact"), name="breaks"),
    ]
    there, away = Engine(*rules), Engine(*rules)
    there.failures, away.failures = [], []
    for engine in (there, away):
        engine.take(reading("door-1", "contact", "open", EVENING))
    told = [verdict for step in range(hours * 12 + 1) for verdict in there.pass_time(EVENING + step * LOOK)]
    judged = []
    whole = expression.judge
    monkeypatch.setattr(expression, "judge", lambda *asked: judged.append(asked) or whole(*asked))
    assert away.pass_time(EVENING + hours * HOUR) == told
    away.pass_time(EVENING + hours * HOUR)
    assert {row.subject: row for row in away.memories if row.rule != "breaks"} == {
        row.subject: row for row in there.memories if row.rule != "breaks"
    }
    assert len({one.rule for one in away.failures}) == len({one.rule for one in there.failures})
    assert len(told) >= 2


def test_ten_thousand_doors_of_which_the_same_is_asked_cost_one_look_ahead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    doors = Registry.build(devices=[Device(f"d-{number}", "door", "campus") for number in range(200)])
    engine = Engine(rule(when(OPEN_AT_NIGHT, "contact"), name="late"), registry=doors)
    morning = EVENING - 12 * HOUR
    for name in doors.devices:
        engine.take(reading(name, "contact", "closed", morning))
    judged = []
    whole = expression.judge
    monkeypatch.setattr(expression, "judge", lambda *asked: judged.append(asked) or whole(*asked))
    assert engine.pass_time(morning + 8 * HOUR) == []
    assert len(judged) <= 200 + 8 * 12
