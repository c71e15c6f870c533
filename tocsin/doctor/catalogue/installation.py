"""Thinks. Sentences about what is installed: configuration, rules, service, database, people, devices."""

from tocsin.doctor.finding import Level, Sentence

OK, UNKNOWN, WARNING, PROBLEM = Level.OK, Level.UNKNOWN, Level.WARNING, Level.PROBLEM

SENTENCES: dict[str, Sentence] = {
    "check_hung": (
        PROBLEM,
        "检查“{check}”{seconds} 秒没有结束，它所碰的磁盘、数据库或服务卡住了，报警也会卡在那里：先查它。",
        "The check “{check}” did not end within {seconds} s: the disk, database or service it touches"
        " hangs, and alarms would hang there too; look at that first.",
    ),
    "check_failed": (
        UNKNOWN,
        "检查“{check}”自己出错了（{why}），没有结论：请报告给我们。",
        "The check “{check}” failed by itself ({why}), so this is not known: please report it.",
    ),
    "configuration_good": (OK, "{path} 没有错误。", "{path} has no mistakes."),
    "configuration_mistake": (
        PROBLEM,
        "配置有错，下次启动只能用上一份好的配置：{where}",
        "A mistake in the configuration, with which the next start falls back to the last good one: {where}",
    ),
    "last_good_used": (
        WARNING,
        "下面按上一份好的配置检查，而不是 {path}。",
        "{path} was not used: what follows was examined with the last good configuration.",
    ),
    "rules_good": (OK, "规则 {count} 条，没有错误。", "Rules: {count}, no mistakes."),
    "rules_none": (
        PROBLEM,
        "一条规则也没有，什么读数都不会报警：去掉 standard_rules: false，或写 rules。",
        "There is no rule, so no reading raises anything: take out standard_rules: false, or name rules.",
    ),
    "rule_mistake": (
        PROBLEM,
        "规则有错，您自己的规则全部不生效，只剩标准规则：{where}",
        "A mistake in a rule, with which none of your own rules is in force, only the standard pack: {where}",
    ),
    "service_good": (
        OK,
        "服务在运行：{devices} 个设备，启动以来 {messages} 条消息，没有故障。",
        "The service runs without faults (devices: {devices}, messages since its start: {messages}).",
    ),
    "service_absent": (
        WARNING,
        "没有服务在运行（{socket} 无应答），现在没有人在听报警：systemctl start tocsin。",
        "No service runs ({socket} does not answer), so nobody listens for alarms now: systemctl start"
        " tocsin.",
    ),
    "service_not_mine": (
        UNKNOWN,
        "无权询问服务（{socket}）：用服务的用户运行，例如 runuser -u tocsin。",
        "The service may not be asked by this user ({socket}): run this as the service's user.",
    ),
    "service_silent": (
        PROBLEM,
        "服务在运行却不应答（{why}）：看 journalctl -u tocsin，必要时 systemctl restart tocsin。",
        "The service runs and does not answer ({why}): see journalctl -u tocsin, and if need be systemctl"
        " restart tocsin.",
    ),
    "service_settings_older": (
        WARNING,
        "服务运行用的不是现在的 tocsin.yaml，改动要到重启后才生效：systemctl restart tocsin。",
        "The service runs with other settings than tocsin.yaml holds now: systemctl restart tocsin, then they"
        " take effect.",
    ),
    "service_fault": (
        PROBLEM,
        "服务报告自身故障：{point} = {word}；墙上的警情里有原因，修好它。",
        "The service reports a fault of its own: {point} = {word}; the alert on the wall says why, mend"
        " that.",
    ),
    "service_session": (
        PROBLEM,
        "服务的会话 {session} 没有订阅成功（已连接：{connected}），收不到报警：见下面对消息服务器的检查。",
        "The service's session {session} is not subscribed (connected: {connected}), so it hears no alarm:"
        " see what is said of the broker below.",
    ),
    "service_not_recording": (
        PROBLEM,
        "服务现在写不了记录（{why}），没有人能受理警情：先腾出磁盘或修好数据库。",
        "The service cannot record now ({why}), and nobody can take an alert: free the disk or mend the"
        " database first.",
    ),
    "database_good": (OK, "数据库可读，版本 {stored}。", "The database can be read, version {stored}."),
    "database_absent": (
        OK,
        "还没有数据库，第一次启动会建立 {path}。",
        "There is no database yet; the first start makes {path}.",
    ),
    "database_empty": (
        OK,
        "数据库是空的，第一次启动会建表。",
        "The database is empty; the first start makes its tables.",
    ),
    "database_older": (
        WARNING,
        "数据库版本 {stored}，本程序是 {newest}：重启服务即自动升级，请先备份。",
        "The database has version {stored}, this program {newest}: a restart of the service migrates it;"
        " back it up first.",
    ),
    "database_newer": (
        PROBLEM,
        "数据库版本 {stored} 比本程序的 {newest} 新，服务读不懂它：装回更新的版本，或恢复升级前的备份。",
        "The database has version {stored}, newer than {newest} of this program, which cannot read it:"
        " install the newer version again, or restore the backup from before.",
    ),
    "database_unreachable": (
        PROBLEM,
        "数据库打不开（{why}），什么都记录不了：检查 database 的地址和密码、磁盘和文件权限。",
        "The database cannot be opened ({why}), so nothing can be recorded: look at the address and"
        " password in `database`, at the disk and at the file's permissions.",
    ),
    "moved_aside": (
        WARNING,
        "{folder} 里有移到一旁的损坏数据库（{names}），其中的警情不在现在的记录里：恢复备份，或确认不需要后"
        "删除。",
        "{folder} holds corrupt databases that were moved aside ({names}), whose alerts are not in the"
        " present record: restore a backup, or remove them when they are not needed.",
    ),
    "registry_broken": (
        PROBLEM,
        "登记的设备自相矛盾，服务起不来：{why}",
        "What is registered contradicts itself, and the service cannot start: {why}",
    ),
    "postgres_old": (
        PROBLEM,
        "PostgreSQL 版本 {version} 太旧：升级到 15 或更新。",
        "PostgreSQL {version} is too old: upgrade to 15 or newer.",
    ),
    "postgres_forgets": (
        PROBLEM,
        "PostgreSQL 的 {setting} 是 off，断电会丢掉已经确认的报警：设为 on。",
        "PostgreSQL has {setting} off, so a power cut loses alarms that were acknowledged: set it to on.",
    ),
    "people_unknown": (
        UNKNOWN,
        "读不到数据库，人员和设备没有检查。",
        "The database could not be read, so people and devices were not examined.",
    ),
    "people_good": (
        OK,
        "{persons} 个人，{channels} 个通知渠道，每个渠道都有人。",
        "People: {persons}, channels: {channels}; every channel has somebody behind it.",
    ),
    "routing_gap": (
        PROBLEM,
        "有的警情可能通知不到人，用 tocsin apply 改正：{why}",
        "An alert might reach nobody, mend it with `tocsin apply`: {why}",
    ),
    "channel_idle": (
        WARNING,
        "渠道 {names} 没有一个人或一步升级在用，配置了也不会响：在人员的 contacts 或策略的 channels 里写上"
        "它。",
        "The channels {names} have no person and no escalation step, so nothing is ever sent there: name"
        " them in a person's contacts or in a policy's channels.",
    ),
    "channels_none": (
        PROBLEM,
        "没有配置任何通知渠道，只有看着墙的人知道报警：在 tocsin.yaml 写 channels（docs/channels.md）。",
        "No channel is configured, so only who looks at the wall learns of an alarm: write channels into"
        " tocsin.yaml (docs/channels.md).",
    ),
    "devices_none": (
        WARNING,
        "还没有登记设备，什么都不会报警：tocsin apply campus.yaml。",
        "No device is registered, so nothing raises an alarm: tocsin apply campus.yaml.",
    ),
    "devices_good": (
        OK,
        "{count} 个设备，每个都有联系得到的负责人。",
        "Devices: {count}, each with an owner who can be reached.",
    ),
    "owner_absent": (
        WARNING,
        "{count} 个设备没有负责人，坏了没有人管：{names}；在校园文件里写 owner。",
        "Some devices have no owner, so nobody mends them ({count}): {names}; give each an owner in the"
        " campus file.",
    ),
    "owner_unreachable": (
        WARNING,
        "{count} 个设备的负责人联系不到（没登记或没有渠道）：{names}；改正 owner，或给那个人 contacts。",
        "Some devices have an owner who cannot be reached, being unregistered or on no configured channel"
        " ({count}): {names}; correct owner, or give that person contacts.",
    ),
}
