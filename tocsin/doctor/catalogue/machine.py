"""Thinks. Sentences about this machine: disk, clock, secrets, the dashboard's address."""

from tocsin.doctor.finding import Level, Sentence

OK, UNKNOWN, WARNING, PROBLEM = Level.OK, Level.UNKNOWN, Level.WARNING, Level.PROBLEM

SENTENCES: dict[str, Sentence] = {
    "disk_good": (
        OK,
        "数据盘还有 {free} MB（共 {total} MB）。",
        "{free} MB of {total} MB are free on the disk of the data.",
    ),
    "disk_filling": (
        WARNING,
        "数据盘只剩 {free} MB（共 {total} MB），低于 {least} MB 服务就报故障：清理，或换大盘。",
        "Only {free} MB of {total} MB are free on the disk of the data, and below {least} MB the service"
        " reports trouble: free some, or give it a larger disk.",
    ),
    "disk_full": (
        PROBLEM,
        "数据盘只剩 {free} MB（共 {total} MB），写满后警情记录不了、没人能受理：现在就清理（留下 ballast 文"
        "件）。",
        "Only {free} MB of {total} MB are free on the disk of the data; when it is full nothing is recorded"
        " and nobody can take an alert: free some now (leave the file ballast).",
    ),
    "inodes_few": (
        WARNING,
        "数据盘只剩 {free} 个 inode，用完后建不了文件，和磁盘写满一样：删掉大量的小文件。",
        "Only {free} inodes are free on the disk of the data, and without them no file can be made, as on a"
        " full disk: remove masses of small files.",
    ),
    "disk_network": (
        PROBLEM,
        "数据目录 {folder} 在网络文件系统（{kind}）上，SQLite 在那里会损坏：换成本地磁盘，或用 PostgreSQL。",
        "The data folder {folder} is on a network file system ({kind}), where SQLite gets corrupted: use a"
        " local disk, or PostgreSQL.",
    ),
    "disk_memory": (
        PROBLEM,
        "数据目录 {folder} 在内存里（{kind}），重启后什么都没有了：把 data 放到磁盘上。",
        "The data folder {folder} is in memory ({kind}), and gone after a reboot: put `data` on a disk.",
    ),
    "fsync_good": (
        OK,
        "写盘（fsync）中位 {middle} 毫秒，最慢 {worst} 毫秒。",
        "Writing to disk (fsync) takes {middle} ms at the median, {worst} ms at worst.",
    ),
    "fsync_slow": (
        WARNING,
        "写盘（fsync）中位要 {middle} 毫秒（最慢 {worst}），每个报警都晚这么多：换固态硬盘，或把别的负载移"
        "走。",
        "Writing to disk (fsync) takes {middle} ms at the median ({worst} at worst), and every alarm is"
        " that late: use an SSD, or move other load away.",
    ),
    "fsync_bad": (
        PROBLEM,
        "写盘（fsync）中位要 {middle} 毫秒（最慢 {worst}），高峰时报警会排队：磁盘可能快坏了，看 dmesg 和"
        " smartctl -a，换盘。",
        "Writing to disk (fsync) takes {middle} ms at the median ({worst} at worst), and alarms queue at a"
        " peak: the disk may be failing, see dmesg and smartctl -a, and replace it.",
    ),
    "folder_absent": (
        OK,
        "数据目录 {folder} 还不存在，第一次启动会建立。",
        "The data folder {folder} does not exist yet; the first start makes it.",
    ),
    "folder_not_mine": (
        UNKNOWN,
        "当前用户不能写 {folder}，写盘速度没有测：用服务的用户运行。",
        "This user may not write into {folder}, so the disk's speed is not known: run this as the service's"
        " user.",
    ),
    "folder_unwritable": (
        PROBLEM,
        "数据目录 {folder} 写不了（{why}），警情记录不了：腾出空间，或重新挂载为可写。",
        "Nothing can be written into {folder} ({why}), so no alert is recorded: free some space, or mount"
        " it for writing.",
    ),
    "zone_good": (OK, "时区 {zone}，那里现在是 {time}。", "Time zone {zone}, where it is {time} now."),
    "secrets_good": (OK, "密码和密钥只有该读的人能读。", "Passwords and keys can be read by nobody else."),
    "secret_readable": (
        PROBLEM,
        "这台机器上的任何人都能读这些含有密码、密钥或联系方式的文件：{paths}；运行 chmod o-rwx {command}。",
        "Anybody on this machine may read files that hold passwords, keys or contacts: {paths}; run chmod"
        " o-rwx {command}.",
    ),
    "file_writable": (
        PROBLEM,
        "这台机器上的任何人都能改 {path}，也就能关掉报警：chmod o-w {path}。",
        "Anybody on this machine may change {path}, and so switch alarms off: chmod o-w {path}.",
    ),
    "secret_unclear": (
        UNKNOWN,
        "看不到 {path} 的权限（{why}）。",
        "The permissions of {path} cannot be seen ({why}).",
    ),
    "port_free": (OK, "大屏的地址 {host}:{port} 空着。", "The dashboard's address {host}:{port} is free."),
    "port_taken": (
        PROBLEM,
        "大屏的地址 {host}:{port} 被别的程序占用，大屏起不来：停掉它（ss -ltnp 看是谁），或改"
        " dashboard.listen。",
        "Another program has the dashboard's address {host}:{port}, so the wall cannot start: stop it (ss"
        " -ltnp shows which), or change dashboard.listen.",
    ),
    "dashboard_answers": (OK, "大屏在 {host}:{port} 应答。", "The dashboard answers at {host}:{port}."),
    "dashboard_silent": (
        PROBLEM,
        "服务在运行，大屏却不在 {host}:{port} 应答，值班室看不到警情：看 journalctl -u tocsin。",
        "The service runs and its dashboard does not answer at {host}:{port}, so the security office sees"
        " nothing: see journalctl -u tocsin.",
    ),
    "dashboard_here_only": (
        OK,
        "大屏只能在本机打开（{listen}）。",
        "The dashboard can be opened on this machine only ({listen}).",
    ),
    "links_none": (
        OK,
        "通知里没有一键链接：要用的话，在 dashboard.address 填手机打开大屏的地址。",
        "Notices hold no one-tap links: for these, write into dashboard.address how telephones reach the"
        " dashboard.",
    ),
    "links_here_only": (
        WARNING,
        "一键链接指向 {address}，只有本机能打开：把 dashboard.address 改成手机能打开的地址。",
        "One-tap links lead to {address}, which this machine alone can open: write into dashboard.address how"
        " telephones reach the dashboard.",
    ),
    "links_name_missing": (
        WARNING,
        "一键链接指向 {address}，但大屏的证书里没有 {host}：手机会警告。用 `tocsin cert` 重新生成，"
        "或改 dashboard.address。",
        "One-tap links lead to {address}, but the dashboard's certificate does not hold {host}, so telephones"
        " will warn: make it anew with `tocsin cert`, or correct dashboard.address.",
    ),
    "links_good": (
        OK,
        "通知里有一键链接，指向 {address}，{hours} 小时内有效。",
        "Notices hold one-tap links to {address}, good for {hours} h.",
    ),
    "dashboard_in_the_clear": (
        WARNING,
        "大屏在 {listen} 不加密（insecure_http: true），路上的人能读到密码、代人受理：用 `tocsin cert` 生成"
        "证书，填 dashboard.cert 和 key。",
        "The dashboard at {listen} is not encrypted (insecure_http: true), so whoever is between can read"
        " passwords and take alerts in another's name: make a certificate with `tocsin cert`, and set"
        " dashboard.cert and key.",
    ),
    "dashboard_closed": (
        PROBLEM,
        "大屏在 {listen} 没有证书，别的机器都登录不了：用 `tocsin cert` 生成证书，填 dashboard.cert 和 key。",
        "The dashboard at {listen} has no certificate, so nobody can sign in from another machine: make one"
        " with `tocsin cert`, and set dashboard.cert and key.",
    ),
    "dashboard_certificate_good": (
        OK,
        "大屏的证书有效至 {ends}（还有 {days} 天），名称：{names}。",
        "The dashboard's certificate is valid until {ends} ({days} more days), for {names}.",
    ),
    "dashboard_certificate_ends_soon": (
        WARNING,
        "大屏的证书 {days} 天后（{ends}）到期，到期后值班室打不开大屏：现在就续（`tocsin cert --folder …`），"
        "再重启服务。",
        "The dashboard's certificate ends in {days} days ({ends}), and then browsers refuse the wall: renew"
        " it now (`tocsin cert --folder …`) and restart the service.",
    ),
    "dashboard_certificate_expired": (
        PROBLEM,
        "大屏的证书已于 {ends} 到期，浏览器拒绝打开大屏：马上续（`tocsin cert --folder …`），再重启服务。",
        "The dashboard's certificate ended on {ends}, so browsers refuse the wall: renew it at once"
        " (`tocsin cert --folder …`) and restart the service.",
    ),
    "dashboard_certificate_not_yet": (
        PROBLEM,
        "大屏的证书从 {begins}（UTC）才开始有效：时钟不准，先校时。",
        "The dashboard's certificate begins only at {begins} UTC: a clock is wrong; set it.",
    ),
    "dashboard_certificate_unclear": (
        PROBLEM,
        "大屏的证书 {path} 读不了（{why}），大屏起不来：用 `tocsin cert` 重新生成。",
        "The dashboard's certificate {path} cannot be read ({why}), so the wall cannot start: make it anew"
        " with `tocsin cert`.",
    ),
}
