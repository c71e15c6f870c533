"""Thinks. Words of sign-in, accounts, appearance, errors."""

WORDS: dict[str, tuple[str, str]] = {
    # sign-in
    "sign_in": ("登录", "Sign in"),
    "sign_out": ("退出", "Sign out"),
    "account_name": ("账号", "Account"),
    "password": ("密码", "Password"),
    "new_password": ("新密码", "New password"),
    "old_password": ("现密码", "Present password"),
    "password_again": ("再输一遍", "Once more"),
    "password_help": (
        "至少 8 个字，建议 15 个以上，可以是一句话。",
        "8 characters or more; 15 advised. A sentence is good.",
    ),
    "wall_screen": ("这是值班墙屏幕，90 天保持登录", "This is a wall screen: stay signed in for 90 days"),
    "setup_title": ("创建账号", "Create your account"),
    "setup_first": (
        "第一个账号是管理员。一次性口令打印在启动本系统的终端里。",
        "The first account is the administrator's. The one-time token was printed where Tocsin was started.",
    ),
    "setup_token": ("一次性口令", "One-time token"),
    "create": ("创建", "Create"),
    "sign_in_wrong": ("账号或密码不对。", "Account or password is wrong."),
    "sign_in_often": ("尝试太频繁，请过一分钟再试。", "Too many attempts: try again in a minute."),
    "sign_in_busy": (
        "正在处理其他登录，请稍后再试。",
        "Other sign-ins are being checked: try again shortly.",
    ),
    "sign_in_plain": (
        "这个连接没有加密，不能从别的机器登录。用 `tocsin cert` 生成证书，或在配置中写 insecure_http: true。",
        "This connection is not encrypted, so nobody can sign in from another machine. Make a"
        " certificate with `tocsin cert`, or set insecure_http: true.",
    ),
    "token_wrong": ("口令不对，或已用过、已过期。", "The token is wrong, was used already or has expired."),
    "name_wrong": (
        "账号用 1–64 个字母、数字、汉字或 . _ @ -",
        "An account name is 1–64 letters, digits or . _ @ -",
    ),
    "name_taken": ("这个账号名已有人用。", "This account name is taken."),
    "name_of_a_person": (
        "这是名册中一位人员的编号。换一个账号名，或请管理员为这位人员发邀请。",
        "This is the id of a person on the roster. Choose another name, or ask the administrator to invite"
        " that person.",
    ),
    "password_short": ("密码至少 8 个字。", "A password has at least 8 characters."),
    "password_long": ("密码最多 256 个字。", "A password has at most 256 characters."),
    "password_common": ("这个密码太常见，容易被猜到。", "This password is too common and easily guessed."),
    "passwords_differ": ("两次输入的密码不一样。", "The two passwords differ."),
    "password_changed": (
        "密码已修改，其他屏幕已退出登录。",
        "Password changed; other screens are signed out.",
    ),
    "last_administrator": ("不能停用最后一个管理员。", "The last administrator cannot be disabled."),
    "role": ("角色", "Role"),
    "role_of_person": ("（人员登记中的角色）", "(the person's, from the campus file)"),
    "role_viewer": ("查看", "viewer"),
    "role_guard": ("保安", "guard"),
    "role_duty": ("值班人员", "duty person"),
    "role_manager": ("设施管理员", "facility manager"),
    "role_administrator": ("管理员", "administrator"),
    "person": ("人员", "Person"),
    "invite": ("新建账号", "New account"),
    "invite_help": (
        "生成一个 24 小时内有效的一次性口令，交给本人自己设密码。",
        "Makes a one-time token, good for 24 hours: hand it over, the person chooses the password.",
    ),
    "invited": ("一次性口令（只显示这一次）", "One-time token (shown only now)"),
    "disable": ("停用", "Disable"),
    "enable": ("启用", "Enable"),
    "disabled": ("已停用", "disabled"),
    # appearance
    "language": ("语言", "Language"),
    "other_language": ("English", "中文"),
    "theme": ("外观", "Appearance"),
    "theme_auto": ("随系统", "as the system"),
    "theme_light": ("浅色", "light"),
    "theme_dark": ("深色", "dark"),
    "save": ("保存", "Save"),
    # errors
    "error_401": ("请先登录。", "Sign in first."),
    "error_403": ("你的角色不能做这件事。", "Your role may not do this."),
    "error_404": ("没有这个页面。", "There is no such page."),
    "error_csrf": (
        "请求不是从本系统的页面发出的，已拒绝。",
        "Refused: the request did not come from a page of Tocsin.",
    ),
    "error_large": ("内容太大。", "Too large."),
    "error_input": ("输入不完整或不正确。", "The input is incomplete or wrong."),
    "error_500": (
        "本系统出错，已记入日志。报警不受影响。",
        "Tocsin made a mistake and logged it. Alarms are not affected.",
    ),
    "error_unwritten": (
        "现在无法记录：数据库无法写入，您的操作没有保存。请先到现场处置；仍会按升级策略继续通知其他人。请管理员查看磁盘和数据库，稍后再操作一次。",
        "This cannot be recorded now: the database cannot be written, and what you did was not saved. "
        "Deal with the place first; others go on being told as the policy says. Have the administrator "
        "look at the disk and the database, and try again later.",
    ),
    "error_away": ("数据库暂时不可用，请重试。", "The database is away: try again."),
    "back": ("返回", "Back"),
}
