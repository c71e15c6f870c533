"""Thinks. Refused: why a fact cannot befall an alert, in a sentence that a guard understands, zh and en."""

from collections.abc import Callable

from rules.verdict import Text


class Refused(Exception):
    """The fact is illegal in the state the alert is in, or incomplete. Nothing has changed.

    `text` may hold "{person}": the person it speaks of, whose id is `person`.
    """

    def __init__(self, text: Text, person: str = "") -> None:
        self.text = text
        self.person = person
        super().__init__(self.sentence("en"))

    def sentence(self, language: str, name: Callable[[str], str] = str) -> str:
        """The sentence in "zh" or "en"; `name` turns a person's id into what they are called."""
        template = self.text.zh if language == "zh" else self.text.en
        return template.replace("{person}", name(self.person))


CLOSED = Text("警情已关闭。", "This alert is closed.")
TAKEN = Text("{person} 已经受理。", "{person} has taken it already.")
NOTHING_TO_TAKE = Text("状态信息不需要受理。", "A status message does not need to be taken.")
TAKE_FIRST = Text("还没有人受理：先受理，再搁置。", "Nobody has taken it yet: take it first, then shelve it.")
NOT_TAKEN = Text("还没有人受理，不能移交。", "Nobody has taken it yet, so it cannot be handed over.")
NOT_THE_OWNER = Text("只有负责人 {person} 可以移交。", "Only {person}, who owns it, can hand it over.")
HANDOVER_WAITS = Text("移交正等待 {person} 接受。", "A handover is waiting for {person} to accept it.")
NOT_OFFERED = Text("没有等待接受的移交。", "No handover is waiting.")
OFFERED_TO_ANOTHER = Text("这次移交是给 {person} 的。", "This handover is for {person}.")
OWN_HANDOVER = Text("不能移交给自己。", "You cannot hand it over to yourself.")
UNKNOWN_PERSON = Text("没有这个人员：{person}。", "There is no person {person}.")
UNKNOWN_PLACE = Text("请从地点列表中选择。", "Choose a place from the list.")
NOT_LATCHED = Text("没有锁存，不需要复位。", "It is not latched; there is nothing to reset.")
CAUSE_STANDS = Text(
    "原因还在（或点位失联），不能复位：先消除原因。",
    "The cause still stands, or the point is silent: remove the cause, then reset.",
)
VERIFY_FIRST = Text("先核实：确认或误报。", "Verify it first: confirmed, or false with its cause.")
VERIFIED = Text(
    "已经核实。若有错误，改为确认或误报。", "It is verified already; correct it to confirmed or false."
)
NOT_TO_VERIFY = Text(
    "这类警情不需要核实，请写备注。", "This alert needs no verifying; write a comment instead."
)
CAUSE_MISSING = Text("误报必须选择原因。", "A false alarm needs a cause from the list.")
REASON_MISSING = Text("请写明理由。", "Give a reason.")
REASON_UNKNOWN = Text("请从列表中选择理由。", "Choose a reason from the list.")
INHIBITED = Text("已经搁置、抑制或停用。", "It is shelved, suppressed or out of service already.")
NOT_SHELVED = Text("没有搁置。", "It is not shelved.")
NOT_OUT = Text("没有抑制或停用。", "It is neither suppressed nor out of service.")
END_MISSING = Text("结束时间必须晚于现在。", "The end must lie in the future.")
TOO_LONG = Text("时间太长：这个类别有上限。", "That is too long: this class has a limit.")
IS_REAL = Text("这条警情本来就是真实的。", "This alert is real already.")
CLOSES_ITSELF = Text(
    "设备恢复正常并且受理、核实、复位之后，它会自行关闭。",
    "It closes by itself once it is normal, taken, and where needed verified and reset.",
)
NO_SUCH_ALERT = Text("没有这条警情。", "There is no such alert.")
