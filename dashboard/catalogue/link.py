"""Thinks. Words of the page of a one-tap link, and of the answers that nobody is known to have given."""

WORDS: dict[str, tuple[str, str]] = {
    "link_title": ("回复警情", "Answer an alert"),
    "link_of": ("代码 {code}", "Code {code}"),
    "link_for": (
        "以 {who} 的名义回复。不是您本人，请勿操作。",
        "This answers in the name of {who}. If that is not you, press nothing.",
    ),
    "link_checked": ("到现场看过了？", "Have you seen it yourself?"),
    "link_yours": ("由您受理。", "It is yours."),
    "link_others": ("{who} 已经受理。", "{who} has taken it."),
    "link_nobodys": ("还没有人受理。", "Nobody has taken it yet."),
    "link_closed": ("警情已关闭，无需处置。", "This alert is closed: nothing to do."),
    "link_more": ("也通知过您、尚未关闭：", "You were also told of these, and they are open:"),
    "link_forged": (
        "链接不完整或被改动过，未作处理。请从通知里完整打开，或登录、回复代码、打电话给值班室。",
        "This link is incomplete or was altered: nothing was done. Open it from the notice itself, or sign"
        " in, reply with the code, or call the security office.",
    ),
    "link_expired": (
        "链接已过期，未作处理。请用最新的通知，或登录、回复代码、打电话给值班室。",
        "This link has expired: nothing was done. Use the newest notice, or sign in, reply with the code, or"
        " call the security office.",
    ),
    "link_moved": (
        "链接对应的通知已不存在，或已不属于您的这个号码，未作处理。请用最新的通知，或打电话给值班室。",
        "The notice of this link does not exist any more, or this address is not yours any more: nothing was"
        " done. Use the newest notice, or call the security office.",
    ),
    "unheard": ("无主答复", "Answers of nobody"),
    "unheard_help": (
        "未登记或两人共用的号码发来的答复，以及不是本系统签发的一键链接。不起作用、不予回复，90 天后删除。"
        "若是自己人的号码，请把它登记到该人员名下。",
        "What came from a number that is not registered, or that two people share, and one-tap links that we"
        " did not sign. It does nothing, gets no reply and is deleted after 90 days. If it is one of yours,"
        " register the number for that person.",
    ),
    "unheard_none": ("没有。", "None."),
    "unheard_days": ("最近 {n} 天", "In the last {n} days"),
    "unheard_when": ("时间", "When"),
    "unheard_way": ("通道", "Channel"),
    "unheard_from": ("来源", "From"),
    "unheard_words": ("内容", "Words"),
    "unheard_why": ("原因", "Why"),
    "unheard_link": ("一键链接", "one-tap link"),
    "unheard_unknown_sender": ("号码未登记", "not registered"),
    "unheard_shared_sender": ("两人共用的号码", "a number two people share"),
    "unheard_forged": ("伪造的链接", "forged link"),
    "link_often": ("打开太频繁，请过一分钟再试。", "Too often: try again in a minute."),
}
