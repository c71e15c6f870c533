"""Touches. A custom bot in a Feishu (飞书) or Lark group, signed where it has a secret.

https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN (自定义机器人使用指南: 100 messages a minute
and 5 a second, 20 KB, keyword, IP list, signature, and their codes; mentions by Open ID)
https://open.feishu.cn/document/server-docs/api-call-guide/frequency-control (99991400)
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.channels.meaning import MINUTE, Meaning
from alerts.delivery.channels.pace import Pace
from alerts.delivery.channels.robot import Robot, RobotSettings, text, webhook

BYTES = 18_000  # of 20 KB
EVERYBODY = "@all"
_WEBHOOK = "https://open.feishu.cn/open-apis/bot/v2/hook/…"
_FAST = Meaning(
    "发送过快，每个机器人每分钟 100 条、每秒 5 条",
    "too fast: a bot may send 100 messages a minute and 5 a second",
    False,
    retry_after=MINUTE // 6,
)
MEANINGS = {
    9499: Meaning("请求格式不对或超过 20 KB", "the request is not well formed, or over 20 KB"),
    11232: _FAST,
    19001: Meaning(
        "webhook 地址不对，机器人可能已被删除：请重新复制 url",
        "the webhook is wrong, perhaps the bot was deleted: copy `url` anew",
    ),
    19021: Meaning(
        "签名不匹配，或本机时钟相差超过 1 小时：请检查 secret 和时间（NTP）",
        "the signature does not match, or this machine's clock is over an hour off: check `secret` and NTP",
    ),
    19022: Meaning(
        "本单位出口 IP 不在机器人的白名单里：请在机器人设置中添加",
        "our address is not in the bot's list of addresses: add it in the bot's settings",
    ),
    19024: Meaning(
        "消息里没有机器人要求的关键词：请设置 keyword，或改用签名校验",
        "the message lacks the bot's keyword: set `keyword`, or use the signature instead",
    ),
    99991400: _FAST,
}


def _webhook(value: str) -> str:
    return webhook(value, r"/open-apis/bot/v2/hook/[\w-]{8,80}", _WEBHOOK)


class FeishuSettings(RobotSettings):
    """A Feishu or Lark custom bot; `secret` where 签名校验 is on. A person's address is their Open ID (ou_…),
    or `@all`."""

    kind: Literal["feishu"]
    url: Annotated[str, AfterValidator(_webhook)] = Field(repr=False)
    secret: str = Field(
        "",
        pattern=r"^(\S{6,128})?$",
        description="the secret of 签名校验, 6 to 128 characters without spaces",
        repr=False,
    )
    keyword: str = Field("", max_length=40)


class Feishu(Robot):
    """An address is whom it mentions; without one, nobody is."""

    code_name, said_name = "code", "msg"

    def __init__(self, name: str, settings: FeishuSettings, now: Callable[[], int]) -> None:
        super().__init__(name, "Feishu", settings, Pace(100, 20), lambda code, said: MEANINGS.get(code), now)
        self._secret, self._keyword = settings.secret, settings.keyword

    def send(self, notice: Notice) -> Receipt:
        content = _mention(notice) + text(notice, self._keyword, BYTES, self._settings.links)
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": content}}
        if self._secret:
            seconds = self._now() // 1000
            body |= {"timestamp": str(seconds), "sign": signature(self._secret, seconds)}
        return self._post(notice, self._settings.url, body)


def _mention(notice: Notice) -> str:
    """Anything but an Open ID would stand there as text, and mention nobody."""
    if not notice.address:
        return ""
    if notice.address == EVERYBODY:
        return '<at user_id="all">所有人</at>\n'
    if not (notice.address.startswith("ou_") and notice.address[3:].isalnum()):
        reason = "it is no Open ID of Feishu: write ou_…, @all, or nothing"
        raise ChannelError(reason, True, zh="不是飞书的 Open ID：请写 ou_…、@all，或留空")
    name = clean(notice.person, 40).replace("<", "‹")
    return f'<at user_id="{notice.address}">{name}</at>\n'


def signature(secret: str, seconds: int) -> str:
    """Of nothing, under the moment (s) and the secret: not as DingTalk does it."""
    mac = hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()
