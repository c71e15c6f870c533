"""Thinks. Aliyun's codes in our words: requests, receipts of SMS, ends of calls.

Requests: help.aliyun.com/document_detail/101346.html (SMS), …/178344.html (voice), …/48054.html (its
gateway). Receipts of SMS: …/101347.html. Calls: …/55085.html and …/112804.html. An unknown code is judged
by its beginning.
"""

from alerts.delivery.channels.channel import Arrival
from alerts.delivery.channels.meaning import HOUR, MINUTE, Meaning
from rules.verdict import Text

_TEMPLATE = Meaning(
    "模板不可用或与变量不符：请检查模板是否已审核通过，编号和内容是否与 tocsin templates 一致",
    "the template cannot be used, or does not fit its variables: is it approved, and its text as `tocsin "
    "templates` shows?",
)
_SIGN = Meaning(
    "短信签名不可用：请检查 sign 是否已审核通过并完成实名报备",
    "the signature cannot be used: is `sign` approved, and registered with the carriers?",
)
_MONEY = Meaning("余额或套餐包不足：请充值", "the balance or package is used up: top it up")
_KEY = Meaning(
    "AccessKey 不对或已停用：请检查 access_key_id 和 access_key_secret",
    "the AccessKey is wrong or disabled: check access_key_id and access_key_secret",
)
_ALLOWED = Meaning(
    "此 AccessKey 没有权限：请授予短信或语音服务的权限",
    "this AccessKey may not do that: grant it the SMS or voice service",
)
_VARIABLE = Meaning(
    "模板变量过长：请把 variable_length 改小",
    "a template variable is too long: set variable_length lower",
)
_NUMBER = Meaning("手机号码不存在或格式错误", "the number does not exist or is not well formed", dead=True)
_DAY = Meaning("今天的发送上限已到", "today's limit is used up")
_OURS = Meaning(
    "阿里云内部错误，可能已经发出", "an error inside Aliyun; it may have gone out", False, unknown=True
)
_BUSY = Meaning("请求过于频繁", "too many requests", False, retry_after=1_000)
_OTHER = Meaning("阿里云拒绝了请求", "Aliyun refused it")
_CONTENT = Meaning(
    "内容被拦截：变量中有禁止的词或链接", "the content was refused: a forbidden word or link in a variable"
)

MEANINGS = {
    "InvalidTimeStamp.Expired": Meaning(
        "本机时钟与阿里云相差超过 15 分钟：请校准时间（NTP）",
        "the clock of this machine is more than 15 minutes off Aliyun's: set it (NTP)",
        False,
    ),
    "SignatureNonceUsed": Meaning("随机数重复", "the nonce was used before", False),
    "SignatureDoesNotMatch": _KEY,
    "IncompleteSignature": _KEY,
    "InvalidAccessKeyId.NotFound": _KEY,
    "InvalidAccessKeyId.Inactive": _KEY,
    "isp.RAM_PERMISSION_DENY": _ALLOWED,
    "Forbidden.RAM": _ALLOWED,
    "NoPermission": _ALLOWED,
    "isv.AMOUNT_NOT_ENOUGH": _MONEY,
    "isv.OUT_OF_SERVICE": _MONEY,
    "isv.MOBILE_NUMBER_ILLEGAL": _NUMBER,
    "isv.COMPLAINT_REJECT": Meaning(
        "被防骚扰拦截：外呼号码可能被投诉，请更换号码",
        "blocked as nuisance: the calling number was complained about",
    ),
    "isv.DISPLAY_NUMBER_ILLEGAL": Meaning(
        "外呼号码不合法：请检查 shown_number", "the number to show is not allowed: check shown_number"
    ),
    "isv.VOICE_CALL_FAIL": Meaning("呼叫发起失败", "the call could not be started", False),
    "isv.VOICE_CALL_PERIOD_ERROR": Meaning("呼叫时段查询失败", "no hours for calls could be had", False),
    "isv.DAY_LIMIT_CONTROL": _DAY,
    "isv.MONTH_LIMIT_CONTROL": Meaning("本月的发送上限已到", "this month's limit is used up"),
    "isv.PARAM_LENGTH_LIMIT": _VARIABLE,
    "isv.TEMPLATE_PARAMS_ILLEGAL": _VARIABLE,
    "isv.PARAM_NOT_SUPPORT_URL": _CONTENT,
    "isv.BLACK_KEY_CONTROL_LIMIT": _CONTENT,
    "isv.SMS_CONTENT_ILLEGAL": _CONTENT,
    "isv.SMS_TEMPLATE_ILLEGAL": _TEMPLATE,
    "isv.TEMPLATE_MISSING_PARAMETERS": _TEMPLATE,
    "isv.SMS_SIGNATURE_ILLEGAL": _SIGN,
    "isv.SMS_SIGN_ILLEGAL": _SIGN,
    "isv.SIGN_STATE_ILLEGAL": _SIGN,
    "isv.SMS_SIGNATURE_SCENE_ILLEGAL": _SIGN,
    "isv.DENY_IP_RANGE": Meaning(
        "本机的公网地址不在中国内地，被阿里云禁止",
        "this machine's public address is outside the Chinese mainland, which Aliyun denies",
    ),
    "isv.PRODUCT_UN_SUBSCRIPT": Meaning("账号尚未开通此服务", "the account has not opened this service"),
    "isv.PRODUCT_UNSUBSCRIBE": Meaning("账号尚未开通此服务", "the account has not opened this service"),
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": Meaning(
        "国际模板不能发往境内号码：请为境外号码另设一个通道",
        "an international template reaches no number at home: use a channel of its own for numbers abroad",
    ),
}  # fmt: skip
_BEGINNINGS = (
    ("Throttling", _BUSY), ("isp.", _OURS), ("InternalError", _OURS), ("ServiceUnavailable", _OURS),
    ("isv.BUSINESS_LIMIT", _DAY), ("isv.AMOUNT_NOT_ENOUG", _MONEY),
)  # fmt: skip


