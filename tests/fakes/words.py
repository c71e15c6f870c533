"""Thinks. What Tocsin says in both languages, as an English reader has it."""

from ingest.bilingual import told


def english(text: str) -> str:
    return told(text, "en")
