"""Touches. One request to somebody's HTTP server: its time, its size, and what failures of the way mean."""

import errno
import logging
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import msgspec
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, ProtocolError, SSLError

from alerts import outside
from alerts.clean import clean
from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.channels.unreached import unreached

TIMEOUT = 8.0  # seconds for one request
CONNECT = 4.0  # of these, for the connection
PAUSE = 2.0  # seconds without a byte of the answer's body, after which the rest is left
BODY = 65_536  # bytes of an answer that are read at most
_HERE = re.compile(r"http://(127\.0\.0\.1|localhost)(:\d+)?")

Json = dict[str, Any]
logging.getLogger("urllib3").setLevel(logging.ERROR)  # its log holds whole URLs, with numbers and words


def encrypted(value: str) -> str:
    """An endpoint: https://host, or plain HTTP on this machine."""
    if not re.fullmatch(r"https://[^\s/@?#]+", value) and not _HERE.fullmatch(value):
        raise ValueError("must be https://host, like https://dysmsapi.aliyuncs.com")
    return value


class Exchange:
    """Kept-alive connections to one far end, called `provider` in reasons; unless `inside`, never into our
    own network. A request takes `seconds`, and of an answer `most` bytes are read."""

    def __init__(
        self,
        provider: str,
        connections: int,
        ca: str | None = None,
        inside: bool = True,
        seconds: float | None = None,
        most: int = BODY,
    ) -> None:
        self._provider = provider
        self._seconds, self._most, self._ca = seconds, most, ca
        self._pool = outside.manager(inside, num_pools=4, maxsize=connections, retries=False, ca_certs=ca)

    def talk(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | str | None = None
    ) -> tuple[urllib3.BaseHTTPResponse, bytes]:
        """The response and its body, as far as that came in time. Raises ChannelError where none came."""
        seconds = self._seconds or TIMEOUT
        until = time.monotonic() + seconds
        try:
            response = self._pool.request(
                method, url, body=body, headers=dict(headers), redirect=False, preload_content=False,
                timeout=urllib3.Timeout(total=seconds, connect=CONNECT),
            )  # fmt: skip
        except HTTPError as error:
            raise self._network(error, seconds) from error
        return response, _read(response, self._most, until)

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Status and answer. Raises ChannelError where none came, and for 429."""
        response, answer = self.talk(method, url, headers, body)
        if response.status == 429:
            raise ChannelError(
                "answered 429: too many requests", False, zh="对方返回 429：请求过于频繁",
                retry_after=retry_after(response), status=429,
            )  # fmt: skip
        return response.status, answer

    def json(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, Json]:
        """The same for an API that always answers a JSON object; what is none came from somebody else."""
        status, answer = self.ask(method, url, headers, body)
        try:
            made = msgspec.json.decode(answer)
        except msgspec.MsgspecError:
            made = None
        if isinstance(made, dict):
            return status, made
        said = f"answered {status} with something else than JSON: does a proxy or a sign-in page answer?"
        zh = f"对方返回 {status}，内容不是 JSON：是否有代理或登录页面在应答？"
        raise ChannelError(said, False, zh=zh, unknown=status < 300 or status >= 500)

    def _network(self, error: HTTPError, seconds: float) -> ChannelError:
        """Whatever failed before the connection stood has not left; of all else nobody knows."""
        unknown = not isinstance(error, ConnectTimeoutError)
        said = _said(error)
        if self._ca and not Path(self._ca).is_file():
            return ChannelError(
                f"the file in `ca` is not there: {Path(self._ca).absolute()}", False,
                zh=f"`ca` 所写的文件不存在：{Path(self._ca).absolute()}",
            )  # fmt: skip
        if isinstance(error, SSLError) or (isinstance(error, outside.Unmade) and error.tls):
            return ChannelError(
                f"TLS: {said} (a private CA belongs in `ca`)", False,
                zh=f"TLS 错误：{said}（私有 CA 请写入 `ca`）", unknown=unknown,
            )  # fmt: skip
        if isinstance(error, urllib3.exceptions.TimeoutError) and unknown:
            late, zh = f"no answer within {seconds:.0f} s", f"{seconds:.0f} 秒内没有应答"
            return ChannelError(late, False, zh=zh, unknown=True)
        if isinstance(error, outside.Inside):
            # temporary: a name may lead there for a moment, as on a campus that wants a sign-in
            return ChannelError(
                f"{said}: set `inside: true` if it is meant", False,
                zh=f"目标地址在本单位内网，未获允许：如确有此意，请设置 `inside: true`（{said}）",
            )  # fmt: skip
        zh, reason = unreached(said)
        return ChannelError(
            f"cannot reach {self._provider or 'it'}: {reason}", False,
            zh=f"无法连接 {self._provider}".rstrip() + f"：{zh}", unknown=unknown,
        )  # fmt: skip


def _said(error: HTTPError) -> str:
    """The last part of urllib3's message, without the repr of the connection."""
    if type(error) is ConnectTimeoutError:
        return f"[Errno {errno.ETIMEDOUT}]"
    cause = error.args[-1] if isinstance(error, ProtocolError) else None
    if isinstance(cause, ConnectionResetError):  # also RemoteDisconnected, which has no number
        return f"[Errno {errno.ECONNRESET}]"
    if isinstance(cause, Exception):
        return clean(f"{type(cause).__name__}: {cause}", 160)
    return clean(str(error).rsplit("object at 0x", 1)[-1].partition(">: ")[2] or str(error), 160)


def _read(response: urllib3.BaseHTTPResponse, most: int, until: float) -> bytes:
    """What was answered is in the status; a body that breaks off changes nothing. A connection that was not
    read to its end is not used again."""
    answer = b""
    sock = getattr(response.connection, "sock", None)
    if sock is not None:
        sock.settimeout(PAUSE)
    try:
        while len(answer) < most and time.monotonic() < until:
            piece = response.read1(most - len(answer), decode_content=False)
            if not piece:
                response.release_conn()
                return answer
            answer += piece
    except HTTPError:
        pass
    response.close()
    return answer


def retry_after(response: urllib3.BaseHTTPResponse) -> int | None:
    """ms of its Retry-After: a number, or an HTTP date by the far end's own clock, which its Date tells
    (RFC 9110 §10.2.3, §6.6.1); None when there is none or it makes no sense."""
    asked = response.headers.get("Retry-After", "").strip()
    if asked.isdigit():
        return int(asked) * 1000 if len(asked) < 9 else None
    try:
        until, now = (parsedate_to_datetime(date) for date in (asked, response.headers.get("Date", "")))
        return max(0, round((until - now).total_seconds() * 1000))
    except (ValueError, TypeError):  # no date, or one with a time zone beside one without
        return None
