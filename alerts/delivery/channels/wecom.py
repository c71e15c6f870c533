"""Touches. A robot in a WeCom (企业微信) group. Its webhook's key is all that proves who we are.

https://developer.work.weixin.qq.com/document/path/91770 (群机器人配置说明: text of 2048 bytes at most,
mentions by user id and mobile number, 20 messages a minute); the codes: …/document/path/90313 (全局错误码)
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from alerts.delivery.channels.channel import Notice, Receipt
from alerts.delivery.channels.meaning import MINUTE, Meaning
from alerts.delivery.channels.pace import Pace
from alerts.delivery.channels.robot import Robot, RobotSettings, mobile, text, webhook

BYTES = 2_048
_WEBHOOK = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…"
_LONG = Meaning("消息过长或格式不对", "the message is too long or not well formed")
MEANINGS = {
    -1: Meaning("企业微信系统繁忙", "WeCom is busy", False, retry_after=5_000),
    40008: _LONG,
    40058: _LONG,
    44004: Meaning("消息内容为空", "the message is empty"),
    45009: Meaning(
        "发送过快，每个机器人每分钟 20 条", "too fast: a robot may send 20 messages a minute", False,
        retry_after=MINUTE,
    ),
    45033: Meaning("同时调用过多", "too many calls at once", False, retry_after=1_000),
    93000: Meaning(
        "webhook 地址不对，或机器人已被移出群：请重新复制 url",
        "the webhook is wrong, or the robot was removed from the group: copy `url` anew",
    ),
    93004: Meaning("机器人已被停用：请在群里启用", "the robot is switched off: switch it on in the group"),
    93008: Meaning("机器人不在群里：请重新添加", "the robot is not in the group: add it again"),
}  # fmt: skip


def _webhook(value: str) -> str:
    return webhook(value, r"/cgi-bin/webhook/send\?key=[\w-]{8,80}", _WEBHOOK)


class WecomSettings(RobotSettings):
    """A WeCom group robot. A person's address is their mobile number, their user id, or `@all`."""

    kind: Literal["wecom"]
    url: Annotated[str, AfterValidator(_webhook)] = Field(repr=False)


class Wecom(Robot):
    """An address is whom it mentions; without one, nobody is."""

    def __init__(self, name: str, settings: WecomSettings, now: Callable[[], int]) -> None:
        super().__init__(name, "WeCom", settings, Pace(20, 5), lambda code, said: MEANINGS.get(code), now)

    def send(self, notice: Notice) -> Receipt:
        content: dict[str, Any] = {"content": text(notice, "", BYTES, self._settings.links)}
        if number := mobile(notice.address):
            content["mentioned_mobile_list"] = [number]
        elif notice.address:
            content["mentioned_list"] = [notice.address]
        return self._post(notice, self._settings.url, {"msgtype": "text", "text": content})
