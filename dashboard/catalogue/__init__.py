"""Thinks. The word catalogue: every word and sentence of the dashboard, Chinese and English side by side."""

from dashboard.catalogue import (
    acts,
    alert,
    api,
    canary,
    device,
    dialect,
    door,
    drill,
    duty,
    hazard,
    health,
    incident,
    ledger,
    link,
    push,
    rules,
    shadow,
    wall,
)

PARTS = (
    wall,
    alert,
    acts,
    api,
    device,
    dialect,
    door,
    duty,
    health,
    rules,
    shadow,
    incident,
    hazard,
    drill,
    ledger,
    canary,
    link,
    push,
)
CATALOGUE: dict[str, tuple[str, str]] = {key: words for part in PARTS for key, words in part.WORDS.items()}
