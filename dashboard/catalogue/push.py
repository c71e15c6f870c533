"""Thinks. Words of Web Push on "my account"."""

WORDS: dict[str, tuple[str, str]] = {
    "push": ("本机推送通知", "Notifications on your devices"),
    "push_help": (
        "在手机或电脑的浏览器上开启后，警情会像应用通知一样弹出。只在 HTTPS 下可用，并取决于浏览器厂商的推送"
        "服务：不能作为唯一的通知方式。",
        "Switched on in the browser of a phone or computer, alerts pop up as an app's do. It needs HTTPS and "
        "the push service of the browser's maker: never let it be the only way to reach you.",
    ),
    "push_on": ("在本设备上开启", "Switch on for this device"),
    "push_none": ("尚未在任何设备上开启。", "Not switched on anywhere yet."),
    "push_off": ("停用", "Switch off"),
    "push_denied": (
        "浏览器没有允许通知：请在网站设置中允许后重试。",
        "The browser does not allow notifications: allow them in the settings of this site and try again.",
    ),
    "push_failed": ("未能开启", "It could not be switched on"),
    "push_not_supported": (
        "此浏览器不支持推送，或本页不是通过 HTTPS 打开的。",
        "This browser does not support push, or this page was not opened by HTTPS.",
    ),
    "push_not_here": (
        "此账号不能接收推送：需要对应一名人员，且系统设置了 webpush 通道。",
        "This account cannot be pushed to: it belongs to nobody, or no channel is webpush.",
    ),
    "push_not_https": (
        "推送服务的地址必须以 https:// 开头。",
        "The address of a push service must begin with https://.",
    ),
    "push_no_contact": (
        "您的联系方式中没有通道“{channel}”：请管理员添加，否则不会推送。",
        "Your contacts do not name the channel “{channel}”: ask the administrator, or nothing is pushed.",
    ),
}
