"""Thinks. Words of the delivery ledger and of tries of a channel."""

WORDS: dict[str, tuple[str, str]] = {
    "ledger": ("送达台账", "Delivery ledger"),
    "ledger_help": (
        "每人每通道的通知：发出、送达、回复多少，用时中位数，失败原因。试发不计在内。",
        "The notices to each person on each channel: how many were sent, delivered and answered, the median "
        "times, why they failed. Tries do not count.",
    ),
    "ledger_days": ("{n} 天", "{n} days"),
    "ledger_none": ("这段时间没有通知。", "No notices in this time."),
    "ledger_person": ("人员", "Person"),
    "ledger_channel": ("通道", "Channel"),
    "ledger_owed": ("应发", "Owed"),
    "ledger_sent": ("已发出", "Sent"),
    "ledger_delivered": ("已送达", "Delivered"),
    "ledger_to_deliver": ("送达用时中位数（秒）", "Median to deliver (s)"),
    "ledger_answered": ("已回复", "Answered"),
    "ledger_to_answer": ("回复用时中位数（秒）", "Median to answer (s)"),
    "ledger_failed": ("失败", "Failed"),
    "ledger_cancelled": ("已取消", "Cancelled"),
    "ledger_tries": ("失败的尝试", "Failed attempts"),
    "ledger_failure": ("最近失败的原因", "Last failure"),
    "ledger_failed_at": ("最近失败的时间", "Last failed at"),
    "contacts": ("联系方式", "Contacts"),
    "trial": ("试发", "Try it"),
    "trial_start": ("发送测试通知", "Send a test notice"),
    "trial_help": (
        "测试通知与真实通知走同一条路，每一步在此显示，最多等 60 秒回执。",
        "A test notice goes the way of a real one. Each step is shown here; a receipt is waited for 60 s.",
    ),
    "trial_too_soon": (
        "刚刚试发过，或一小时内试发太多：请等 30 秒以上再试。",
        "This was tried a moment ago, or too much was tried in the last hour: wait 30 seconds or more.",
    ),
    "trial_no_contacts": (
        "没有联系方式：写在校园文件的 people 里。",
        "No contacts: write them in the campus file, under people.",
    ),
}
