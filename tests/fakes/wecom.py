"""Touches. A WeCom of the tests' own: the robot of one group, on 127.0.0.1.

Made after https://developer.work.weixin.qq.com/document/path/91770 and …/path/90313; Apprise's plugin
takes it for WeCom (tests/shell/test_robots.py). Every answer has the status 200, as there.

Tricks: "hang", "close", "truncate", "html", any number (tests/fakes/provider.py), "lie" (accepts and shows
nothing), "double" (shows it twice), "nothing" (an answer without a code).
"""

import json
from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.provider import Provider, Reply, Request

KEY = "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"


class FakeWecom(Provider):
    """`posts` is what the group sees; `code` is answered instead of taking a message."""

    most, blocked_for = 20, 0  # messages a minute; ms for which a robot that sent more is blocked

    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self.now = now
        self.posts: list[dict[str, Any]] = []
        self.code: tuple[int, str] | None = None
        self._sent: deque[int] = deque()
        self._blocked = 0

    @property
    def webhook(self) -> str:
        return f"{self.url}/cgi-bin/webhook/send?key={KEY}"

    def answer(self, request: Request) -> Reply:
        found = urlsplit(request.path)
        if self.trick == "nothing":
            return _said({"hello": "world"})
        if found.path != "/cgi-bin/webhook/send" or parse_qs(found.query) != {"key": [KEY]}:
            return self.refused(93000, "invalid webhook url")
        if self.code:
            return self.refused(*self.code)
        said = json.loads(request.body)
        content = said.get("text", {}).get("content", "")
        if said.get("msgtype") != "text":
            return self.refused(40008, "invalid message type")
        if not content:
            return self.refused(44004, "empty content")
        if len(content.encode()) > 2048:
            return self.refused(40058, "text.content exceed max length 2048. invalid Request Parameter")
        if self.too_fast():
            return self.refused(45009, "api freq out of limit")
        return self.shown(said)

    def too_fast(self) -> bool:
        now = self.now()
        while self._sent and self._sent[0] <= now - 60_000:
            self._sent.popleft()
        if now < self._blocked or len(self._sent) >= self.most:
            self._blocked = max(self._blocked, now + self.blocked_for)
            return True
        self._sent.append(now)
        return False

    def shown(self, said: dict[str, Any]) -> Reply:
        self.posts += [said] * {"lie": 0, "double": 2}.get(str(self.trick), 1)
        return _said({"errcode": 0, "errmsg": "ok"})

    def refused(self, code: int, words: str) -> Reply:
        hint = "hint: [1653710655173452988930371], from ip: 192.0.2.7, more info at https://open.work.weixin.qq.com"
        return _said({"errcode": code, "errmsg": f"{words}, {hint}/devtool/query?e={code}"})


def _said(answer: dict[str, Any]) -> Reply:
    return Reply(200, json.dumps(answer).encode())
