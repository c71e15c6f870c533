"""Thinks. What a person means who answers a notice: which act, for which alert; and what is said back.

Nothing is guessed: words that are not exactly one of ours do nothing, and the answer to them says which are.
"不是误报" is not 误报. There is no act without a code the person was told, or the only alert it can be.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum

import msgspec

from alerts.alert import (
    Accepted,
    Acknowledged,
    Act,
    Alert,
    Arrived,
    CannotCome,
    Declined,
    Verification,
    Verified,
)
from alerts.clean import clean
from alerts.code import ALPHABET
from alerts.reasons import CAUSES
from rules.verdict import Text


class Meant(StrEnum):
    TAKE = "take"
    CANNOT = "cannot"
    ARRIVED = "arrived"
    FALSE = "false"
    CONFIRMED = "confirmed"


WORDS: dict[Meant, tuple[str, ...]] = {  # the key, then the words; compared without spaces and signs
    Meant.TAKE: ("1", "受理", "我受理", "TAKE"),
    Meant.CANNOT: ("2", "不能到", "来不了", "去不了", "不能来", "CANNOT", "CANNOTCOME", "CANTCOME", "CANT"),
    Meant.ARRIVED: ("3", "到场", "已到场", "我到了", "ARRIVED"),
    Meant.FALSE: ("4", "误报", "是误报", "FALSE", "FALSEALARM"),
    Meant.CONFIRMED: ("5", "确认", "属实", "确认属实", "CONFIRMED"),
}
_ACTS = {word: meant for meant, words in WORDS.items() for word in words}
_KEYS = frozenset("12345")
_CAUSES = {
    "".join(re.findall(r"\w", word)).upper(): cause
    for cause, text in CAUSES.items()
    for word in (cause, text.zh, text.en)
}
_TOKEN = re.compile(r"[A-Z0-9]+|[^\W\d_A-Z]+")
_CALLED = re.compile(r"代码|\bCODE\b")  # what our own words call the code
_CODE = re.compile(f"(?=.*[A-Z0-9])[{ALPHABET}]{{3,4}}")
LONGEST = 200  # characters that are read
CLOCKS = 120_000  # ms by which the clocks of a telephone, its network and ours may differ
IDLE = frozenset({"unknown_words", "wrong_code", "which", "nothing_open", "late"})  # results that did nothing

HELP = Text(
    "请回复：1受理 2不能到 3到场 4误报 5确认，后加警情代码，如“1 {code}”。",
    "Reply 1 take, 2 cannot come, 3 arrived, 4 false or 5 confirmed, and the code, like 1 {code}.",
)
UNKNOWN = Text("没有看懂，未作处理。", "Not understood, nothing was done. ")
WHICH = Text(
    "您有多条警情：{codes}。未作处理，请带代码回复，如“{key} {code}”。",
    "You have several alerts: {codes}. Nothing was done: reply with the code, like {key} {code}.",
)
BEFORE = Text(
    "您的回复写在警情{codes}之前，未作处理。请带代码回复，如“{key} {code}”。",
    "Your reply was written before alert {codes}: nothing was done. Reply with the code, like {key} {code}.",
)
NO_CODE = Text(
    "没有通知过您代码{code}的警情，未作处理。", "You were told of no alert {code}: nothing was done. "
)
NOTHING_OPEN = Text("您没有未关闭的警情，未作处理。", "No alert of yours is open: nothing was done.")
LATE = Text("警情{code}已关闭，无需处置。", "Alert {code} is closed: nothing to do.")
YOURS = Text("警情{code}已由您受理。", "You have taken {code} already.")
TRIED = Text(
    "【测试】{code}已收到答复，通知可以到达您，无需前往。",
    "[TEST] {code} answered: notices reach you. Nobody need go.",
)
AGAIN = Text("您已回复过：{code}，{act}。不再重复。", "{code}: you have answered already ({act}).")
KEEPS = Text(
    "已记录，但警情{code}仍由您负责，无人接替：请移交，或打电话给值班室。",
    "Noted, but {code} is still yours and nobody else is called: hand it over, or call the security office.",
)
LABELS: dict[Meant, Text] = {  # on buttons
    Meant.TAKE: Text("受理，我去", "Take it"),
    Meant.CANNOT: Text("我不能到", "I cannot come"),
    Meant.ARRIVED: Text("我已到场", "I have arrived"),
    Meant.FALSE: Text("误报", "False alarm"),
    Meant.CONFIRMED: Text("确认属实", "It is real"),
}
REFUSED = Text("警情{code}：未作处理。", "{code}, nothing was done: ")
DONE: dict[Meant, Text] = {
    Meant.TAKE: Text("警情{code}由您受理，请前往。", "{code} is yours now: please go."),
    Meant.CANNOT: Text("已记录：{code}您不能到，将按预定升级继续通知他人。",
        "Noted: you cannot come for {code}. Others are told as planned."),
    Meant.ARRIVED: Text("已记录：{code}您已到场。", "Noted: you have arrived at {code}."),
    Meant.FALSE: Text("已记录：{code}为误报。", "Noted: {code} is a false alarm."),
    Meant.CONFIRMED: Text("已记录：{code}确认属实。", "Noted: {code} is confirmed."),
}  # fmt: skip


class Told(msgspec.Struct, frozen=True):
    """An alert that this person was told of."""

    alert: int
    code: str
    open: bool
    since: int = 0  # ms, of the first notice
    grave: bool = False  # an alarm, or a danger to life


class Decided(msgspec.Struct, frozen=True):
    """`act` befalls `told`; without an act `text` is said back, with `code` and `codes` in it."""

    result: str
    meant: Meant | None = None
    told: Told | None = None
    cause: str = ""
    text: Text | None = None
    help: bool = False
    code: str = ""
    codes: tuple[str, ...] = ()


def decide(said: str, known: Sequence[Told], about: Collection[int] = (), at: int = 0) -> Decided:
    """`about`: the alerts of the message that was answered, where the gateway tells. `at`: when it was
    written (ms; 0 for not known): without a code it answers no alert that the person was told of later."""
    tokens = _TOKEN.findall(_CALLED.sub(" ", unicodedata.normalize("NFKC", said[:LONGEST]).upper()))
    by_code = {one.code: one for one in sorted(known, key=lambda one: (one.open, one.alert))}
    readings = set(_readings(tokens, set(by_code)))
    if len(readings) != 1:
        return Decided("unknown_words", text=UNKNOWN, help=True, code=_example(known))
    meant, cause, code = readings.pop()
    if code and code not in by_code:
        return Decided("wrong_code", meant, text=NO_CODE, help=True, code=code)
    if code:
        return on(by_code[code], meant, cause)
    if about:
        known = [one for one in known if one.alert in about]
    if len(about) == 1 and known:
        return on(known[0], meant, cause)
    return _only(meant, cause, list({one.alert: one for one in known if one.open}.values()), at)


def _only(meant: Meant, cause: str, candidates: list[Told], at: int) -> Decided:
    if not candidates:
        return Decided("nothing_open", meant, text=NOTHING_OPEN)
    later = [one for one in candidates if at and one.since > at + CLOCKS]
    if later:
        codes = tuple(one.code for one in later[:6])
        return Decided("which", meant, text=BEFORE, codes=codes, code=codes[0])
    if len(candidates) == 1:
        return on(candidates[0], meant, cause)
    codes = tuple(one.code for one in sorted(candidates, key=_likely, reverse=True)[:6])
    return Decided("which", meant, text=WHICH, codes=codes, code=codes[0])


def on(told: Told, meant: Meant, cause: str = "unknown") -> Decided:
    """To an alert that is certain; `cause` counts where it is found false."""
    if not told.open:
        return Decided("late", meant, text=LATE, code=told.code)
    return Decided("act", meant, told, cause, code=told.code)


def _example(known: Sequence[Told]) -> str:
    likely = max((one for one in known if one.open), key=_likely, default=None)
    return likely.code if likely else "A7K"


def _likely(told: Told) -> tuple[bool, int]:
    """What woke them: an alarm before anything else, then the newest."""
    return told.grave, told.alert


def _readings(tokens: list[str], codes: set[str]) -> Iterator[tuple[Meant, str, str]]:
    """Every way to read it as an act; a known code goes before a word, a word before an unknown code."""
    found = [(*act, code) for code, rest in _split(tokens, codes) if code in codes and (act := _act(rest))]
    if not found and (act := _act(tokens)):
        found = [(*act, "")]
    if not found:
        found = [
            (*act, code)
            for code, rest in _split(tokens, codes)
            if _CODE.fullmatch(code) and (act := _act(rest))
        ]
    yield from found


def _split(tokens: list[str], codes: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Each token as the code, and what is left; a key may be glued to it."""
    for n, token in enumerate(tokens):
        before, after = tokens[:n], tokens[n + 1 :]
        yield token, before + after
        if token not in codes and len(token) > 3:
            if token[0] in _KEYS:
                yield token[1:], [*before, token[0], *after]
            if token[-1] in _KEYS:
                yield token[:-1], [*before, token[-1], *after]


