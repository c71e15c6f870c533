"""Thinks. The word catalogue: every word and sentence of the dashboard, Chinese and English side by side."""

from dashboard.catalogue import alert, device, door, health, rules, wall

CATALOGUE: dict[str, tuple[str, str]] = {
    **wall.WORDS,
    **alert.WORDS,
    **device.WORDS,
    **door.WORDS,
    **health.WORDS,
    **rules.WORDS,
}
