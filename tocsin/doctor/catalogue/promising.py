"""Thinks. Sentences about what the broker promises, and does for a session that is there."""

from tocsin.doctor.finding import Level, Sentence

OK, UNKNOWN, WARNING, PROBLEM = Level.OK, Level.UNKNOWN, Level.WARNING, Level.PROBLEM

SENTENCES: dict[str, Sentence] = {
    "promises_unknown": (
        UNKNOWN,
        "MQTT 3.1.1 的服务器不会说明它的限制（会话保留多久、包多大），而且对拒绝的发布默不作声：能升级到"
        " MQTT 5 就升级。",
        "A broker of MQTT 3.1.1 does not say its limits (how long sessions are kept, how large packets may"
        " be), and is silent about what it refuses: upgrade to one of MQTT 5 if you can.",
    ),
    "expiry_good": (
        OK,
        "消息服务器同意为警钟保留离线会话 {hours:g} 小时。",
        "The broker agrees to keep Tocsin's session for {hours:g} hours while it is away.",
    ),
    "expiry_short": (
        WARNING,
        "消息服务器只为离线的警钟保留会话 {hours:g} 小时（要求 {wanted} 小时），停得更久，期间的报警就丢了："
        "把它的会话过期上限提高到 {wanted} 小时（Mosquitto：persistent_client_expiration 14d）。",
        "The broker keeps Tocsin's session for {hours:g} hours only (asked: {wanted}), and what comes"
        " during a longer stop is lost: raise its limit of session expiry to {wanted} hours (Mosquitto:"
        " persistent_client_expiration 14d).",
    ),
    "qos1_absent": (
        PROBLEM,
        "消息服务器只支持 QoS 0，任何一次断线都会丢报警：换一个，或打开它的 QoS 1。",
        "The broker offers QoS 0 only, so every broken connection loses alarms: use another, or open its"
        " QoS 1.",
    ),
    "wildcards_absent": (
        PROBLEM,
        "消息服务器不允许通配符订阅，警钟听不到新设备：打开它的通配符订阅。",
        "The broker allows no subscription with wildcards, so Tocsin cannot hear: open them in its"
        " configuration.",
    ),
    "packets_limited": (
        OK,
        "大于 {bytes} 字节的包会被断开。",
        "Packets larger than {bytes} bytes end the connection.",
    ),
    "packets_unlimited": (
        WARNING,
        "消息服务器不限制包的大小，一个巨大的包会占满警钟的内存：在 mosquitto.conf 写 max_packet_size"
        " 1048576。",
        "The broker sets no limit to the size of packets, and one huge packet fills Tocsin's memory: set"
        " max_packet_size 1048576 in mosquitto.conf.",
    ),
    "packets_small": (
        WARNING,
        "消息服务器断开大于 {bytes} 字节的包，较大的读数到不了：在 mosquitto.conf 写 max_packet_size"
        " 1048576。",
        "The broker ends connections at packets larger than {bytes} bytes, so large readings do not arrive:"
        " set max_packet_size 1048576 in mosquitto.conf.",
    ),
    "keepalive_forced": (
        OK,
        "消息服务器规定心跳间隔 {seconds} 秒。",
        "The broker prescribes a keep-alive of {seconds} s.",
    ),
    "window": (
        OK,
        "它一次最多收我们 {count} 条未确认的发布。",
        "It takes up to {count} unacknowledged publishes of ours at a time.",
    ),
    "software": (OK, "软件：{version}。", "Software: {version}."),
    "dropped_none": (OK, "它自启动以来没有丢弃过消息。", "It has dropped no message since it started."),
    "dropped_quiet": (
        OK,
        "最近一分钟它没有丢弃过消息（更早的 Mosquitto 不再显示，见它的日志）。",
        "It has dropped no message within the last minute (of earlier ones Mosquitto says no more; see its"
        " log).",
    ),
    "dropped_some": (
        WARNING,
        "消息服务器自启动以来已丢弃 {count} 条消息，其中可能有报警：在 mosquitto.conf 写"
        " max_queued_messages 1000000、max_queued_bytes 0，并查看日志是哪个客户端来不及收（本命令以前的探测"
        "在小队列上也会计入）。",
        "The broker has dropped {count} messages since it started, and there may have been alarms among"
        " them: set max_queued_messages 1000000 and max_queued_bytes 0 in mosquitto.conf, and see in its"
        " log which client was too slow (earlier runs of this command count as well where the queue is"
        " small).",
    ),
    "counters_hidden": (
        UNKNOWN,
        "它是否丢过消息看不到：给警钟的账号读取 $SYS/# 的权限（acl：topic read $SYS/#）；非 Mosquitto 请看"
        "它自己的指标。",
        "Whether it has dropped messages cannot be seen: let Tocsin's account read $SYS/# (acl: topic read"
        " $SYS/#); brokers other than Mosquitto have their own figures.",
    ),
    "own_subscription_refused": (
        PROBLEM,
        "警钟的账号不能以 QoS 1 订阅 {topic}，收不到报警：给它读取全部设备主题的权限（acl：user tocsin、"
        "topic read {base}/#）。",
        "Tocsin's account may not subscribe to {topic} at QoS 1, so it hears no alarm: let it read all of"
        " the base (acl: user tocsin, topic read {base}/#).",
    ),
    "own_probe_lost": (
        PROBLEM,
        "警钟发布到 {topic} 的探测没有回来，警钟收不到设备或指挥不了警号：给它的账号读写权限（acl：topic"
        " read {base}/#、topic write {base}/+/command）。",
        "A probe that Tocsin published to {topic} never came back, so it cannot hear devices or cannot"
        " drive sirens: give its account the right (acl: topic read {base}/#, topic write"
        " {base}/+/command).",
    ),
    "round_trip": (OK, "一条消息往返 {ms} 毫秒。", "A message goes there and back in {ms} ms."),
    "round_trip_slow": (
        WARNING,
        "一条消息往返要 {ms} 毫秒，每个报警都晚这么多：检查消息服务器的负载和网络，在 mosquitto.conf 写"
        " set_tcp_nodelay true。",
        "A message takes {ms} ms there and back, and every alarm is that late: look at the load of the"
        " broker and at the network, and set set_tcp_nodelay true in mosquitto.conf.",
    ),
    "largest_good": (
        OK,
        "最大的读数（{bytes} 字节）能通过。",
        "The largest reading ({bytes} bytes) gets through.",
    ),
    "largest_lost": (
        WARNING,
        "{bytes} 字节的读数到不了，网关的大消息会悄悄消失：在 mosquitto.conf 写 max_packet_size 1048576，并"
        "删去 message_size_limit。",
        "A reading of {bytes} bytes does not arrive, so large messages of gateways vanish: set"
        " max_packet_size 1048576 and take out message_size_limit in mosquitto.conf.",
    ),
    "retained_good": (OK, "保留消息有效，也能撤回。", "Retained messages are kept, and taken back."),
    "retained_absent": (
        PROBLEM,
        "消息服务器不保存保留消息，警钟重启后不知道设备的当前状态，遗嘱“离线”也会丢：在 mosquitto.conf 写"
        " retain_available true。",
        "The broker keeps no retained messages, so after a restart Tocsin does not know the state of"
        " devices, and last wills are lost: set retain_available true in mosquitto.conf.",
    ),
    "same_id_takes_over": (
        OK,
        "相同 client_id 的第二个连接会顶替第一个（标准行为），所以一个 client_id 只能给一套警钟用。",
        "A second connection of one client id takes over from the first, as the standard says: so one"
        " client id is for one Tocsin only.",
    ),
    "same_id_refused": (
        WARNING,
        "旧连接还在时，消息服务器拒绝相同 client_id 的新连接（{why}），警钟断电重启后会被挡在外面直到旧连接"
        "超时：允许会话顶替。",
        "While an old connection stands the broker refuses a new one of the same client id ({why}), so"
        " Tocsin is locked out after a power cut until the old one times out: let sessions be taken over.",
    ),
    "same_id_both": (
        WARNING,
        "消息服务器让两个相同 client_id 的连接并存，它们会分走彼此的报警：查看它的会话设置，并确保只有一套"
        "警钟使用这个 client_id。",
        "The broker lets two connections of one client id stand, and they take alarms from each other: look"
        " at its session settings, and make sure that one Tocsin alone uses its client id.",
    ),
}
