"""Thinks. What can be no address on a channel of its kind: found when it is written, not in the night."""

import re

from alerts.delivery.channels.channel import ChannelError
from alerts.delivery.channels.mainland import international

_MAINLAND = frozenset({"aliyun", "aliyun-voice", "tencent", "tencent-voice"})
_FORMS = {
    "twilio": (r"\+\d{6,15}", "a number with + and the country's code, like +8613800000000"),
    "twilio-voice": (r"\+\d{6,15}", "a number with + and the country's code, like +8613800000000"),
    "gammu": (r"\+?\d{3,15}", "a telephone number"),
    "email": (r"([^@\s]+@[^@\s]+)?", "an e-mail address"),
    "feishu": (r"(ou_[0-9A-Za-z]+|@all)?", "an Open ID of Feishu (ou_…), @all, or nothing"),
}


def unfit(kind: str, address: str) -> str:
    """Why nobody can be told at this address on a channel of this kind; "" where somebody may be."""
    if kind in _MAINLAND:
        try:
            international(address)
        except ChannelError as error:
            return error.reason
    form, what = _FORMS.get(kind, ("", ""))
    plain = address if kind in ("email", "feishu") else re.sub(r"[\s()-]", "", address)
    return "" if not form or re.fullmatch(form, plain) else f"its address has to be {what}"