def meaning(code: str, said: str, status: int = 200) -> Meaning:
    """The limit of a minute or an hour passes; the day's does not help tonight. (触发分钟级流控Permits:1)"""
    if code == "isv.BUSINESS_LIMIT_CONTROL":
        if "分钟级" in said:
            return Meaning(
                "此号码每分钟的上限已到",
                "this number's limit a minute is reached",
                False,
                retry_after=MINUTE,
                personal=True,
            )
        if "小时级" in said:
            return Meaning(
                "此号码每小时的上限已到",
                "this number's limit an hour is reached",
                False,
                retry_after=HOUR,
                personal=True,
            )
    found = MEANINGS.get(code) or next((one for start, one in _BEGINNINGS if code.startswith(start)), None)
    if found is None and "TEMPLATE" in code:
        found = _TEMPLATE
    return found or (_OURS if status >= 500 else _OTHER)


RECEIPTS = {
    "MOBILE_NOT_ON_SERVICE": Text(
        "停机、空号、关机或不在服务区", "suspended, not assigned, off or out of reach"
    ),
    "INVALID_NUMBER": Text("号码状态异常或格式错误", "the number is in an odd state or not well formed"),
    "MOBILE_SEND_LIMIT": Text("此号码的发送上限已到", "this number's limit is reached"),
    "MOBILE_ACCOUNT_ABNORMAL": Text("用户账户异常、欠费或携号转网", "the subscriber's account is in arrears"),
    "MOBILE_IN_BLACK": Text("号码在黑名单中（可能已退订）", "the number is on a block list"),
    "MOBLLE_TERMINAL_ERROR": Text("手机终端问题", "a fault of the phone"),  # spelt so by Aliyun
    "CONTENT_KEYWORD": Text("内容被运营商拦截", "the carrier blocked the content"),
    "IS_CLOSE": Text("短信通道被关停", "the carrier's route is closed"),
    "USER_REJECT": Text("用户已退订", "the subscriber has opted out"),
    "SIGNATURE_BLACKLIST": Text("签名在黑名单中", "the signature is on a block list"),
}

CALLS = {
    "200000": (Arrival.READ, Text("听完", "heard to its end")),
    "200001": (Arrival.DELIVERED, Text("已接听，未听完", "picked up, and hung up before its end")),
    "200002": (Arrival.LOST, Text("占线", "busy")),
    "200003": (Arrival.LOST, Text("无人接听", "nobody picked up")),
    "200004": (Arrival.LOST, Text("空号或号码不合法", "there is no such number")),
    "200005": (Arrival.LOST, Text("无法接通或被拒接", "not reachable, or declined")),
    "200006": (Arrival.LOST, Text("语音播放失败", "the recording could not be played")),
    "200007": (Arrival.LOST, Text("不在服务区", "out of reach")),
    "200008": (Arrival.DELIVERED, Text("已接听，未按键", "picked up, no key pressed")),
    "200010": (Arrival.LOST, Text("关机", "switched off")),
    "200011": (Arrival.LOST, Text("停机", "suspended")),
    "200012": (Arrival.LOST, Text("呼叫受限", "the call was barred")),
    "200104": (Arrival.LOST, Text("主叫号码受限", "our number is barred")),
    "200105": (Arrival.LOST, Text("被叫号码受限", "their number is barred")),
    "200116": (Arrival.LOST, Text("号码不合法", "there is no such number")),
    "200117": (Arrival.LOST, Text("来电显示号码不合法", "the number shown is not allowed")),
    "200118": (Arrival.LOST, Text("运营商限制此时段呼出", "the carrier allows no calls at this hour")),
    "200119": (Arrival.LOST, Text("运营商限制呼出频率", "the carrier's limit of calls is reached")),
    "200121": (Arrival.LOST, Text("超过并发限制", "too many calls at once")),
    "400": (Arrival.LOST, Text("网络繁忙", "the network is busy")),
    "476": (Arrival.LOST, Text("外呼号码已被回收", "our number was withdrawn")),
    "482": (Arrival.LOST, Text("被叫号码不可用", "their number cannot be used")),
    "500": (Arrival.LOST, Text("运营商错误", "an error of the carrier")),
    "999999": (Arrival.LOST, Text("系统错误", "an error of the system")),
}
DEAD_CALLS = frozenset({"200004", "200116"})
