"""Thinks. Sentences about reaching the broker, and about its TLS."""

from tocsin.doctor.finding import Level, Sentence

OK, UNKNOWN, WARNING, PROBLEM = Level.OK, Level.UNKNOWN, Level.WARNING, Level.PROBLEM

SENTENCES: dict[str, Sentence] = {
    "broker_reached": (
        OK,
        "消息服务器 {host}:{port} 可达，使用 MQTT {protocol}，接受了警钟的账号。",
        "The broker {host}:{port} answers in MQTT {protocol} and takes Tocsin's account.",
    ),
    "broker_unknown_host": (
        PROBLEM,
        "找不到主机名 {host}（{why}），所以收不到任何报警：改正 tocsin.yaml 的 broker.host，或修复 DNS。",
        "Nobody knows a host named {host} ({why}), so no alarm can arrive: correct broker.host in"
        " tocsin.yaml, or mend the DNS.",
    ),
    "broker_closed": (
        PROBLEM,
        "{host}:{port} 上没有程序在监听，所以收不到任何报警：启动消息服务器（systemctl start mosquitto），"
        "或改正 broker.host 和 broker.port。",
        "Nothing listens at {host}:{port}, so no alarm can arrive: start the broker (systemctl start"
        " mosquitto), or correct broker.host and broker.port.",
    ),
    "broker_unreachable": (
        PROBLEM,
        "到不了 {host}:{port}（{why}），所以收不到任何报警：检查网络、防火墙和 broker.host。",
        "{host}:{port} cannot be reached ({why}), so no alarm can arrive: look at the network, the firewall"
        " and broker.host.",
    ),
    "broker_silent": (
        PROBLEM,
        "{host}:{port} 接受连接，却在 {seconds} 秒内不应答 MQTT，报警会卡在那里：重启消息服务器，并确认这个"
        "端口是 MQTT 而不是 TLS 或别的服务。",
        "{host}:{port} takes the connection and answers no MQTT within {seconds} s, so alarms are stuck"
        " there: restart the broker, and make sure that this port is MQTT and neither TLS nor something"
        " else.",
    ),
    "broker_hung_up": (
        PROBLEM,
        "{host}:{port} 一听到 MQTT 就挂断（{why}），所以收不到任何报警：这个端口也许要求 TLS（在"
        " tocsin.yaml 写 broker.tls），或者消息服务器的日志里有原因。",
        "{host}:{port} hangs up when it hears MQTT ({why}), so no alarm can arrive: perhaps the port wants"
        " TLS (broker.tls in tocsin.yaml); else the broker's log says why.",
    ),
    "broker_lost": (
        PROBLEM,
        "{host}:{port} 登录后立刻断开（{why}），所以收不到任何报警：消息服务器的日志里有原因。",
        "{host}:{port} breaks the connection right after signing in ({why}), so no alarm can arrive: the"
        " broker's log says why.",
    ),
    "broker_garbage": (
        PROBLEM,
        "{host}:{port} 的应答不是 MQTT（{why}），所以收不到任何报警：那里是别的服务，改正 broker.port。",
        "What answers at {host}:{port} is no MQTT ({why}), so no alarm can arrive: it is another service,"
        " correct broker.port.",
    ),
    "broker_tls": (
        PROBLEM,
        "与 {host}:{port} 的 TLS 没有谈成（{why}），所以收不到任何报警：端口可能不是 TLS 端口，或"
        " broker.tls.ca 不是签发它证书的机构；下文有证书的情况。",
        "TLS with {host}:{port} fails ({why}), so no alarm can arrive: the port may not speak TLS, or"
        " broker.tls.ca is not the authority of its certificate; see what is said of the certificate below.",
    ),
    "broker_refused": (
        PROBLEM,
        "{host}:{port} 拒绝连接（{why}）：在 broker.protocol 写 auto，或查看消息服务器的日志。",
        "{host}:{port} refuses us ({why}): write auto for broker.protocol, or look into the broker's log.",
    ),
    "login_refused": (
        PROBLEM,
        "{host}:{port} 不接受账号 {username}（{why}），所以收不到任何报警：核对 broker.username 和"
        " broker.password，或在消息服务器上运行 mosquitto_passwd -b /etc/mosquitto/passwords {username} 密"
        "码，再 systemctl reload mosquitto。",
        "{host}:{port} does not take the account {username} ({why}), so no alarm can arrive: compare"
        " broker.username and broker.password, or on the broker run mosquitto_passwd -b"
        " /etc/mosquitto/passwords {username} PASSWORD and systemctl reload mosquitto.",
    ),
    "anonymous_login_refused": (
        PROBLEM,
        "{host}:{port} 要求账号（{why}），而 tocsin.yaml 没有写，所以收不到任何报警：填 broker.username 和"
        " broker.password。",
        "{host}:{port} wants an account ({why}) and tocsin.yaml names none, so no alarm can arrive: give"
        " broker.username and broker.password.",
    ),
    "probe_cut": (
        WARNING,
        "检查“{check}”时消息服务器断开了连接（{why}），这一项没有结论：查看它的日志，再运行一次。",
        "The broker broke the connection during “{check}” ({why}), so that is not known: look into its"
        " log and run this again.",
    ),
    "probes_left": (
        WARNING,
        "探测留下的东西没能清除干净，消息服务器最多在 {minutes} 分钟后（MQTT 3.1.1：按它自己的期限）丢弃："
        "{names}。",
        "What the probes left could not all be removed; the broker drops it after {minutes} minutes at the"
        " latest (MQTT 3.1.1: after its own time): {names}.",
    ),
    "plain_here": (
        OK,
        "消息服务器在本机（{host}），警钟与它之间不需要 TLS；设备与它之间是否需要，由您决定。",
        "The broker is on this machine ({host}), so Tocsin needs no TLS to it; whether devices do is yours"
        " to say.",
    ),
    "plain_network": (
        WARNING,
        "到 {host} 的连接没有加密，路上的人能读到密码、伪造或截下报警：用 `tocsin cert` 生成证书，打开"
        " mosquitto.conf 中的 listener 8883 四行，再在 tocsin.yaml 写 broker.port: 8883 和 broker.tls:"
        " {{ca: …}}；同一台机器上的容器之间可以不管。",
        "The connection to {host} is not encrypted, so whoever is between can read the password and forge"
        " or stop alarms: make a certificate with `tocsin cert`, open the lines of listener 8883 in"
        " mosquitto.conf, and set broker.port: 8883 and broker.tls: {{ca: …}}; between containers of one"
        " machine it may stay so.",
    ),
    "tls_good": (
        OK,
        "连接已加密：{version}，{cipher}。",
        "The connection is encrypted: {version}, {cipher}.",
    ),
    "tls_old": (
        WARNING,
        "消息服务器还接受 {version}，它可以被破解：在 mosquitto.conf 写 tls_version tlsv1.2。",
        "The broker still accepts {version}, which can be broken: set tls_version tlsv1.2 in mosquitto.conf.",
    ),
    "tls_any_name": (
        WARNING,
        "broker.tls.insecure 是 true，不核对服务器的名字，别人可以冒充消息服务器：试用之后请去掉这一行。",
        "broker.tls.insecure is true, so the broker's name is not checked and another can pretend to be it:"
        " take the line out after the trial.",
    ),
    "tls_unclear": (UNKNOWN, "看不到它的证书：{why}。", "Its certificate could not be seen: {why}."),
    "broker_certificate_good": (
        OK,
        "消息服务器的证书有效至 {ends}（还有 {days} 天），名称：{names}。",
        "The broker's certificate is valid until {ends} ({days} more days), for {names}.",
    ),
    "broker_certificate_ends_soon": (
        WARNING,
        "消息服务器的证书 {days} 天后（{ends}）到期，到期后任何报警都到不了：现在就续（`tocsin cert"
        " --folder …` 不写名字即按原名续），再 systemctl reload mosquitto。",
        "The broker's certificate ends in {days} days ({ends}), and from then on no alarm arrives: renew it"
        " now (`tocsin cert --folder …` without names renews for the same ones) and systemctl reload"
        " mosquitto.",
    ),
    "broker_certificate_expired": (
        PROBLEM,
        "消息服务器的证书已于 {ends} 到期，警钟和设备都拒绝连接：马上续（`tocsin cert --folder …`），再"
        " systemctl restart mosquitto。",
        "The broker's certificate ended on {ends}, so Tocsin and the devices refuse to connect: renew it at"
        " once (`tocsin cert --folder …`) and systemctl restart mosquitto.",
    ),
    "broker_certificate_not_yet": (
        PROBLEM,
        "消息服务器的证书从 {begins}（UTC）才开始有效：本机或签发证书的机器时钟不准，先校时，再重新签发。",
        "The broker's certificate begins only at {begins} UTC: the clock of this machine or of the one that"
        " made it is wrong; set it, then make the certificate anew.",
    ),
    "broker_certificate_name": (
        PROBLEM,
        "消息服务器的证书不是给 {host} 的（{why}），警钟拒绝连接：用 `tocsin cert {host}` 重新签发，或把"
        " broker.host 改成证书里的名字。",
        "The broker's certificate is not for {host} ({why}), so Tocsin refuses to connect: make it with"
        " `tocsin cert {host}`, or set broker.host to a name that it has.",
    ),
    "broker_certificate_untrusted": (
        PROBLEM,
        "消息服务器的证书不被信任（{why}），警钟拒绝连接：broker.tls.ca 要指向签发它的机构的 ca.pem。",
        "The broker's certificate is not trusted ({why}), so Tocsin refuses to connect: broker.tls.ca must"
        " name the ca.pem of the authority that signed it.",
    ),
    "plain_beside_tls": (
        WARNING,
        "TLS 端口之外，{port} 端口还开着不加密的 MQTT，用它的设备会明文发送密码：删去 mosquitto.conf 中的"
        " listener {port}，或用防火墙只放行不会 TLS 的旧设备。",
        "Beside the TLS port the port {port} speaks MQTT in the clear, and devices that use it send their"
        " passwords readably: take listener {port} out of mosquitto.conf, or let a firewall admit only old"
        " devices.",
    ),
    "plain_closed": (
        OK,
        "TLS 之外没有在 {port} 端口开放明文 MQTT。",
        "No MQTT in the clear at port {port} beside TLS.",
    ),
}
