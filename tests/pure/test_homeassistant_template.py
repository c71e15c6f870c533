"""Thinks. Value templates: what is allowed, what is refused and why; none can raise, hang or swell."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Undefined

from ingest.dialects.homeassistant.filters import FILTERS, Unreadable
from ingest.dialects.homeassistant.template import LONGEST, LONGEST_TEMPLATE, Nothing, template

NOTHING, UNREADABLE = "says nothing", "cannot be read"


def render(source, body, text=None):
    try:
        return template(source)(json.dumps(body) if text is None else text, body)
    except Nothing:
        return NOTHING
    except Unreadable:
        return UNREADABLE


SAYS = [
    ("{{ value_json.smoke }}", {"smoke": True}, True),
    ("{{ value_json['smoke:0'].alarm }}", {"smoke:0": {"alarm": False}}, False),
    ("{{value_json.a[1]}}", {"a": [1, 2]}, 2),
    ("{{ value_json.open | is_defined }}", {"open": True}, True),
    ("{{ value_json.t | float | round(1) }}", {"t": "23.27"}, "23.3"),
    ("{{ value_json.t | float / 10 }}", {"t": 235}, "23.5"),
    ("{{ (value_json.a - value_json.b) // 2 }}", {"a": 9, "b": 2}, "3"),
    ("{{ 'ON' if value_json.level > 1 else 'OFF' }}", {"level": 2}, "ON"),
    ("{{ 'ON' if value_json.word in ['a', 'b'] else 'OFF' }}", {"word": "c"}, "OFF"),
    ("{% if value_json.tamper is equalto 'tamper' %} ON {% else %} OFF {% endif %}", {"tamper": "ok"}, "OFF"),
    ("{{ value_json.a | default(value_json.b) }}", {"b": 3}, "3"),
    ("{{ value_json.a | default(value_json.b) }}", {"a": 4, "b": 3}, "4"),
    ("{{ value_json.a.x | default(value_json.b) }}", {"b": 3}, "3"),
    ("{{ value_json.a.x.y | default(value_json.b) }}", {}, NOTHING),
    ("{{ value_json.flags | bitwise_and(4) }}", {"flags": 6}, "4"),
    ("{{ value_json.v | multiply(0.001) }}", {"v": 3000}, "3.0"),
    ("{{ value_json.a == 2 }}", {"a": 2}, "True"),
    ("{{ value_json.word | lower | trim | replace('x', 'y') }}", {"word": " AX "}, "ay"),
    ("{{ value_json.a | bool | iif('ON', 'OFF') }}", {"a": "on"}, "ON"),
    # a missing key says nothing, whatever the template makes of it
    ("{{ value_json.smoke }}", {}, NOTHING),
    ("{{ value_json.a.b.c }}", {"a": {}}, NOTHING),
    ("{{ 'ON' if value_json.smoke else 'OFF' }}", {}, NOTHING),
    ("{{ not value_json.smoke }}", {}, NOTHING),
    ("{{ value_json.smoke == 'x' }}", {}, NOTHING),
    ("{{ value_json.smoke | default('OFF') }}", {}, NOTHING),
    ("{{ value_json.smoke | default(false, true) }}", {}, NOTHING),
    ("{{ value_json.smoke | d | upper }}", {}, NOTHING),
    ("{{ value_json.t | float(0) }}", {}, NOTHING),
    ("{{ value_json.t + 1 }}", {}, NOTHING),
    ("{{ '' if value_json.t else '' }}", {"t": 1}, NOTHING),
    # null and what is no number are never the other branch of an if
    ("{{ value_json.smoke }}", {"smoke": None}, None),
    ("{{ value_json.smoke | string }}", {"smoke": None}, UNREADABLE),
    ("{{ 'ON' if value_json.smoke else 'OFF' }}", {"smoke": None}, UNREADABLE),
    ("{{ 'ON' if value_json.smoke == 1 else 'OFF' }}", {"smoke": None}, UNREADABLE),
    ("{{ 'ON' if value_json.smoke != 1 else 'OFF' }}", {"smoke": None}, UNREADABLE),
    ("{{ 'ON' if value_json.t | float(0) > 50 else 'OFF' }}", {"t": "nan"}, UNREADABLE),
    ("{{ value_json.t | float(0) }}", {"t": "cold"}, UNREADABLE),
    ("{{ value_json.a | bool(false) }}", {"a": "maybe"}, UNREADABLE),
    ("{{ value_json.a + 'x' }}", {"a": "y"}, UNREADABLE),
    ("{{ 1 / value_json.a }}", {"a": 0}, UNREADABLE),
    ("{{ value_json.a.b }}", {"a": None}, UNREADABLE),
    ("{{ value_json }}", {"a": 1}, UNREADABLE),
    ("{{ value_json.word }}", {"word": "x" * (LONGEST + 1)}, UNREADABLE),
    ("{{ value_json.word }}{{ value_json.word }}", {"word": "x" * (LONGEST - 1)}, UNREADABLE),
    ("{{ value_json.word | replace('x', 'xxxxxxxxxx') }}", {"word": "x" * 1000}, UNREADABLE),
    ("{{ value }}", {"word": "x" * LONGEST}, UNREADABLE),
    # attributes are the keys of the JSON and nothing of Python
    ("{{ value_json.items }}", {"a": 1}, NOTHING),
    ("{{ value.__class__.__mro__ }}", {}, NOTHING),
]  # fmt: skip


@pytest.mark.parametrize(("source", "body", "expected"), SAYS)
def test_a_template_says_what_the_message_says_and_nothing_else(source, body, expected):
    found = render(source, body)
    assert found == expected
    assert type(found) is type(expected)


def test_a_text_that_is_no_json_has_no_keys():
    assert render("{{ value_json.a }}", Undefined, "ON") == NOTHING
    assert render("{{ 'x' if value_json.a else 'y' }}", Undefined, "ON") == NOTHING
    assert render("{{ value | lower }}", Undefined, "ON") == "on"
    assert render("{{ value }}", Undefined, "ON") == "ON"


REFUSED = [
    ("{% for one in value_json %}x{% endfor %}", "a loop"),
    ("{{ value * 10 }}", "`*`"),
    ("{{ value_json.a ** 9 }}", "`**`"),
    ("{{ '%9999999d' % value_json.a }}", "`%`"),
    ("{{ value ~ value }}", "`~`"),
    ("{% set x = value %}{{ x }}", "a variable"),
    ("{% macro m() %}{{ value }}{% endmacro %}{{ value }}", "a macro"),
    ("{% include value %}", "an include"),
    ("{{ range(9) }}{{ value }}", "a call"),
    ("{{ value.split(',') }}", "a call"),
    ("{{ is_state('binary_sensor.x', 'on') }}{{ value }}", "a call"),
    ("{{ states.sensor.x }}{{ value }}", "'states' is not known"),
    ("{{ this.state }}{{ value }}", "'this' is not known"),
    ("{{ value | center(100000) }}", "'center' is not allowed"),
    ("{{ value | format }}", "'format' is not allowed"),
    ("{{ value | regex_replace('(a+)+', '') }}", "not allowed"),
    ("{{ value_json.a is defined }}", "leave it out"),
    ("{{ value_json.a is none }}", "leave it out"),
    ("{{ value is divisibleby 3 }}", "not allowed"),
    ("{{ {'0': 'OFF'}[value] }}", "not allowed"),
    ("{{ ['OFF', 'ON'][value_json.a] }}", "not allowed"),
    ("{{ value_json.a | round(*value_json) }}", "not allowed"),
    ("{{ value", "template"),
    ("{{ nothing }}", "'nothing'"),
    ("ON", "neither value nor value_json"),
    ("{{ value }}" + "x" * LONGEST_TEMPLATE, "the limit is"),
    ("{{ " + "(" * 500 + "value" + ")" * 500 + " }}", "template"),
    ("{{ " + "-" * 500 + "value }}", "nested too deep"),
    ("{{ value" + "|lower" * 100 + " }}", "nested too deep"),
    ("{{ value in [" + "1," * 400 + "] }}", "too long"),
]


@pytest.mark.parametrize(("source", "why"), REFUSED)
def test_what_could_repeat_or_look_around_is_refused_with_its_reason(source, why):
    with pytest.raises(ValueError, match=r".") as error:
        template(source)
    assert why in str(error.value)


LEAVES = st.sampled_from([
    "value", "value_json", "value_json.a", "value_json['b']", "value_json.c.d", "value_json.l[0]", "1",
    "'x'", "-2", "1e308", "9" * 40, "none", "true", "['a', 2]", "value[1:3]", "value_json.l[:2]", "''",
])  # fmt: skip
FILTER = st.sampled_from([*FILTERS, "float(0)", "round(2)", "round(99999, 'ceil')", "default(value_json.b)",
                          "replace('x', value)", "replace(value_json.a, 'yy')", "add(value_json.a)",
                          "multiply(1e300)", "bitwise_and(1)", "iif(1, 2)", "list"])  # fmt: skip
OPERATOR = st.sampled_from(
    ["+", "-", "/", "//", "==", "!=", "<", ">=", "in", "not in", "and", "or", "*", "~", "%"]
)
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} | {})".format, inner, FILTER),
        st.builds("({} {} {})".format, inner, OPERATOR, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds(
            "({} is {})".format, inner, st.sampled_from(["eq 1", "number", "in 'ab'", "true", "defined"])
        ),
        st.builds("(not {})".format, inner),
    ),
    max_leaves=8,
)
TEMPLATES = st.one_of(
    st.lists(
        st.one_of(
            st.builds("{{{{ {} }}}}".format, EXPRESSIONS),
            st.builds("{{% if {} %}}{}{{% endif %}}".format, EXPRESSIONS, LEAVES),
        ),
        min_size=1,
        max_size=4,
    ).map("".join),
    st.text(alphabet="{}%|.()[]'\" valuejson_*~+-/<>=0123456789", max_size=60),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30), st.just("x" * 5000), st.just("ON"),
)  # fmt: skip
BODIES = st.one_of(
    SCALARS,
    st.just(Undefined),
    st.fixed_dictionaries(
        {},
        optional={
            "a": SCALARS,
            "b": SCALARS,
            "c": st.fixed_dictionaries({"d": SCALARS}),
            "l": st.lists(SCALARS),
        },
    ),
)


@settings(max_examples=200, deadline=None)
@given(TEMPLATES, BODIES, st.one_of(st.text(max_size=30), st.just("x" * 60_000)))
def test_no_allowed_template_raises_hangs_or_renders_more_than_its_limit(source, body, text):
    try:
        ready = template(source)
    except ValueError:
        return
    try:
        found = ready(text, body)
    except (Nothing, Unreadable):
        return
    assert found is None or type(found) in (str, int, float, bool)
    assert len(str(found)) <= LONGEST
