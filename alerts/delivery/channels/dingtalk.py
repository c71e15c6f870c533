"""Touches. A custom robot in a DingTalk (钉钉) group, signed where it has a secret.

https://open.dingtalk.com/document/robots/custom-robot-access (message, mentions, 20 messages a minute, over
which the robot is blocked for 10)
https://open.dingtalk.com/document/robots/customize-robot-security-settings (keyword, signature, IP list)
https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages (codes)
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, Field

from alerts.delivery.channels.channel import Notice, Receipt
from alerts.delivery.channels.meaning import MINUTE, Meaning
from alerts.delivery.channels.pace import Pace
from alerts.delivery.channels.robot import Robot, RobotSettings, mobile, text, webhook

BYTES = 18_000  # of 20,000
EVERYBODY = "@all"
SAFETY = 310000
_WEBHOOK = "https://oapi.dingtalk.com/robot/send?access_token=…"
_TOKEN = Meaning(
    "access_token 不存在，机器人可能已被删除：请重新复制 url",
    "there is no such access_token, perhaps the robot was deleted: copy `url` anew",
)
_FAST = Meaning(
    "发送过快，每个机器人每分钟 20 条，超过后限流 10 分钟",
    "too fast: a robot may send 20 messages a minute, and is blocked for 10 minutes after",
    False,
    retry_after=10 * MINUTE,
)
_CONTENT = Meaning("内容被拦截：含有不合适的文字或链接", "the content was refused: a forbidden word or link")
MEANINGS = {
    -1: Meaning("钉钉系统繁忙", "DingTalk is busy", False, retry_after=5_000),
    130101: _FAST,
    300001: _TOKEN,
    300005: _TOKEN,
    400013: Meaning("群已解散", "the group was dissolved"),
    400101: _TOKEN,
    400102: Meaning("机器人已停用：请在群里重新启用", "the robot is switched off: switch it on in the group"),
    400105: Meaning("不支持的消息类型", "it takes no messages of this type"),
    400106: Meaning("机器人不存在：请确认它在群里", "there is no such robot: is it in the group?"),
    410100: _FAST,
    430101: _CONTENT,
    430102: _CONTENT,
    430104: _CONTENT,
    460101: Meaning("消息过长", "the message is too long"),
}
_SAFETIES = (
    ("keyword", Meaning(
        "消息里没有机器人要求的关键词：请设置 keyword，或改用加签",
        "the message lacks the robot's keyword: set `keyword`, or use the signature instead",
    )),
    ("timestamp", Meaning(
        "时间戳无效：本机时钟与钉钉相差超过 1 小时，请校准时间（NTP）",
        "the timestamp is refused: this machine's clock is more than an hour off, set it (NTP)", False,
    )),
    ("sign", Meaning("签名不匹配：请检查 secret", "the signature does not match: check `secret`")),
    ("whitelist", Meaning(
        "本单位出口 IP 不在机器人的白名单里：请在机器人设置中添加",
        "our address is not in the robot's list of addresses: add it in the robot's settings",
    )),
)  # fmt: skip


def meaning(code: int, said: str) -> Meaning | None:
    """One code stands for every safety setting of a robot; only its words tell which."""
    if code == SAFETY:
        return next((known for word, known in _SAFETIES if word in said.lower()), None)
    return MEANINGS.get(code)


def _webhook(value: str) -> str:
    return webhook(value, r"/robot/send\?access_token=\w{8,128}", _WEBHOOK)


class DingtalkSettings(RobotSettings):
    """A DingTalk custom robot; `secret` where 加签 is on. A person's address is their mobile number, their
    user id, or `@all`."""

    kind: Literal["dingtalk"]
    url: Annotated[str, AfterValidator(_webhook)] = Field(repr=False)
    secret: str = Field(
        "", pattern=r"^(SEC\w{16,128})?$", description="the secret of 加签, which begins with SEC", repr=False
    )
    keyword: str = Field("", max_length=40)


class Dingtalk(Robot):
    """An address is whom it mentions; without one, nobody is."""

    def __init__(self, name: str, settings: DingtalkSettings, now: Callable[[], int]) -> None:
        super().__init__(name, "DingTalk", settings, Pace(20, 5), meaning, now)
        self._secret, self._keyword = settings.secret, settings.keyword

    def send(self, notice: Notice) -> Receipt:
        at: dict[str, Any] = {"isAtAll": notice.address == EVERYBODY}
        content = text(notice, self._keyword, BYTES, self._settings.links)
        if whom := "" if at["isAtAll"] else mobile(notice.address) or notice.address:
            at["atMobiles" if mobile(notice.address) else "atUserIds"] = [whom]
            content += f"\n@{whom}"  # DingTalk puts the name in its place
        url = self._settings.url
        if self._secret:
            moment = self._now()
            url += "&" + urlencode({"timestamp": moment, "sign": signature(self._secret, moment)})
        return self._post(notice, url, {"msgtype": "text", "text": {"content": content}, "at": at})


def signature(secret: str, moment: int) -> str:
    """Of the moment (ms) and the secret, under the secret."""
    mac = hmac.new(secret.encode(), f"{moment}\n{secret}".encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()
