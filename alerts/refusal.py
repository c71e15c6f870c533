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
VERIFY_THEN_SHELVE = Text(
    "还没有核实：先核实为误报，再搁置。", "It is not verified: find it false first, then shelve it."
)
NO_NUISANCE = Text("已确认属实，不能搁置。", "It is confirmed to be real, so it cannot be shelved.")
TAKE_FIRST = Text("还没有人受理：先受理，再搁置。", "Nobody has taken it yet: take it first, then shelve it.")
NOT_TAKEN = Text("还没有人受理，不能移交。", "Nobody has taken it yet, so it cannot be handed over.")
TAKE_IT_YOURSELF = Text("还没有人受理：请您直接受理。", "Nobody has taken it yet: take it yourself.")
ONE_IS_ENOUGH = Text(
    "这类警情一人处置即可；要一起去，请写备注。",
    "One person is enough for this alert; if you go too, write a comment.",
)
JOINED = Text("{person} 已经是第二人。", "{person} is the second person already.")
SECOND_WAITED_FOR = Text(
    "已经确认，第二人还没有到：请第二人先加入，再关闭。",
    "It is confirmed: the second person must join first, then it can be closed.",
)
SECOND_IS_ANOTHER = Text(
    "您已是第一人：第二人必须是另一个人。", "You are the first person: the second must be somebody else."
)
NO_SUCH_STEP = Text(
    "预案中没有这一步（预案可能已修改）：请刷新页面。",
    "The plan has no such step (it may have changed): reload the page.",
)
TICKED = Text("{person} 已经勾选了这一步。", "{person} has ticked this step already.")
NOT_THE_OWNER = Text("只有负责人 {person} 可以移交。", "Only {person}, who owns it, can hand it over.")
HANDOVER_WAITS = Text("移交正等待 {person} 接受。", "A handover is waiting for {person} to accept it.")
NOT_OFFERED = Text("没有等待接受的移交。", "No handover is waiting.")
OFFERED_TO_ANOTHER = Text("这次移交是给 {person} 的。", "This handover is for {person}.")
OWN_HANDOVER = Text("不能移交给自己。", "You cannot hand it over to yourself.")
UNKNOWN_PERSON = Text("没有这个人员：{person}。", "There is no person {person}.")
UNKNOWN_PLAN = Text("请从列表中选择预案。", "Choose a plan from the list.")
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
TEST_OF_ANOTHER = Text(
    "这是发给 {person} 的通知测试，须由本人答复。",
    "This tests whether {person} can be reached: only they can answer.",
)
CLOSES_ITSELF = Text(
    "设备恢复正常并且受理、核实、复位之后，它会自行关闭。",
    "It closes by itself once it is normal, taken, and where needed verified and reset.",
)
NO_SUCH_ALERT = Text("没有这条警情。", "There is no such alert.")
NO_SUCH_HAZARD = Text("没有这条隐患。", "There is no such hazard.")
HAZARD_OVER = Text("隐患已销号。", "This hazard is over already.")
HAZARD_MENDED = Text("已经整改，等待复查。", "It is mended already and waits for the recheck.")
HAZARD_STANDS = Text("还没有整改：先整改，再复查。", "It is not mended yet: mend it first, then recheck it.")
EVIDENCE_MISSING = Text(
    "请写明做了什么、怎样看得出来。", "Say what was done, and how one can see that it was."
)
RECHECK_BY_ANOTHER = Text(
    "整改的人不能自己复查：请另一个人来看。", "Whoever mended it cannot recheck it: somebody else must look."
)
UNKNOWN_OWNER = Text("没有这个人员、班组或值班岗：{person}。", "There is no person, team or post {person}.")
UNKNOWN_DEVICE = Text("没有这个设备。", "There is no such device.")
SHELF_FULL = Text(
    "已搁置的警情太多：先取消搁置几条。", "Too many alerts are shelved: take some off the shelf first."
)
NO_SUCH_IMPAIRMENT = Text("没有这条停用登记。", "There is no such entry in the impairment register.")
IMPAIRMENT_OVER = Text("停用已结束。", "It is back in service already.")
IN_FORCE = Text("停用已生效。", "It is out of service already.")
AGREED_BY_ANOTHER = Text("停用必须由另一个人同意。", "Somebody else than who declared it must agree to it.")
PATROL_MISSING = Text("请写明停用期间由谁怎样巡查。", "Say who patrols there meanwhile, and how often.")
NOT_THE_CAMPUS = Text(
    "不能停用整个校区：请选择楼栋、楼层、防火分区或设备。",
    "The whole campus cannot be out of service: choose a building, a floor, a zone or a device.",
)
UNKNOWN_SCOPE = Text("请从列表中选择停用范围。", "Choose from the list what is out of service.")

