"""Thinks. Sentences about who may do what at the broker."""

from tocsin.doctor.finding import Level, Sentence

OK, UNKNOWN, WARNING, PROBLEM = Level.OK, Level.UNKNOWN, Level.WARNING, Level.PROBLEM

SENTENCES: dict[str, Sentence] = {
    "nobody_refused": (OK, "没有账号的人连不上。", "Nobody connects without an account."),
    "nobody_accepted": (
        PROBLEM,
        "没有账号也能连上消息服务器，网络上的任何人都能冒充设备：在 mosquitto.conf 写 allow_anonymous false"
        " 和 password_file /etc/mosquitto/passwords。",
        "The broker takes whoever has no account, so anybody on the network can pretend to be a device: set"
        " allow_anonymous false and password_file /etc/mosquitto/passwords in mosquitto.conf.",
    ),
    "invented_refused": (OK, "编造的账号连不上。", "An invented account is refused."),
    "invented_accepted": (
        PROBLEM,
        "编造的账号和密码也能连上消息服务器，密码形同虚设：在 mosquitto.conf 写 password_file"
        " /etc/mosquitto/passwords 和 allow_anonymous false。",
        "The broker takes an invented account with an invented password, so passwords protect nothing: set"
        " password_file /etc/mosquitto/passwords and allow_anonymous false in mosquitto.conf.",
    ),
    "device_refused": (
        UNKNOWN,
        "设备账号 {device} 登录被拒（{why}），没有检查它能做什么：核对 TOCSIN_DOCTOR_PASSWORD。",
        "The device's account {device} is refused ({why}), so what it may do is not known: compare"
        " TOCSIN_DOCTOR_PASSWORD.",
    ),
    "device_accepted": (OK, "设备账号 {device} 可以登录。", "The device's account {device} can sign in."),
    "stranger_unclear": (
        UNKNOWN,
        "{who}能不能进来，没有结论（{why}）。",
        "Whether the broker admits {who} could not be told ({why}).",
    ),
    "stranger_cut": (
        OK,
        "{who}一越权，消息服务器就断开连接（{why}）。",
        "The broker hangs up on {who} at the first forbidden act ({why}).",
    ),
    "stranger_harmless": (
        OK,
        "{who}不能读别人的消息，也不能替别人发布。",
        "The broker lets {who} neither read what is not theirs nor publish for others.",
    ),
    "stranger_reads_all": (
        PROBLEM,
        "{who}订阅 # 就能读到全校设备的每条消息（谁在哪里、哪里没有人）：给消息服务器配 acl_file"
        " /etc/mosquitto/acl（见 deploy/mosquitto/acl）。",
        "By subscribing to # the broker lets {who} read every message of the campus (who is where, and"
        " where nobody is): set acl_file /etc/mosquitto/acl, as in deploy/mosquitto/acl.",
    ),
    "stranger_commands": (
        PROBLEM,
        "{who}可以向设备发命令（{topic} 被接受），能让警号响起或停下：给消息服务器配 acl_file，只让警钟的账"
        "号写 {base}/+/command。",
        "The broker lets {who} command devices ({topic} was accepted), that is start and stop sirens: set"
        " acl_file, in which Tocsin's account alone writes {base}/+/command.",
    ),
    "stranger_speaks": (
        PROBLEM,
        "{who}可以冒充别的设备发布，能伪造火警，也能谎报“正常”：给消息服务器配 acl_file，每个设备只写自己"
        "的主题（pattern write {base}/%u/#）。",
        "The broker lets {who} publish as another device, that is forge a fire or an all-clear: set"
        " acl_file, in which a device writes only its own topics (pattern write {base}/%u/#).",
    ),
    "stranger_reads_sys": (
        WARNING,
        "{who}能读 $SYS/#（版本、负载、连接数），方便攻击者准备：acl 中只给警钟的账号 topic read $SYS/#。",
        "The broker lets {who} read $SYS/# (version, load, number of clients), which helps whoever prepares"
        " an attack: in the acl give topic read $SYS/# to Tocsin's account alone.",
    ),
    "own_contained": (
        OK,
        "警钟的账号 {username} 也只能写它该写的主题。",
        "Tocsin's own account {username} writes only where it has to.",
    ),
    "own_writes_anywhere": (
        WARNING,
        "警钟的账号 {username} 可以写任何主题，密码一旦泄露就能冒充每个设备：用 deploy/mosquitto/acl 中"
        " user tocsin 的几行限制它。",
        "Tocsin's account {username} may write to every topic, so who learns its password can pretend to be"
        " every device: restrict it with the lines of user tocsin in deploy/mosquitto/acl.",
    ),
    "own_speaks_as_device": (
        WARNING,
        "警钟的账号 {username} 可以冒充设备 {device} 发布，密码一旦泄露就能伪造报警：acl 中只给它 topic"
        " write {base}/tocsin/# 和 {base}/+/command。",
        "Tocsin's account {username} may publish as the device {device}, so who learns its password can"
        " forge alarms: in the acl give it topic write {base}/tocsin/# and {base}/+/command only.",
    ),
    "own_hears": (
        OK,
        "警钟订阅的 {count} 组主题都能读到。",
        "Tocsin's account may read all it subscribes to ({count} filters).",
    ),
    "own_deaf": (
        PROBLEM,
        "警钟的账号读不到它订阅的主题 {filters}：消息服务器照样同意订阅，却什么也不转发，那里的报警全部"
        "听不见。在 acl 的 user tocsin 下写 topic read #，或 topic read {first}。",
        "Tocsin's account may not read {filters}, to which it subscribes: the broker grants that and delivers"
        " nothing, so no alarm from there is heard. Under user tocsin in the acl write topic read #, or"
        " topic read {first}.",
    ),
    "own_hearing_unproven": (
        UNKNOWN,
        "这里没有账号能写 {filters}（共 {count} 组），也没听到那里的设备，所以不知道警钟能否读到："
        "确认 acl 的 user tocsin 下有 topic read #，或用能写那里的账号再试：--as-device。",
        "No account at hand may write to {filters} ({count} in all), and no device was heard there, so"
        " whether Tocsin hears them is unknown: see that the acl has topic read # under user tocsin, or try"
        " again with an account that writes there: --as-device.",
    ),
}
