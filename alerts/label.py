"""Thinks. The one word for an alert, derived from its axes and never stored (ISA-18.2 and IEC 62682)."""

from enum import StrEnum

from alerts.alert import Activity, Alert, Inhibition
from rules.verdict import Text


class Label(StrEnum):
    UNACK = "UNACK"
    ACKED = "ACKED"
    RTNUN = "RTNUN"
    NORM = "NORM"
    SHLVD = "SHLVD"
    DSUPR = "DSUPR"
    OOSRV = "OOSRV"


WORDS: dict[Label, Text] = {
    Label.UNACK: Text("未受理", "not taken"),
    Label.ACKED: Text("已受理", "taken"),
    Label.RTNUN: Text("已恢复未受理", "returned to normal, not taken"),
    Label.NORM: Text("已恢复", "normal"),
    Label.SHLVD: Text("已搁置", "shelved"),
    Label.DSUPR: Text("设计抑制", "suppressed"),
    Label.OOSRV: Text("停用", "out of service"),
}
_INHIBITED = {
    Inhibition.SHELVED: Label.SHLVD,
    Inhibition.SUPPRESSED: Label.DSUPR,
    Inhibition.OUT_OF_SERVICE: Label.OOSRV,
}


def label(alert: Alert) -> Label:
    """Inhibition hides the rest; a point that is silent counts as active."""
    if alert.inhibited:
        return _INHIBITED[alert.inhibition]
    normal = alert.activity is Activity.NORMAL
    if alert.acknowledge_needed:
        return Label.RTNUN if normal else Label.UNACK
    return Label.NORM if normal else Label.ACKED
