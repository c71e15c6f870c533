"""Thinks. What a person who makes a mistake in a rule file is told."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from rules.parse import parse
from rules.rule import Rule
from tests.fakes.engine import rule, rules_from

GOOD = """
rules:
  - id: smoke
    title: {zh: 烟感, en: Smoke}
    for: {kind: [smoke_detector]}
    when: {metric: smoke, is: [alarm]}
    class: alarm
    priority: 1
    on_delay: 0s
    off_delay: 10s
"""


def mistakes_in(text: str) -> list[str]:
    mistakes: list[str] = []
    parse(text, "mine.yaml", {}, mistakes)
    return mistakes


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("metric: smoke", "metric: smok"), "6:20  rules[0].when.metric  got 'smok'  did you mean 'smoke'?"),
        (("[smoke_detector]", "[smoke_detectr]"),
         "5:18  rules[0].for.kind[0]  got 'smoke_detectr'  did you mean 'smoke_detector'?"),
        (("[alarm]", "[alrm]"), "6:32  rules[0].when.is[0]  got 'alrm'  did you mean 'alarm'?"),
        (("class: alarm", "class: alarms"), "7:12  rules[0].class  got 'alarms'  did you mean 'alarm'?"),
        (("off_delay", "of_delay"),
         "10:5  rules[0].of_delay  got 'of_delay'  unknown key; did you mean 'off_delay'?"),
        (("off_delay: 10s", "off_delay: 10"),
         "10:16  rules[0].off_delay  got 10  expected a duration like 10s, 5m, 2h or 1d, at most 366d"),
        (("off_delay: 10s", "off_delay: 999d"),
         "10:16  rules[0].off_delay  got '999d'  expected a duration like 10s, 5m, 2h or 1d, at most 366d"),
        (("priority: 1", "priority: high"),
         "8:15  rules[0].priority  got 'high'  expected a whole number from 1 to 5"),
        (("on_delay: 0s", "on_delay: 5s"),
         "9:15  rules[0].on_delay  got '5s'  a life-safety alarm (smoke_detector) is raised at once: "
         "write on_delay: 0s"),
        (("[smoke_detector]", "[smoke_detector, door]"),
         "5:34  rules[0].for.kind[1]  got 'door'  a door does not report smoke; it reports: "
         "battery, battery_low, clock_error, contact, fault, flooding, interval, late_alarm, link, "
         "link_quality, rssi, sequence_gap, supervision, tamper, unprotected, unreadable, voltage"),
        (("metric: smoke, is: [alarm]", "metric: smoke, above: 3"),
         "6:34  rules[0].when.above  got 3  'smoke' is a state: use is or changes"),
        (("metric: smoke, is: [alarm]", "metric: smoke"),
         "6:11  rules[0].when  got a mapping  expected exactly one of: is, above, below, happens, "
         "silent_for, changes, rises, falls, same_for, past, siblings, expression; or all, any, none"),
        (("is: [alarm]", "is: [alarm], hold: 5s"),
         "6:46  rules[0].when.hold  got '5s'  only with happens or changes"),
        (("is: [alarm]", "is: [true]"),
         "6:32  rules[0].when.is[0]  got true  expected a word or a list of words"),
        (("    priority: 1\n", "    priority: 1\n    latch: 1\n"),
         "9:12  rules[0].latch  got 1  expected true or false"),
        (("    class: alarm\n", ""),
         "3:5  rules[0].class  got nothing  expected one of: alarm, supervisory, trouble, status"),
        (("{zh: 烟感, en: Smoke}", "{zh: 烟感}"),
         "4:12  rules[0].title.en  got nothing  expected the title in English"),
        (("{zh: 烟感, en: Smoke}", "Smoke"),
         "4:12  rules[0].title  got 'Smoke'  expected a title in both languages: {zh: …, en: …}"),
        (("id: smoke", "id: Smoke!"),
         "3:9  rules[0].id  got 'Smoke!'  expected lower-case letters, digits and -, at most 64"),
        (("id: smoke", "id: alertmanager"),
         "3:9  rules[0].id  got 'alertmanager'  expected another id: so alerts of Prometheus are called"),
        (("en: Smoke", 'en: "Smo\\u202Eke"'),
         "4:25  rules[0].title.en  got 'Smo\\u202eke'  expected one line of at most 200 characters"),
        (("zh: 烟感", "zh: " + "烟" * 201),
         f"4:17  rules[0].title.zh  got '{'烟' * 40}'  expected one line of at most 200 characters"),
        (("rules:", "rulez:"), "2:1  rulez  got 'rulez'  unknown key; did you mean 'rules'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_what_was_got_and_what_to_do(change, line):
    assert GOOD.count(change[0]) == 1
    assert f"mine.yaml:{line}" in mistakes_in(GOOD.replace(*change))


def test_every_mistake_is_listed_at_once():
    text = GOOD.replace("smok", "smog").replace("class: alarm", "class: x").replace("10s", "soon")
    assert len(mistakes_in(text)) == 4


def test_a_second_rule_of_the_same_id_is_told_where_the_first_one_is():
    again = GOOD + GOOD.replace("\nrules:\n", "")
    assert mistakes_in(again) == [
        "mine.yaml:11:9  rules[1].id  got 'smoke'  "
        "this id is taken by the rule at mine.yaml:3; choose another"
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: [", "1:9  rules  got text that is not YAML"),
        ("rules:\n  - id: a\n    id: b\n", "3:5  rules  got text that is not YAML"),
        ("rules: 5", "1:8  rules  got 5  expected a list of rules"),
        ("- a", "1:1  rules  got nothing  expected a list"),
        ("rules: [5]", "1:9  rules[0]  got 5  expected a rule"),
        ("&a [*a]", "1:1  rules"),
        ("rules: !!python/object/apply:os.system ['echo']", "1:8  rules[0]  got 'echo'  expected a rule"),
        ("rules:\n  - id: a\n    for: 2026-13-44\n", "3:10  rules  got text that is not YAML  month must"),
        ("rules:\n  - id: a\0\n", "2:10  rules  got the character U+0000  not allowed"),
        ("rules:\n  - id: " + "9" * 5000, "2:9  rules  got text that is not YAML  Exceeds the limit"),
        ("rules: " + "[" * 3000 + "]" * 3000, "1:1  rules  got text that is not YAML  too many lists"),
        ("rules: [&r {id: *r, when: *r, for: {label: *r}, title: *r}]", "1:9  rules[0].id"),
    ],
)
def test_a_file_of_another_shape_is_refused_with_a_place(text, says):
    assert any(line.startswith(f"mine.yaml:{says}") for line in mistakes_in(text)), mistakes_in(text)


def test_an_empty_file_has_no_rules_and_no_mistakes():
    assert mistakes_in("# nothing yet\n") == []


@pytest.mark.parametrize(
    ("when", "more", "says"),
    [
        ("{metric: temperature, above: 30}", {"on_delay": "5s"}, "a life-safety alarm ("),
        ("{metric: press, happens: [alarm]}", {"off_delay": "5s"}, "use hold in when"),
        ("{metric: temperature, silent_for: 5m}", {"on_delay": "5s"}, "make silent_for longer"),
        (
            "{metric: press, happens: [alarm], times: 2, within: 5m, shorter_than: 1s}",
            {},
            "an event has no end",
        ),
        ("{metric: smoke, is: [alarm], shorter_than: 1s}", {}, "only with times"),
        ("{metric: smoke, is: [alarm], devices: 2, within: 5m, shorter_than: 1s}", {}, "only with times"),
        ("{metric: smoke, is: [alarm], times: 2, within: 5m, shorter_than: 0s}", {}, "more than 0"),
        ("{metric: temperature, silent_for: 5m}", {"off_delay": "5m"}, "expected less than silent_for"),
        ("{metric: temperature, silent_for: 0s}", {}, "expected at least 1s"),
        ("{metric: battery, below: 200}", {}, "expected a number from 0 to 100"),
        ("{metric: battery, below: .nan}", {}, "expected a number from 0 to 100"),
        ("{metric: [battery, tamper], below: 20}", {}, "'tamper' is a state: use is"),
        ("{metric: smoke, is: [unknown]}", {}, "expected one of: alarm"),
        ("{metric: [smoke, fault], is: [fault]}", {"subject": "device"}, "looks at one metric only"),
        ("{metric: [smoke, gas], is: [alarm]}", {"only": "{kind: smoke_detector}"}, "'gas' is not reported"),
        ("{metric: commit, is: [fault], is: [fault]}", {}, "not YAML"),
    ],
)
def test_a_rule_that_cannot_mean_anything_is_refused(when, more, says):
    found = mistakes_in("rules:\n" + rule(when, "alarm", **more))
    assert any(says in line for line in found), found


def test_a_delayed_alarm_is_allowed_where_no_life_safety_device_is_meant():
    text = "rules:\n" + rule(
        "{metric: temperature, above: 30}", "alarm", only="{kind: climate}", on_delay="5s"
    )
    assert mistakes_in(text) == []


def only(text: str) -> Rule:
    (one,) = rules_from(text).rules
    return one


def test_a_version_changes_with_what_the_rule_says_and_not_with_its_layout():
    version = only(GOOD).version
    relaid = GOOD.replace("{kind: [smoke_detector]}", "\n      kind: [ 'smoke_detector' ]  # who")
    assert only(relaid).version == version
    assert only(GOOD.replace("10s", "11s")).version != version
    assert len(version) == 8


def test_the_version_of_the_set_changes_when_any_rule_does():
    first, second = rules_from(GOOD), rules_from(GOOD.replace("10s", "11s"))
    assert first.version != second.version
    assert first.version == rules_from(GOOD).version


def test_durations_are_read_in_every_unit():
    for text, length in (("250ms", 250), ("90s", 90_000), ("1.5h", 5_400_000), ("2d", 172_800_000)):
        assert only(GOOD.replace("10s", text)).off_delay == length


_words = st.sampled_from(
    ["rules", "id", "title", "zh", "en", "for", "kind", "when", "metric", "smoke", "is", "alarm", "above",
     "happens", "press", "class", "label", "10s", "silent_for", "on_delay", "door", "deadband",
     "levels", "changes", "from", "to", "all", "none", "times", "devices", "within", "rises", "same_for",
     "suppressed_by", "rule", "same", "contact", "past", "siblings", "expression", "below", "by", "weeks",
     "at_least", "temperature", "reading.value > 3.0", "now"]
)  # fmt: skip
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | _words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_words, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(_words, _values, max_size=8), min_size=1, max_size=3))
def test_no_shape_of_a_rule_ever_raises(entries):
    text = io.StringIO()
    YAML().dump({"rules": entries}, text)
    for mistake in mistakes_in(text.getvalue()):
        assert mistake.startswith("mine.yaml:")
        assert "  " in mistake


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="[]{}:,-&*!|>'\"\n #?@%0x1.e", max_size=40))
def test_no_text_at_all_ever_raises(text):
    mistakes_in(text)
    mistakes_in("rules: " + text)
