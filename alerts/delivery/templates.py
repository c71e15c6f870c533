"""Thinks. The texts to apply for at providers that carry only approved ones, and which one a notice takes.

What the texts keep to: no 【】 (the signature's), no link, no two variables side by side, each variable once,
and enough fixed text to say what it is. help.aliyun.com/document_detail/463270.html (SMS) and …/414170.html
(voice: two variables at most in the public mode; no # / : - %), cloud.tencent.com/document/product/382/39023
(SMS) and …/product/1128/50777 (voice).
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from alerts.delivery.message import Purpose
from rules.verdict import Text

if TYPE_CHECKING:  # the channels import this file
    from alerts.delivery.channels.channel import Notice


class Kind(StrEnum):
    """A template to apply for; its name in the settings."""

    ALARM = "alarm"
    ESCALATION = "escalation"
    CLEAR = "clear"
    DRILL = "drill"
    TEST = "test"


SMS = {
    Kind.ALARM: "地点{building}，位置{room}，发生{event}，时间{time}，类别{level}，代码{code}，请查看受理。",
    Kind.ESCALATION: (
        "地点{building}，位置{room}，发生{event}，现{state}，时间{time}，类别{level}，代码{code}，请处理。"
    ),
    Kind.CLEAR: "地点{building}，位置{room}，此前{event}，现{state}，时间{time}，代码{code}，您不必再前往。",
    Kind.DRILL: "演练！地点{building}，位置{room}，模拟{event}，现{state}，时间{time}，代码{code}，是演练。",
    Kind.TEST: "测试！地点{building}，位置{room}，内容{event}，时间{time}，代码{code}，是测试，不必处理。",
}
VOICE = {
    Kind.ALARM: "校园警情通知，地点{place}，现发生{event}，请立即查看并受理。",
    Kind.CLEAR: "校园警情更新，地点{place}，现情况为{event}，您不必再前往。",
    Kind.DRILL: "这是演练。演练通知，地点{place}，模拟发生{event}，请按演练方案处理。这是演练。",
    Kind.TEST: "这是测试。测试通知，地点{place}，内容为{event}，不必处理。这是测试。",
}
INSTEAD = {Kind.ESCALATION: Kind.ALARM}  # what may stand in; never the alarm's text for a drill
# What each variable holds, its attribute at Aliyun (变量属性), and an example.
VARIABLES = {
    "building": ("楼宇或区域名称", "其他（others）", "2号宿舍楼"),
    "room": ("楼层和房间", "其他（others）", "3层305室"),
    "event": ("发生了什么", "其他（others）", "烟雾报警"),
    "state": ("进展", "其他（others）", "无人受理"),
    "time": ("发生时间", "时间（time）", "16:43"),
    "level": ("报警、监管、故障或状态", "其他（others）", "报警"),
    "code": ("警情代码，字母和数字", "其他号码（other_number2）", "A7K"),
    "place": ("地点全称", "", "二号宿舍楼，三层，三零五室"),
}
SPOKEN_EVENT = "烟雾报警，代码A，七，K"
REASON = "本校消防与安全设备报警后，通知值班人员到场核实；接收人均为本校已登记的值班人员，不含营销内容。"
_SLOT = re.compile(r"\{(\w+)\}")


class Approved(BaseModel):
    """The ids of approved templates. Without `escalation` the alarm's is sent; without another, nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alarm: str = Field(min_length=1)
    escalation: str = ""
    clear: str = ""
    drill: str = ""
    test: str = ""

    def chosen(self, wanted: Kind) -> tuple[Kind, str]:
        """The template to send and its id; "" where there is none."""
        kind = wanted if getattr(self, wanted) else INSTEAD.get(wanted, wanted)
        return kind, str(getattr(self, kind))


def kind_of(notice: "Notice") -> Kind:
    """A drill stays a drill whatever becomes of it."""
    mode = notice.alert.get("mode")
    if notice.purpose == Purpose.TEST or mode == "test":
        return Kind.TEST
    if mode == "drill":
        return Kind.DRILL
    if notice.purpose in (Purpose.CLEAR, Purpose.TAKEN):
        return Kind.CLEAR
    told = notice.alert.get("recorded", True) and not notice.alert.get("taken_by_zh")
    first = notice.purpose == Purpose.RAISE and told
    return Kind.ALARM if first else Kind.ESCALATION


def slots(text: str) -> list[str]:
    """The names of its variables, in their order."""
    return _SLOT.findall(text)


def named(text: str) -> str:
    """As Aliyun writes it: ${building}."""
    return _SLOT.sub(r"${\1}", text)


def numbered(text: str) -> str:
    """As Tencent writes it: {1}, {2} …"""
    numbers = {name: number for number, name in enumerate(slots(text), 1)}
    return _SLOT.sub(lambda found: f"{{{numbers[found[1]]}}}", text)


def filled(text: str, values: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda found: values[found[1]], text)


def no_template(channel: str, kind: Kind) -> Text:
    """Why nothing was sent, and what to do."""
    key = f"templates.{kind}"
    return Text(
        f"通道 {channel} 没有 {kind} 模板：请向服务商申请（tocsin templates），再把编号写入 {key}",
        f"the channel {channel} has no template for {kind}: apply for it (tocsin templates), "
        f"then write its id under {key}",
    )


def applications(provider: str) -> Iterator[str]:
    """What to apply for at a provider, line by line."""
    written = named if provider == "aliyun" else numbered
    yield f"申请说明（两类模板通用）：{REASON}"
    for title, texts in (
        ("短信 SMS（模板类型：短信通知）", SMS),
        ("语音 voice（模板类型：语音通知）", VOICE),
    ):
        yield f"\n== {title}"
        for kind, text in texts.items():
            yield f"\n[{kind}] {written(text)}"
            yield f"  示例：{filled(text, _samples(kind, texts is VOICE))}"
            yield from _described(text, provider, texts is VOICE)


def _samples(kind: Kind, voice: bool) -> dict[str, str]:
    samples = {name: sample for name, (_, _, sample) in VARIABLES.items()}
    if kind is Kind.CLEAR:
        samples["state"] = "已解除"
    return samples | ({"event": SPOKEN_EVENT} if voice else {})


def _described(text: str, provider: str, voice: bool) -> Iterator[str]:
    for number, name in enumerate(slots(text), 1):
        what, attribute, _ = VARIABLES[name]
        mark = f"${{{name}}}" if provider == "aliyun" else f"{{{number}}}"
        kind = f"，变量属性：{attribute}" if provider == "aliyun" and not voice else ""
        yield f"  {mark} {what}{kind}"
