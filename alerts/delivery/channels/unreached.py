"""Thinks. Why a far end could not be reached, in words: what the operating system says is for programmers."""

import re

_ERRNO = re.compile(r"\[Errno (-?\d+)\]")
_WORDS = {
    101: ("网络不通", "the network cannot be reached"),
    104: ("对方断开了连接", "it closed the connection"),
    110: ("连接超时", "it did not answer in time"),
    111: ("对方拒绝连接，服务可能没有运行", "it refuses the connection; perhaps it is not running"),
    113: ("找不到通往对方的路由", "there is no route to it"),
    -2: ("域名无法解析", "its name is not known"),
    -3: ("域名暂时无法解析", "its name cannot be looked up at the moment"),
}


def unreached(said: str) -> tuple[str, str]:
    """In Chinese and English; what is not known is passed on as it was said."""
    found = _ERRNO.search(said)
    return _WORDS.get(int(found[1]), (said, said)) if found else (said, said)
