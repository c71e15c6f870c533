"""Thinks. The words around the findings."""

WORDS: dict[str, tuple[str, str]] = {
    "ok": ("正常", "ok"),
    "unknown": ("不明", "unknown"),
    "warning": ("警告", "warning"),
    "problem": ("问题", "PROBLEM"),
    "heading": ("警钟体检：{source}", "Tocsin doctor: {source}"),
    "installation": ("安装", "The installation"),
    "machine": ("本机", "This machine"),
    "reach": ("消息服务器：能否到达", "The broker: reaching it"),
    "strangers": ("消息服务器：谁能做什么", "The broker: who may do what"),
    "keeping": ("消息服务器：替警钟保留什么", "The broker: what it keeps for Tocsin"),
    "sum": (
        "问题 {problem} · 警告 {warning} · 不明 {unknown} · 正常 {ok}",
        "Problems: {problem} · warnings: {warning} · unknown: {unknown} · in order: {ok}",
    ),
    "restart_now": (
        "现在请重启消息服务器（例如 systemctl restart mosquitto）。最多等 5 分钟，Ctrl-C 结束。",
        "Restart the broker now (for example systemctl restart mosquitto). Waiting for up to 5 minutes;"
        " Ctrl-C ends.",
    ),
    "interrupted": ("已中断，探测已清除。", "Interrupted; the probes were removed."),
    "interrupted_left": (
        "已中断；探测没能全部清除，消息服务器会在 10 分钟内丢弃它们。",
        "Interrupted; not all probes could be removed, the broker drops them within 10 minutes.",
    ),
    "who_nobody": ("没有账号的人", "clients without an account"),
    "who_invented": ("编造账号的人", "clients with an invented account"),
    "who_device": ("一个设备的账号", "the account of one device"),
}
