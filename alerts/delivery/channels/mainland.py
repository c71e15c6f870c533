"""Thinks. Telephone numbers as providers in China write them."""

import re

from alerts.delivery.channels.channel import ChannelError

_WRITTEN = str.maketrans("０１２３４５６７８９＋", "0123456789+", " -()（）\u00a0")
_MOBILE = re.compile(r"1[3-9]\d{9}")


def international(address: str) -> str:
    """+8613800000001 from whatever people write; a number without a country is a Chinese mobile."""
    number = address.translate(_WRITTEN)
    if not number:
        none = "there is no number: this channel reaches persons, so give it to one as a contact"
        raise ChannelError(none, True, zh="没有号码：此通道只能通知到人，请把它写入人员的联系方式")
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if re.fullmatch(r"86" + _MOBILE.pattern, number):
        number = f"+{number}"
    if _MOBILE.fullmatch(number):
        number = f"+86{number}"
    at_home = number.startswith("+86")
    if not re.fullmatch(r"\+\d{7,15}", number) or (at_home and not _MOBILE.fullmatch(number[3:])):
        reason = "it is no mobile number: write 13800000001, or + and the country's code for one abroad"
        zh = "不是有效的手机号码：请写成 13800000001，境外号码请带 + 和国家代码"
        raise ChannelError(reason, True, zh=zh)
    return number


def national(address: str) -> str:
    """As Aliyun wants it: 11 digits at home, country code and number without + abroad."""
    number = international(address)
    return number[3:] if number.startswith("+86") else number[1:]
