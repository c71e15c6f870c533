"""Thinks. Every sentence of the doctor, Chinese and English side by side, with how bad it is."""

from tocsin.doctor.catalogue import installation, keeping, machine, promising, reaching, strangers
from tocsin.doctor.catalogue.words import WORDS
from tocsin.doctor.finding import LANGUAGES, Finding, Level, Sentence

SENTENCES: dict[str, Sentence] = {
    **installation.SENTENCES,
    **machine.SENTENCES,
    **reaching.SENTENCES,
    **strangers.SENTENCES,
    **promising.SENTENCES,
    **keeping.SENTENCES,
}


def level(finding: Finding) -> Level:
    return SENTENCES[finding.name][0]


def said(finding: Finding, language: str) -> str:
    values = dict(finding.values)
    if "who" in values:
        values["who"] = word(f"who_{values['who']}", language)
    return SENTENCES[finding.name][1 + LANGUAGES.index(language)].format(**values)


def word(name: str, language: str, **values: object) -> str:
    return WORDS[name][LANGUAGES.index(language)].format(**values)
