"""Thinks. Words of the tests of each shift."""

WORDS: dict[str, tuple[str, str]] = {
    "canary": ("值班通知测试", "Tests of each shift"),
    "canary_help": (
        "每班开始后，一条标明【测试】的警情走完整条通路：消息服务器、规则、通知、值班人员的手机，再回来。"
        "时间从发布算起；没有回执也没有答复的是故障。",
        "After each shift begins, an alert marked [TEST] goes the whole way: broker, rule, notice, the phone "
        "of whoever is on duty, and back. Times count from when it was published. One without a receipt and "
        "without an answer is trouble.",
    ),
    "canary_none": (
        "还没有测试：下一班开始后，或每天设定的时间，会有第一条。",
        "No test yet: the first comes after the next shift begins, or at the set time of day.",
    ),
    "canary_older": ("更早", "Older"),
    "canary_post": ("值班岗", "Post"),
    "canary_shift_at": ("班次开始", "Shift began"),
    "canary_person": ("人员", "Person"),
    "canary_channel": ("通道", "Channel"),
    "canary_result": ("结果", "Result"),
    "canary_proof": ("凭据", "Proof"),
    "canary_said_at": ("发布", "Published"),
    "canary_heard_at": ("收到", "Heard"),
    "canary_queued_at": ("判定并待发", "Decided, owed"),
    "canary_accepted_at": ("通道接受", "Accepted"),
    "canary_delivered_at": ("送达", "Delivered"),
    "canary_answered_at": ("答复", "Answered"),
    "canary_is_open": ("等待中", "waited for"),
    "canary_is_proven": ("已证实", "proven"),
    "canary_is_missing": ("未按时回音", "nothing in time"),
    "canary_is_nobody": ("无人可通知", "nobody could be told"),
    "canary_is_missed": ("错过，未发", "too late, not sent"),
    "canary_is_answered": ("本人答复", "an answer"),
    "canary_is_read": ("已读回执", "read"),
    "canary_is_delivered": ("送达回执", "delivered"),
}
