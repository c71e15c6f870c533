"""Thinks. Words in the reader's language, and which language that is."""

import pytest

from dashboard.words import preferred


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh-TW", "zh"),
        ("ZH-hans-cn", "zh"),
        ("fr-FR,fr;q=0.9,en;q=0.5", "en"),
        ("en;q=0.5, zh ; q=0.8", "zh"),
        ("zh;q=0,en;q=0.1", "en"),
        ("fr-FR,fr", ""),
        ("en;q=0", ""),
        ("*", ""),
        ("", ""),
        ("english, zhuang", ""),
        ("en;q=high,zh;q=2,;;,", ""),
    ],
)
def test_a_browser_is_answered_in_the_language_it_likes_best_of_ours(header: str, language: str) -> None:
    assert preferred(header) == language
