"""Thinks. Words of rules in shadow, of promoting them, and of backtests."""

WORDS: dict[str, tuple[str, str]] = {
    "rules_shadow": ("试运行中的规则", "Rules in shadow"),
    "shadow": ("试运行", "in shadow"),
    "shadow_help": (
        "试运行的规则照常判断，但不通知任何人，也不替代别的规则。",
        "A rule in shadow judges like any other and tells nobody; it stands in for no other rule.",
    ),
    "shadow_until": ("试运行到 {at}", "in shadow until {at}"),
    "shadow_over": (
        "试运行已结束，等待决定：投入使用，或修改文件",
        "Shadow ended, decide: put it into service, or change the file",
    ),
    "rule_shadow": ("试运行 {value}，不通知任何人", "in shadow for {value}: tells nobody"),
    "would_have": ("本应报出 {n} 次", "would have fired {n} times"),
    "would_have_chatter": ("其中 {n} 次属频繁动作（60 秒内 3 次以上）", "{n} of them chatter (≥ 3 in 60 s)"),
    "would_have_standing": ("{n} 个在开始时已成立", "{n} held already at the start"),
    "would_have_suppressed": ("{n} 次会被别的规则抑制", "{n} suppressed by another rule"),
    "would_have_devices": ("涉及 {n} 台设备", "on {n} devices"),
    "shadow_seen": ("试运行以来", "Since it is in shadow"),
    "shadow_beside": ("同时实际报出的警情", "Really raised around then"),
    "shadow_nothing_raised": ("没有", "nothing"),
    "shadow_none": ("还没有一次会报出。", "It would have raised nothing so far."),
    "firing_when": ("时间", "When"),
    "firing_where": ("设备和地点", "Device and place"),
    "firing_said": ("依据", "Because"),
    "firing_lasted": ("持续", "For"),
    "firing_still": ("仍成立", "still holds"),
    "firing_chatter": ("频繁动作", "chatter"),
    "firing_shown": ("只列最近 {n} 次", "the last {n} are listed"),
    "backtest": ("用历史回放", "Backtest"),
    "backtest_start": ("用最近 30 天的历史回放", "Judge the last 30 days anew"),
    "backtest_running": ("正在回放：{n}%", "Running: {n} %"),
    "backtest_busy": (
        "另一条规则正在回放，请等它结束。",
        "A backtest of another rule is running; wait until it has ended.",
    ),
    "backtest_failed": ("没有结果：{why}", "No answer: {why}"),
    "backtest_answer": (
        "{since} 到 {until}，{n} 条读数，由现在的规则和设备登记重新判断。",
        "{since} to {until}: {n} readings, judged anew by the rules and the registry of now.",
    ),
    "backtest_caveat": (
        "历史里没有：设备刷屏时合并掉的重复读数、当时的设备登记和校历、同一毫秒内的先后。",
        "Not in the history: what a device repeated while it flooded, the registry and calendar as they were,"
        " and the order of what came in the same millisecond.",
    ),
    "promote": ("投入使用", "Put into service"),
    "promote_help": (
        "从现在起这个版本会报警。原因记入变更记录；文件不变，以后改动这条规则的文字就又按文件执行。",
        "From now on this very version raises alerts. The reason is kept with the changes; the file stays as"
        " it is, and when the rule's text is changed later, the file counts again.",
    ),
    "promote_reason": ("原因", "Reason"),
    "promote_changed": (
        "这条规则刚刚变了，或已不在试运行。请重新打开页面再看。",
        "This rule has just changed, or is no longer in shadow. Open its page again.",
    ),
    "promote_first": (
        "它依赖仍在试运行的规则：{rules}。请先让那些规则投入使用。",
        "It builds on rules that are still in shadow: {rules}. Put those into service first.",
    ),
    "change_promoted": ("投入使用", "put into service"),
    "rules_all": ("全部规则", "All rules"),
}
