"""Touches. The page of the mapping dialect: each of its examples is accepted and reads what it says."""

import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from ingest.campus.device import Device
from ingest.campus.registry import Registry
from ingest.decode import Decoder
from ingest.message import Message
from ingest.reading import Decoded, Parts
from ingest.settings import BrokerSettings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dialects" / "mapping.md"
RECEIVED = 1_795_305_600_000
EXAMPLES = re.findall(r"```yaml\n(.*?)```\n\n```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def decoder(text):
    """The example as the database would hand it back: as JSON."""
    told = json.loads(json.dumps(YAML(typ="safe", pure=True).load(text)))
    definitions = {one.pop("id"): one for one in told["mappings"]}
    devices = [Device(**row) for row in told["devices"]]
    return Decoder(Registry.build([], [], devices, {"mapping": definitions}), BrokerSettings())


def messages(text):
    """(topic and payload, the readings below it) as the page shows them."""
    for part in re.split(r"\n(?=\S)", text.strip()):
        said, *readings = part.split("\n")
        yield *said.split(" ", 1), [line.split() for line in readings]


def heard(found):
    decoded = found.heard if isinstance(found, Parts) else [found]
    assert all(isinstance(one, Decoded) for one in decoded), found
    assert not (isinstance(found, Parts) and found.rejected), found
    return [
        [reading.device.split(".")[0], reading.metric, shown(reading.value)]
        for one in decoded
        for reading in one.readings
    ]


def shown(value):
    return f"{value:.11g}" if isinstance(value, float) else value


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_page_reads_what_the_page_says(number):
    settings, text = EXAMPLES[number]
    reader = decoder(settings)
    for topic, payload, readings in messages(text):
        found = heard(reader.decode(Message(None, topic, payload.encode(), RECEIVED)))
        assert found == readings, (topic, payload)


def test_the_page_has_its_examples():
    assert len(EXAMPLES) == 7