def _act(tokens: list[str]) -> tuple[Meant, str] | None:
    said = "".join(tokens)
    if said in _ACTS:
        return _ACTS[said], "unknown" if _ACTS[said] is Meant.FALSE else ""
    for word in WORDS[Meant.FALSE]:  # with its cause behind it
        if said.startswith(word) and said[len(word) :] in _CAUSES:
            return Meant.FALSE, _CAUSES[said[len(word) :]]
    return None


def fact(meant: Meant, alert: Alert, by: str, via: str, cause: str, note: str) -> Act:
    """The fact for the desk. Taking what is offered to one accepts it, and not coming declines it."""
    offered = alert.offered_to == by
    match meant:
        case Meant.TAKE:
            return Accepted(alert.id, by) if offered else Acknowledged(alert.id, by, via)
        case Meant.CANNOT:
            return Declined(alert.id, by) if offered else CannotCome(alert.id, by, via)
        case Meant.ARRIVED:
            return Arrived(alert.id, by, note)
        case Meant.FALSE:
            return Verified(alert.id, by, Verification.FALSE, cause, note)
        case Meant.CONFIRMED:
            return Verified(alert.id, by, Verification.CONFIRMED, "", note)


def sentence(decided: Decided, language: str) -> str:
    """What is said back."""
    text = decided.text or DONE[decided.meant or Meant.TAKE]
    key = WORDS[decided.meant or Meant.TAKE][0]
    said = _in(text, language).replace("{codes}", " ".join(decided.codes)).replace("{key}", key)
    said = said.replace("{code}", decided.code)
    example = "A7K" if decided.result == "wrong_code" else decided.code
    return said + (_in(HELP, language).replace("{code}", example) if decided.help else "")


