"""Thinks. What people read and hear by approved templates, for a person to read: tests/golden/templates.txt.

`python -m tests.templates` writes it anew. Read the difference aloud before you commit it.
"""

from pathlib import Path

from alerts.delivery.channels.channel import Notice
from alerts.delivery.message import facts, words
from alerts.delivery.template_values import spoken_values, values
from alerts.delivery.templates import SMS, VOICE, Kind, applications, filled, kind_of
from tests.words import CASES, STORM, bundled

GOLDEN = Path(__file__).parent / "golden" / "templates.txt"
SIGN = "示范学校"
NOW = 1_795_337_060_000  # a minute after the cases began
LENGTHS = (20, 6)  # Aliyun as a rule; a new account at Tencent


def page() -> str:
    parts = ["按审核通过的模板，人们读到和听到的文字。`python -m tests.templates`\n"]
    for provider in ("aliyun", "tencent"):
        parts += [f"# 向 {provider} 申请的模板\n", *applications(provider), ""]
    parts.append("\n# 填好的样子（变量最长 20 字、6 字；语音）\n")
    for title, subject, purpose, places in CASES:
        parts += [f"## {title}", *filled_texts(notice_of(subject, purpose, places)), ""]
    parts.append("# 一条消息，多处警情\n")
    for title, subjects, purpose, places in STORM:
        parts += [f"## {title}", *filled_texts(bundled(subjects, purpose, places, "zh")), ""]
    return "\n".join(parts)


def notice_of(subject, purpose, places, language="zh") -> Notice:  # type: ignore[no-untyped-def]
    text = words(subject, purpose, places, language)
    return Notice(
        key="", code=subject.code, purpose=purpose, person="li-wei", address="13800000001",
        language=language, short=text.short, title=text.title, body=text.body,
        alert=facts(subject, purpose, places),
    )  # fmt: skip


def filled_texts(notice: Notice) -> list[str]:
    kind = kind_of(notice)
    lines = []
    for longest in LENGTHS:
        text = f"【{SIGN}】" + filled(SMS[kind], values(notice, kind, SIGN, longest, NOW))
        lines.append(f"SMS {longest:>2}/{len(text):>2}  {text}")
    call = Kind.ALARM if kind is Kind.ESCALATION else kind
    lines.append(f"voice     {filled(VOICE[call], spoken_values(notice, call, 100))}")
    return lines


if __name__ == "__main__":
    GOLDEN.write_text(page(), "utf-8")