# incidents, photos
IN_AN_INCIDENT = Text("这条警情已在一个事件中：先移出。", "It is in an incident already: take it out first.")
IN_NO_INCIDENT = Text("这条警情不在任何事件中。", "It is in no incident.")
NO_SUCH_INCIDENT = Text("没有这个事件。", "There is no such incident.")
NOT_OF_THIS_INCIDENT = Text("这条警情不在这个事件中。", "It is not in this incident.")
TWO_ALERTS = Text("至少选两条警情，才能合为事件。", "Choose two alerts at least to make an incident.")
REAL_AND_DRILL = Text(
    "演练、测试和真实警情不能合为一个事件。", "Real alerts and those of a drill or test stay apart."
)
INCIDENT_OVER = Text("这个事件已结束。", "This incident is over.")
NOTHING_WAITS = Text("这个事件中没有需要这样处置的警情。", "No alert of this incident waits for that.")
COMMAND_WAITS = Text("指挥权正等待 {person} 接受。", "The command is waiting for {person} to accept it.")
COMMAND_FREE = Text("现在没有人指挥：请先接过指挥。", "Nobody commands it now: take the command first.")
COMMANDED = Text("{person} 正在指挥。", "{person} commands it.")
NOT_THE_COMMANDER = Text(
    "只有指挥 {person} 可以移交指挥权。", "Only {person}, who commands it, can hand over the command."
)
PHOTO_KIND = Text("只收 JPEG、PNG 或 WebP 照片。", "Only JPEG, PNG and WebP pictures are taken.")
PHOTO_HEIC = Text(
    "不收 HEIC 照片：请在手机相机设置中选“兼容性最佳”（JPEG）后重拍。",
    "HEIC is not taken: set the camera to the most compatible format (JPEG) and try again.",
)
PHOTO_BROKEN = Text("这张照片打不开：请重拍。", "This picture cannot be opened: take it again.")
PHOTO_LARGE = Text("照片太大：最多 12 MB。", "This picture is too large: 12 MB at most.")
PHOTO_PIXELS = Text("照片像素太多：请缩小后再传。", "This picture has too many pixels: make it smaller.")
PHOTO_MANY = Text("每条警情最多 30 张照片。", "An alert takes 30 pictures at most.")
PHOTO_NO_ROOM = Text(
    "磁盘空间不足，照片没有保存；警情不受影响。请告诉管理员。",
    "The disk is nearly full: the picture was not kept, the alert is unharmed. Tell the administrator.",
)

# drills and tests
NO_SUCH_DRILL = Text("没有这次演练或测试。", "There is no such drill or test.")
DRILL_OVER = Text("演练已经结束。", "This drill is over already.")
DRILL_AGREED = Text("不需要再次同意。", "It needs nobody else to agree.")
DRILL_BY_ANOTHER = Text(
    "整栋楼的演练必须由另一个人同意。", "Somebody else must agree to a drill of a whole building."
)
DRILL_LENGTH = Text("演练最长 60 分钟，最短 1 分钟。", "A drill lasts from 1 to 60 minutes.")
DRILL_START = Text("开始时间必须在现在之后、31 天之内。", "It must start after now, and within 31 days.")
DRILL_MODE = Text("请选择演练或测试。", "Choose drill or test.")
UNKNOWN_KIND = Text("请从列表中选择设备类型。", "Choose the kinds of device from the list.")
UNKNOWN_ZONE = Text("请从列表中选择防火分区。", "Choose the zones from the list.")
NOBODY_IN_DRILL = Text(
    "请选择参加的人：演练期间只通知他们。", "Choose who takes part: in the drill only they are told."
)
POINT_OUTSIDE = Text(
    "有点位不在演练范围内：请扩大范围或去掉它。",
    "A point lies outside the places of the drill: widen them, or leave it out.",
)
POINT_OF_OTHER_KIND = Text(
    "有点位不属于所选的设备类型。", "A point is of a kind that the drill does not take in."
)
ZONE_NOT_SCHEDULED = Text(
    "同一防火分区列了两个点位：请把该分区列入演练。",
    "Two points of one zone are listed: put that zone into the drill as well.",
)
