"""Touches. What the robots of group chats have in common: a webhook with its key in it, a pace, codes."""

import re
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from alerts.clean import ELLIPSIS
from alerts.delivery.channels.channel import ChannelError, Notice, Receipt
from alerts.delivery.channels.exchange import Exchange, Json
from alerts.delivery.channels.meaning import Meaning
from alerts.delivery.channels.pace import Pace

_HOST = r"(https://[^\s/@?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?)"
_MOBILE = re.compile(r"(\+?86)?(1[3-9]\d{9})")
# A code that is not in the table may pass; giving a notice up for good because of it would be worse.
_OTHER = Meaning("群机器人拒绝了消息", "the robot refused it", False)


class RobotSettings(BaseModel):
    """`url` is the webhook as the chat shows it, with its key in it: write it with `!secret`. `links`: its
    messages hold the one-tap link of whoever they mention; the whole group can read it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(repr=False)
    links: bool = False
    ca: str | None = None
    workers: int = Field(2, ge=1, le=32)


def webhook(value: str, path: str, example: str) -> str:
    """A webhook's URL: its host may be a private installation's, its path never differs."""
    if not re.fullmatch(_HOST + path, value):
        raise ValueError(f"must be the robot's webhook as the chat shows it, like {example}")
    return value


class Robot:
    """Posts JSON to one webhook. Each provider calls the code of its answer `code_name` and the words of it
    `said_name`; `meaning` says what a code and its words mean."""

    code_name, said_name = "errcode", "errmsg"

    def __init__(
        self,
        name: str,
        provider: str,
        settings: RobotSettings,
        pace: Pace,
        meaning: Callable[[int, str], Meaning | None],
        now: Callable[[], int],
    ) -> None:
        self.name = name
        self.workers = settings.workers
        self._provider, self._settings = provider, settings
        self._pace, self._meaning, self._now = pace, meaning, now
        self._lock = threading.Lock()
        self._exchange = Exchange(provider, settings.workers, settings.ca)

    def _post(self, notice: Notice, url: str, body: Mapping[str, Any]) -> Receipt:
        """Accepted when the answer's code is 0, and not when its status is 200: it always is."""
        self._keep_pace(notice)
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "tocsin"}
        status, answer = self._exchange.json("POST", url, headers, msgspec.json.encode(body))
        code, said = answer.get(self.code_name), str(answer.get(self.said_name) or "")
        if isinstance(code, bool) or not isinstance(code, int):
            raise self._odd(status, answer)
        if code:
            raise (self._meaning(code, said) or _OTHER).error(str(code), said.partition(", hint:")[0])
        return Receipt(accepted=True)

    def _keep_pace(self, notice: Notice) -> None:
        with self._lock:
            wait = self._pace.wait(self._now(), bool(notice.alert.get("life_safety")))
        if wait:
            raise ChannelError(
                f"{self._provider} takes no more messages in this minute; alarms go first", False,
                zh="本分钟的发送次数已用完，报警优先", retry_after=wait, personal=True,
            )  # fmt: skip

    def _odd(self, status: int, answer: Json) -> ChannelError:
        if answer.get("punish"):  # of Alibaba's gateway, before DingTalk has seen it
            wait = answer.get("wait")
            seconds = wait if isinstance(wait, int) and 0 < wait < 600 else 60
            return ChannelError(
                "too many requests: the provider's gateway turns them away", False,
                zh="请求过于频繁，被网关拦截", retry_after=seconds * 1000, status=status,
            )  # fmt: skip
        return ChannelError(
            f"answered {status} without a code: is `url` the robot's webhook?", False,
            zh=f"对方返回 {status}，没有错误码：`url` 是群机器人的 webhook 吗？",
            unknown=status < 300 or status >= 500, status=status,
        )  # fmt: skip


def mobile(address: str) -> str:
    """The eleven digits of a mobile number; "" for anything else, which is an id in the chat."""
    found = _MOBILE.fullmatch(re.sub(r"[\s()-]", "", address))
    return found[2] if found else ""


def text(notice: Notice, keyword: str, most: int, links: bool = False) -> str:
    """The notice in at most `most` bytes, with nothing in it that a chat would act on. The place stands
    first, and the code is there however much is cut; so is the link, where `links`."""
    body = notice.body.replace("<", "‹").replace(">", "›")
    tail = f"\n{keyword}" if keyword and keyword not in body else ""
    tail += f"\n{notice.invitation}" if links and notice.link else ""
    if len((body + tail).encode()) <= most:
        return body + tail
    tail = f"{ELLIPSIS}\n{notice.code}{tail}"
    kept = body.encode()[: most - len(tail.encode())].decode("utf-8", "ignore")
    return kept + tail
