"""Thinks. Twilio's error codes in our words, and what they mean for us: https://www.twilio.com/docs/api/errors

Twilio may add finer codes at any time: an unknown one is judged by its HTTP status alone.
"""

from rules.verdict import Text

DEAD = frozenset({21211, 21214, 21217, 21614, 21635, 30005, 30006})  # the number cannot be reached this way
TEMPORARY = frozenset({20429, 21611, 30001})
WORDS = {
    20003: Text(
        "账号或密钥不对：请检查 account_sid、key_sid 和 secret",
        "the account or key is wrong: check account_sid, key_sid and secret",
    ),
    20404: Text("Twilio 不认识这条记录或这个账号", "Twilio knows no such message or account"),
    20429: Text("请求过于频繁", "too many requests"),
    21211: Text("号码无效", "the number is not valid"),
    21214: Text("号码无法接通", "the number cannot be reached"),
    21217: Text("号码无效", "the number is not valid"),
    21408: Text(
        "未开通该地区：请在 Twilio 控制台的 Geo Permissions 中开通",
        "no permission for that region: Geo Permissions in Twilio's console",
    ),
    21606: Text(
        "`sender` 不能发送短信：请填写账号名下的号码",
        "`sender` cannot send SMS: take a number of this account",
    ),
    21608: Text("试用账号只能发往已验证的号码", "a trial account sends to verified numbers only"),
    21610: Text(
        "对方已退订（回复过 STOP）：须由本人回复 START",
        "the person has opted out by replying STOP: only their own START undoes it",
    ),
    21611: Text("Twilio 的发送队列已满", "Twilio's queue for this sender is full"),
    21614: Text("号码不是手机号", "the number is no mobile number"),
    21635: Text("号码是固定电话", "the number is a landline"),
    30001: Text("在 Twilio 的队列中过期", "it expired in Twilio's queue"),
    30002: Text("Twilio 账号已停用：请检查余额", "the Twilio account is suspended: check its balance"),
    30003: Text("手机关机或不在服务区", "the phone is off or out of reach"),
    30004: Text("被对方或运营商拦截", "blocked by the person or the carrier"),
    30005: Text("号码不存在或已停机", "the number does not exist any more"),
    30006: Text("号码是固定电话，或运营商无法送达", "a landline, or a carrier that cannot be reached"),
    30007: Text("被运营商当作垃圾短信拦截", "filtered by the carrier as unwanted"),
    30008: Text("运营商未说明原因", "the carrier gave no reason"),
}


def told(code: int, said: str) -> Text:
    """In both languages; Twilio's own words for a code we do not know."""
    known = WORDS.get(code, Text(said, said))
    number = f" ({code})" if code else ""
    return Text(f"{known.zh}{number}", f"{known.en}{number}")
