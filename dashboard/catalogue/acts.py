"""Thinks. Words of what people do on an alert: clocks, the second person, handing over, plan and call."""

WORDS: dict[str, tuple[str, str]] = {
    # clocks
    "since_alarm": ("报警至今", "Since the alarm"),
    "since_taken": ("受理至今", "Since it was taken"),
    "since_confirmed": ("确认至今", "Since it was confirmed"),
    "clock_alarm": ("报警", "alarm"),
    "clock_taken": ("受理", "taken"),
    "clock_confirmed": ("确认", "confirmed"),
    # two people
    "pair": ("双人处置", "two people"),
    "pair_wanted": ("还缺第二人：一人留守，一人到场", "A second person is wanted: one stays, one goes"),
    "pair_wanted_short": ("还缺第二人", "second person wanted"),
    "pair_complete": ("第一人 {first}，第二人 {second}", "{first} and {second}"),
    "join": ("我来做第二人", "I am the second person"),
    "joined_by": ("第二人：{who}", "Second: {who}"),
    # ownership
    "hand_over": ("移交", "Hand over"),
    "hand_over_to": ("移交给", "Hand over to"),
    "offer": ("请对方接手", "Ask them to take over"),
    "offer_waits": (
        "正等待 {who} 接手；到时不接，退回本人并再次响铃",
        "Waits for {who} to accept; otherwise it comes back and sounds again",
    ),
    "offered_to_you": ("{who} 请您接手这条警情", "{who} hands this alert over to you"),
    "accept": ("接手", "Accept"),
    "decline": ("不接", "Decline"),
    "of_post": ("{post}（原责任人 {who} 已离开）", "{post} ({who} had it and is gone)"),
    "duty_post": ("值班岗", "duty post"),
    "correct": ("更正核实结果", "Correct the verification"),
    "note_optional": ("说明（可不填）", "Note (optional)"),
    # the plan and the call
    "plan": ("预案", "Plan"),
    "plan_of": ("预案：{what}", "Plan: {what}"),
    "plan_missing": (
        "没有适用的预案。请管理员用 tocsin apply 登记。",
        "No plan fits. Ask the administrator to register one with tocsin apply.",
    ),
    "plan_done": ("已完成 {n}/{all}", "{n} of {all} done"),
    "tick": ("完成", "Done"),
    "call_now": ("拨打 {number}", "Call {number}"),
    "call_help": ("照着念：", "Read it out:"),
    "call_address": ("单位和地址", "Unit and address"),
    "call_where": ("起火（出事）地点", "Where it is"),
    "call_what": ("什么东西（看到什么）", "What burns or was seen"),
    "call_where_other": ("出事地点", "Where it is"),
    "call_what_other": ("什么事（看到什么）", "What happened or was seen"),
    "call_size": ("范围和人员", "How big, and people"),
    "call_caller": ("报警人和电话", "Caller and telephone"),
    # facts, as lines of the timeline
    "fact_joined": ("第二人到位", "Second person"),
    "fact_ticked": ("预案步骤完成", "Step of the plan done"),
    "fact_owner_gone": ("责任人离开，退回值班岗", "Its owner is gone: the post's again"),
    "fact_offer_gone": ("接手人离开，移交退回", "Whom it was offered to is gone"),
    "fact_second_gone": ("第二人离开", "The second person is gone"),
    "after_alarm": ("报警后 {t}", "{t} after the alarm"),
    "after_taken": ("受理后 {t}", "{t} after it was taken"),
    # notifications
    "purpose_confirmed": ("确认属实：全员通知", "confirmed: everybody at once"),
    "purpose_gone": ("责任人离开", "its owner is gone"),
}
