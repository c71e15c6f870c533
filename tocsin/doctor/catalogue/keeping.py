"""Thinks. Sentences about what the broker keeps for a session that is away, and over its own restart."""

from tocsin.doctor.finding import Level, Sentence

OK, UNKNOWN, WARNING, PROBLEM = Level.OK, Level.UNKNOWN, Level.WARNING, Level.PROBLEM

SENTENCES: dict[str, Sentence] = {
    "session_kept": (
        OK,
        "离线时会话保留，回来时还在。",
        "A session that goes away is still there when it comes back.",
    ),
    "session_lost": (
        PROBLEM,
        "断开的会话被消息服务器忘掉，警钟重启期间的每一条报警都会丢：打开持久会话（Mosquitto：不要设"
        " persistent_client_expiration 过短；EMQX：打开 durable sessions）。",
        "The broker forgets a session that goes away, so every alarm during a restart of Tocsin is lost:"
        " turn on persistent sessions (Mosquitto: no short persistent_client_expiration; EMQX: durable"
        " sessions).",
    ),
    "queue_kept": (
        OK,
        "离线期间的 {sent} 条 QoS 1 消息全部保留（--queue 可试更多）。",
        "All of {sent} messages at QoS 1 waited for an absent session (--queue tries more).",
    ),
    "queue_short": (
        PROBLEM,
        "离线期间的 {sent} 条消息只保留了 {kept} 条，其余已确认却被丢弃，停机时排在后面的火警会丢：在"
        " mosquitto.conf 写 max_queued_messages 1000000 和 max_queued_bytes 0。",
        "Of {sent} messages for an absent session {kept} waited; the rest were acknowledged and dropped,"
        " and during a stop that may be a fire: set max_queued_messages 1000000 and max_queued_bytes 0 in"
        " mosquitto.conf.",
    ),
    "queue_refuses": (
        WARNING,
        "消息服务器拒收了 {sent} 条中的 {refused} 条探测（MQTT 5 的拒绝码），队列满时设备会被告知失败：提高"
        "它的队列和速率限制。",
        "The broker refused {refused} of {sent} probes, and so would those of devices be: raise its limits"
        " of queue and rate.",
    ),
    "ahead_good": (
        OK,
        "它在我们确认第一条之前已送来全部 {sent} 条。",
        "It sends all {sent} before the first is acknowledged.",
    ),
    "ahead_short": (
        WARNING,
        "消息服务器在等我们确认时只先送 {came} 条，警钟写不了盘时新报警就卡在那里，积压也排得慢：在"
        " mosquitto.conf 写 max_inflight_messages 65535。",
        "The broker sends only {came} messages ahead of our acknowledgement, so new alarms are stuck there"
        " while Tocsin cannot write, and a backlog drains slowly: set max_inflight_messages 65535 in"
        " mosquitto.conf.",
    ),
    "qos0_raised": (
        OK,
        "以 QoS 0 发布的消息会以 QoS 1 送达。",
        "What is published at QoS 0 is delivered at QoS 1.",
    ),
    "qos0_not_raised": (
        WARNING,
        "以 QoS 0 发布的消息仍以 QoS 0 送达，警钟崩溃的一瞬间它们会丢：让设备用 QoS 1 发布，或在"
        " mosquitto.conf 写 upgrade_outgoing_qos true。",
        "What is published at QoS 0 is delivered at QoS 0, and lost if Tocsin crashes at that moment: let"
        " devices publish at QoS 1, or set upgrade_outgoing_qos true in mosquitto.conf.",
    ),
    "qos0_kept": (
        OK,
        "警钟离线时，以 QoS 0 发布的消息也会等着。",
        "What is published at QoS 0 while Tocsin is away waits for it.",
    ),
    "qos0_lost": (
        PROBLEM,
        "警钟离线时，以 QoS 0 发布的消息直接丢弃，这类设备的报警会无声消失：让设备用 QoS 1 发布，或在"
        " mosquitto.conf 写 queue_qos0_messages true 和 upgrade_outgoing_qos true。",
        "What is published at QoS 0 while Tocsin is away is dropped, and with it the alarms of devices that"
        " do so: let them publish at QoS 1, or set queue_qos0_messages true and upgrade_outgoing_qos true"
        " in mosquitto.conf.",
    ),
    "restart_unknown": (
        UNKNOWN,
        "消息服务器自己重启后是否还留着等待的消息，从外面看不出（读不到 {path}：{why}）：用 --broker-file "
        "给出它的配置，或加 --restart 实测。",
        "Whether waiting messages outlive a restart of the broker cannot be seen from outside ({path}:"
        " {why}): name its configuration with --broker-file, or try it with --restart.",
    ),
    "persistence_on": (
        OK,
        "{path}：会话与队列每 {seconds} 秒写盘。",
        "{path}: sessions and queues are written to disk every {seconds} s.",
    ),
    "persistence_off": (
        PROBLEM,
        "{path} 没有 persistence true，消息服务器一重启，等待中的报警和全部会话都没了：写 persistence true、"
        "persistence_location /var/lib/mosquitto/、autosave_interval 5。",
        "{path} does not say persistence true, so a restart of the broker loses every waiting alarm and"
        " every session: set persistence true, persistence_location /var/lib/mosquitto/ and"
        " autosave_interval 5.",
    ),
    "saved_seldom": (
        WARNING,
        "{path} 的自动保存太少（autosave_interval {seconds}，或按变更次数），断电会丢掉上次保存以来的报警："
        "写 autosave_interval 5 和 autosave_on_changes false。",
        "{path} saves too seldom (autosave_interval {seconds}, or by counting changes), and a power cut"
        " loses what came since: set autosave_interval 5 and autosave_on_changes false.",
    ),
    "restart_kept": (
        OK,
        "消息服务器重启后，等待的消息还在。",
        "A message that waited outlived the restart of the broker.",
    ),
    "restart_lost": (
        PROBLEM,
        "消息服务器一重启，等待的消息就没了：在 mosquitto.conf 写 persistence true、persistence_location"
        " /var/lib/mosquitto/、autosave_interval 5。",
        "A message that waited did not outlive the restart of the broker: set persistence true,"
        " persistence_location /var/lib/mosquitto/ and autosave_interval 5 in mosquitto.conf.",
    ),
    "restart_never_came": (
        UNKNOWN,
        "{seconds} 秒内消息服务器没有重启，这一项没有结论。",
        "The broker was not restarted within {seconds} s, so this is not known.",
    ),
    "restart_gone": (
        PROBLEM,
        "消息服务器重启后没有再接受我们（{why}）：查看它的日志。",
        "The broker did not take us again after its restart ({why}): look into its log.",
    ),
}
