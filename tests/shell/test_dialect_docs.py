"""Touches. The pages about the dialects: every example works and every metric, word and reason is there."""

import json
import re
import shlex
from pathlib import Path

import pytest

from ingest.campus.device import Device
from ingest.campus.kinds import METRICS, OURS, Form
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.dialects import DIALECTS
from ingest.message import Message
from ingest.reading import Decoded, Reason
from ingest.settings import BrokerSettings
from tests.dialects import ROWS, card, page

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "dialects" / "tocsin.md").read_text(encoding="utf-8")
RECEIVED = 1_795_305_600_000
KINDS = {
    "dorm-2-305-smoke": "smoke_detector",
    "gate-panic": "panic_button",
    "dorm-2-stairs-light": "emergency_light",
}
DEVICES = [Device(name, kind, "campus") for name, kind in KINDS.items()]
EXAMPLES = [shlex.split(line) for line in PAGE.splitlines() if line.startswith("mosquitto_pub")]


def said(topic, payload):
    decoder = Decoder(Registry.build([], [], DEVICES), BrokerSettings())
    return decoder.decode(Message(None, topic, payload.encode(), RECEIVED))


@pytest.mark.parametrize("words", EXAMPLES, ids=[str(n) for n in range(len(EXAMPLES))])
def test_every_example_on_the_page_is_understood(words):
    found = said(words[words.index("-t") + 1], words[words.index("-m") + 1])
    assert isinstance(found, Decoded), found
    assert found.readings
    assert all(not reading.note for reading in found.readings)


def test_the_reading_shown_on_the_page_is_understood():
    [shown] = re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)
    assert json.loads(shown)["time"] == RECEIVED
    assert said("campus/dorm-2-305-smoke/reading", shown).sequence == 1234


def test_every_metric_of_a_device_is_on_the_page_with_its_words_or_its_unit_and_range():
    for metric in METRICS.values():
        if metric.name in OURS:
            continue
        [row] = [
            line
            for line in PAGE.splitlines()
            if line.startswith("|") and f"`{metric.name}`" in line.split("|")[1]
        ]
        cell = row.split("|")[2]
        if metric.form is Form.NUMBER:
            span = f"{metric.low:.0f} … {metric.high:.0f}".replace("-", "−")
            assert f"{metric.unit} {span}".strip() in cell, metric.name
        else:
            assert re.findall(r"`(\w+)`", cell) == list(metric.words), metric.name
            assert not metric.true or f"`{metric.true}`" in row.split("|")[3], metric.name


def test_every_reason_of_the_quarantine_is_explained():
    assert [reason for reason in Reason if f"`{reason}`" not in PAGE] == []


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_has_a_page_that_answers_every_question(name):
    found = card(name)
    assert tuple(found)[1:] == ROWS
    assert found["`dialect:` in the registry"] == f"`{name}`"
    assert [row for row, cell in found.items() if not cell] == []


def test_the_table_of_dialects_is_made_of_their_pages():
    assert (DOCS / "dialects.md").read_text("utf-8") == page(), "run: make dialects"
