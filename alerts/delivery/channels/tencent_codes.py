"""Thinks. Tencent Cloud's codes in our words. An unknown code is judged by its first part.

https://cloud.tencent.com/document/api/382/59177 (SMS); those that all products share: …/api/382/38780. Voice:
tencentcloud/vms/v20200902/errorcodes.py of tencentcloud-sdk-python.
"""

from alerts.delivery.channels.meaning import HOUR, MINUTE, Meaning

_KEY = Meaning(
    "密钥不对或已停用：请检查 secret_id 和 secret_key",
    "the key is wrong or disabled: check secret_id and secret_key",
)
_CLOCK = Meaning(
    "本机时钟与腾讯云相差过大（超过 5 分钟）：请校准时间（NTP）",
    "the clock of this machine is more than 5 minutes off Tencent's: set it (NTP)",
    False,
)
_MONEY = Meaning("套餐包余量不足或欠费：请充值", "the package is used up or in arrears: top it up")
_TEMPLATE = Meaning(
    "模板不可用或与变量不符：请检查是否已审核通过，内容是否与 tocsin templates 一致",
    "the template cannot be used, or does not fit its variables: is it approved, and its text as `tocsin "
    "templates` shows?",
)
_NUMBER = Meaning("手机号码不存在或格式错误", "the number does not exist or is not well formed", dead=True)
_APP = Meaning("应用编号不存在或已停用：请检查 app_id", "the app is unknown or disabled: check app_id")
_DAY = Meaning("今天的发送上限已到", "today's limit is used up")
_OURS = Meaning(
    "腾讯云内部错误，可能已经发出", "an error inside Tencent Cloud; it may have gone out", False, unknown=True
)
_BUSY = Meaning("请求过于频繁", "too many requests", False, retry_after=1_000)
_OFTEN = Meaning("命中发送频率限制", "a limit of frequency is reached", False, retry_after=MINUTE)
_CONTENT = Meaning(
    "内容被拦截：变量中有敏感词或链接", "the content was refused: a forbidden word or link in a variable"
)
_OTHER = Meaning("腾讯云拒绝了请求", "Tencent Cloud refused it")
_LONG = Meaning(
    "模板变量过长：请把 variable_length 改小（新账号通常为 6）",
    "a template variable is too long: set variable_length lower (new accounts: 6)",
)

MEANINGS = {
    "AuthFailure.SignatureExpire": _CLOCK,
    "InternalError.RequestTimeException": _CLOCK,
    "FailedOperation.InsufficientBalanceInSmsPackage": _MONEY,
    "FailedOperation.InsufficientBalanceInVoicePackage": _MONEY,
    "UnauthorizedOperation.ServiceSuspendDueToArrears": _MONEY,
    "FailedOperation.PhonenumberUnappliedOrExpired": Meaning(
        "外呼号码未申请或已过期：请在控制台续费", "the calling number is not rented or has expired: renew it"
    ),
    "FailedOperation.SignatureIncorrectOrUnapproved": Meaning(
        "短信签名未审核通过或格式错误：请检查 sign", "the signature is not approved or wrong: check `sign`"
    ),
    "FailedOperation.TemplateIncorrectOrUnapproved": _TEMPLATE,
    "FailedOperation.TemplateUnapprovedOrNotExist": _TEMPLATE,
    "FailedOperation.TemplateIdNotExist": _TEMPLATE,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": _TEMPLATE,
    "FailedOperation.ContainSensitiveWord": _CONTENT,
    "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter": _CONTENT,
    "InvalidParameterValue.TemplateParameterLengthLimit": _LONG,
    "InvalidParameterValue.ContentLengthLimit": _LONG,
    "FailedOperation.PhoneNumberInBlacklist": Meaning(
        "号码在免打扰名单中（可能已退订）：请联系腾讯云短信小助手",
        "the number is on a block list: ask Tencent's SMS helper to take it off",
    ),
    "FailedOperation.PhoneNumberParseFail": _NUMBER,
    "InvalidParameterValue.IncorrectPhoneNumber": _NUMBER,
    "InvalidParameterValue.CalledNumberVerifyFail": _NUMBER,
    "InvalidParameterValue.SdkAppIdNotExist": _APP,
    "InvalidParameterValue.SdkAppidNotExist": _APP,
    "UnauthorizedOperation.SdkAppIdIsDisabled": _APP,
    "UnauthorizedOperation.SdkAppidIsDisabled": _APP,
    "UnauthorizedOperation.RequestIpNotInWhitelist": Meaning(
        "本机的公网地址不在白名单中：请在控制台添加", "this machine's public address is not on the allow list"
    ),
    "LimitExceeded.PhoneNumberThirtySecondLimit": Meaning(
        "此号码 30 秒内的上限已到",
        "this number's limit of 30 seconds is reached",
        False,
        retry_after=30_000,
        personal=True,
    ),
    "LimitExceeded.PhoneNumberOneHourLimit": Meaning(
        "此号码每小时的上限已到",
        "this number's limit an hour is reached",
        False,
        retry_after=HOUR,
        personal=True,
    ),
    "LimitExceeded.DeliveryFrequencyLimit": _OFTEN,
    "FailedOperation.AccessUpstreamTimeout": _OURS,
    "FailedOperation.OtherError": _OTHER,
    "InternalError.SigVerificationFail": _KEY,
    "InternalError.SigFieldMissing": _KEY,
}
_BEGINNINGS = (
    ("RequestLimitExceeded", _BUSY), ("LimitExceeded", _DAY), ("InternalError", _OURS), ("AuthFailure", _KEY),
    ("ResourceUnavailable", _OURS), ("ServiceUnavailable", _OURS),
)  # fmt: skip


def meaning(code: str, status: int = 200) -> Meaning:
    found = MEANINGS.get(code) or next((one for start, one in _BEGINNINGS if code.startswith(start)), None)
    return found or (_OURS if status >= 500 else _OTHER)
