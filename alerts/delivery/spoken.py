"""Thinks. A notice for the ear: the place first, digits one by one, the code letter by letter and twice.

What a speaking machine stumbles over (symbols, brackets, runs of digits) is said in words or left out.
"""

import re
import unicodedata

from alerts.clean import cut
from alerts.delivery.channels.channel import Notice
from alerts.delivery.message import ADVICE, MODES, UNRECORDED
from rules.verdict import Class, Text

LONGEST = 160  # characters of place and title: half a minute of speech
_ZH = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_EN = dict(zip("0123456789", _NUMBERS, strict=True))
_SAID = {
    "℃": ("摄氏度", " degrees "), "°C": ("摄氏度", " degrees "), "℉": ("华氏度", " degrees Fahrenheit "),
    "≥": ("大于等于", " at least "), "≤": ("小于等于", " at most "),
    r">(?=[\s\d-])": ("大于", " over "), r"<(?=[\s\d-])": ("小于", " under "), "=": ("等于", " equals "),
    r"\+": ("加", " plus "), r"(?<=\w) ?& ?(?=\w)": ("和", " and "), "±": ("正负", " plus or minus "),
    "μ": ("微", " micro "), "µ": ("微", " micro "),
}  # fmt: skip
# How many places or alerts: no number of a place.
_MANY = re.compile(
    r"(?<=[等共(])(?:[1-9][0-9]?|100)(?=[处条])"
    r"|(?:(?<=\band )|(?<=\())(?:[1-9][0-9]?|100)(?= (?:more|alerts)\b)"
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
          "nineteen")  # fmt: skip
_IN_MODE = {"drill": Text("这是演练", "This is a drill"), "test": Text("这是测试", "This is a test")}


def spoken(notice: Notice) -> str:
    """What a voice says, once through. (Who plays it plays it twice.)"""
    chinese = notice.language != "en"
    facts, title = notice.alert, notice.title
    mode = _IN_MODE.get(str(facts.get("mode", "real")))
    for prefix in (*MODES.values(), UNRECORDED):
        title = title.removeprefix(prefix.zh if chinese else prefix.en)
    letters = spelled(notice.code, notice.language)
    codes = (f"代码{letters}", f"重复，{letters}") if chinese else (f"Code {letters}", f"I repeat: {letters}")
    said = [
        (mode.zh if chinese else mode.en) if mode else "",
        speakable(cut(title, LONGEST), notice.language),
        speakable(_advice(notice), notice.language),
        *(codes if letters else ()),
    ]
    stop = "。" if chinese else ". "
    return stop.join(sentence for sentence in said if sentence) + stop.strip()


def spelled(code: str, language: str) -> str:
    """A code letter by letter, with a pause after each."""
    digits, pause = (_ZH, "，") if language != "en" else (_EN, ", ")
    return pause.join(digits.get(character, character.upper()) for character in code if character.isalnum())


def speakable(text: str, language: str) -> str:
    """Words, pauses and single digits; nothing else."""
    chinese = language != "en"
    for symbol, (zh, en) in _SAID.items():
        text = re.sub(symbol, zh if chinese else en, text)
    text = unicodedata.normalize("NFKC", text)
    text = _MANY.sub(lambda found: counted(int(found[0]), chinese), text)
    text = re.sub(r"(\d[\d.]*)\s*%", r"百分之\1" if chinese else r"\1 percent", text)
    text = re.sub(r"(?<![0-9A-Za-z.])-(?=\d)", "负" if chinese else "minus ", text)
    text = re.sub(r"(?<=\d)\.(?=\d)", "点" if chinese else " point ", text)
    text = re.sub(r"[0-9]+", lambda found: _singly(found[0], chinese), text)
    return _paused(text, chinese)


def counted(number: int, chinese: bool) -> str:
    """1 to 100 as people count. Digit by digit 12处 would be heard as "one or two"."""
    tens, ones = divmod(number, 10)
    if chinese:
        if number in (2, 100):
            return "两" if number == 2 else "一百"
        return f"{_ZH[str(tens)] * (tens > 1)}{'十' * (tens > 0)}{_ZH[str(ones)] * (ones > 0)}"
    if number < 20:
        return _NUMBERS[ones] if number < 10 else _TEENS[ones]
    return f"{_TENS[tens - 2]}{' ' + _NUMBERS[ones] if ones else ''}" if number < 100 else "a hundred"


def _singly(number: str, chinese: bool) -> str:
    """On a bad line 幺 is not taken for seven; a lone 1 stays what people say of a building or floor."""
    if not chinese:
        return f" {' '.join(_EN[digit] for digit in number)} "
    said = "".join(_ZH[digit] for digit in number)
    return said.replace("一", "幺") if len(number) > 2 else said


def _paused(text: str, chinese: bool) -> str:
    """Marks become pauses; a pause never follows another."""
    kept = "".join(
        character if character.isalnum() or character == "'" else _mark(character) for character in text
    )
    if chinese:
        kept = re.sub(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])", ",", kept)
    kept = re.sub(r"\s+", " ", kept)
    kept = re.sub(r"[ ,]*\.[ ,.]*", ". ", kept)
    kept = re.sub(r"(?: *,)+ *", ", ", kept).strip(" ,.")
    return kept.replace(", ", "，").replace(". ", "。") if chinese else kept


def _mark(character: str) -> str:
    if character in ".。?!？！":
        return "."
    return " " if character.isspace() or character in "-_/·" else ","


def _advice(notice: Notice) -> str:
    """The same that the written words say."""
    english, facts = notice.language == "en", notice.alert
    if todo := facts.get("todo_en" if english else "todo_zh"):
        return str(todo)
    try:
        text = ADVICE[Class(str(facts.get("class", "")))]
    except ValueError:
        return ""
    return text.en if english else text.zh