def again(meant: Meant, code: str, language: str) -> str:
    """To somebody who did it already."""
    if meant is Meant.TAKE:
        return _in(YOURS, language).replace("{code}", code)
    return _in(AGAIN, language).replace("{code}", code).replace("{act}", _in(LABELS[meant], language))


def refused(code: str, reason: str, language: str) -> str:
    """The desk's own sentence, with the code before it."""
    return _in(REFUSED, language).replace("{code}", code) + reason


def _in(text: Text, language: str) -> str:
    return text.en if language == "en" else text.zh


def same_address(one: str, other: str) -> bool:
    """Chinese mobile numbers are the same with and without +86; everything else only sign by sign."""
    return bool(one) and _plain(one) == _plain(other)


def _plain(address: str) -> str:
    number = re.sub(r"[\s()-]", "", address)
    if not re.fullmatch(r"\+?\d+", number):
        return address.strip().casefold()
    number = re.sub(r"^00", "+", number)
    if re.fullmatch(r"(86)?1[3-9]\d{9}", number):
        return f"+86{number[-11:]}"
    return number


def masked(address: str) -> str:
    """Enough of an address to know it again, and too little to use it."""
    shown = clean(address, 60)
    name, at, host = shown.rpartition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{shown[:-8]}****{shown[-4:]}" if len(shown) >= 11 else f"***{shown[-2:]}"
