"""Touches. The dashboard's own files: every word exists, colours can be read, nothing comes from afar."""

import hashlib
import re
from pathlib import Path

import pytest

from alerts.alert import Acknowledgement, Activity, Inhibition, Latch, Mode, Verification
from alerts.delivery.message import Purpose
from alerts.delivery.notification import State
from alerts.record import FactKind
from dashboard.catalogue import CATALOGUE
from dashboard.permissions import Role
from dashboard.places import WORST_FIRST
from ingest.campus.kinds import METRICS, OWN_POINTS
from ingest.reading import Reason

ROOM = Path(__file__).parents[2] / "dashboard"
STATIC = ROOM / "static"
TEMPLATES = sorted((ROOM / "templates").glob("*.html"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
STYLES = sorted((STATIC / "css").glob("*.css"))
VENDOR = STATIC / "vendor"

PAIRS = [  # text on ground: at least 4.5 to 1
    ("ink", "ground"), ("ink", "sheet"), ("ink", "raised"), ("soft", "ground"), ("soft", "sheet"),
    ("link", "sheet"), ("link", "ground"), ("on-alarm", "alarm"), ("on-supervisory", "supervisory"),
    ("on-trouble", "trouble"), ("on-status", "status"), ("alarm-ink", "sheet"), ("ink", "alarm-wash"),
    ("soft", "alarm-wash"), ("on-drill", "drill"), ("ground", "ink"),
]  # fmt: skip
MARKS = [
    ("line-strong", "sheet"),
    ("focus", "ground"),
    ("alarm", "sheet"),
    ("line-strong", "ground"),
]  # 3 to 1


def _themes() -> dict[str, dict[str, str]]:
    css = (STATIC / "css" / "base.css").read_text("utf-8")
    light = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", css.split("@media")[0]))
    dark = css.split(':root[data-theme="dark"]')[1].split("}")[0]
    return {"light": light, "dark": {**light, **dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))}}


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_on_its_ground(theme: str) -> None:
    colours = _themes()[theme]
    weak = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in PAIRS}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < 4.5}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_mark_can_be_seen(theme: str) -> None:
    colours = _themes()[theme]
    weak = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in MARKS}
    assert not {pair: ratio for pair, ratio in weak.items() if ratio < 3}


def test_dark_is_the_same_whether_the_system_or_the_person_chose_it() -> None:
    css = (STATIC / "css" / "base.css").read_text("utf-8")
    by_system = css.split(':root:not([data-theme="light"]) {')[1].split("}")[0]
    by_person = css.split(':root[data-theme="dark"] {')[1].split("}")[0]
    assert by_system.split() == by_person.split()


def test_every_word_that_a_page_or_script_asks_for_is_in_the_catalogue() -> None:
    asked = set()
    for path in TEMPLATES:
        asked |= set(re.findall(r"\bt\(\"(\w+)\"[,)]", path.read_text("utf-8")))
        asked |= set(re.findall(r"\bt\('(\w+)'[,)]", path.read_text("utf-8")))
    for path in SCRIPTS:
        asked |= set(re.findall(r"\bt\(\"(\w+)\"[,)]", path.read_text("utf-8")))
    assert len(asked) > 100
    assert not asked - set(CATALOGUE)


def test_every_word_that_is_put_together_is_in_the_catalogue() -> None:
    families = {
        "activity": Activity, "acknowledgement": Acknowledgement, "verification": Verification,
        "inhibition": Inhibition, "mode": Mode, "latch": Latch, "purpose": Purpose, "state": State,
        "fact": FactKind, "class": WORST_FIRST, "role": Role, "reason": Reason, "own": OWN_POINTS,
        "word": {word for metric in METRICS.values() for word in metric.words} | {"unknown"},
    }  # fmt: skip
    wanted = {f"{family}_{word}" for family, words in families.items() for word in words}
    assert not wanted - set(CATALOGUE)
    assert "fact_raised" in CATALOGUE


def test_no_page_holds_script_or_style_of_its_own() -> None:
    for path in TEMPLATES:
        if path.name.endswith("_letter.html"):
            continue  # no page: mail programs know styles on elements alone
        text = path.read_text("utf-8")
        inline = re.findall(r"<script(?![^>]*(?:src=|application/json))", text)
        assert not inline, path
        assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:|\|\s*safe\b", text), path


def test_nothing_comes_from_another_host() -> None:
    for path in [*TEMPLATES, *SCRIPTS, *STYLES]:
        assert not re.search(r"https?://|url\(|@import", path.read_text("utf-8")), path


def test_scripts_write_text_and_never_markup() -> None:
    for path in SCRIPTS:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()
        )


def test_scripts_stay_small_enough_to_read() -> None:
    assert not [path.name for path in SCRIPTS if len(path.read_text("utf-8").splitlines()) > 250]


def test_the_committed_bundle_is_the_one_its_hashes_name() -> None:
    for line in (VENDOR / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, (
            f"run `make vendor`: {name}"
        )
    assert '"resolved"' not in (VENDOR / "package-lock.json").read_text()
