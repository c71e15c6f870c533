"""Thinks. Words of the API: titles of problems, mistakes in what was sent, tokens of machines."""

WORDS: dict[str, tuple[str, str]] = {
    # titles of problems, by status
    "status_401": ("需要登录", "Not signed in"),
    "status_403": ("不允许", "Not allowed"),
    "status_404": ("没有找到", "Not found"),
    "status_405": ("不支持此方法", "Method not allowed"),
    "status_409": ("现在不能这样做", "Not possible now"),
    "status_413": ("内容太大", "Too large"),
    "status_415": ("类型不支持", "Type not supported"),
    "status_422": ("输入有误", "The input has a mistake"),
    "status_429": ("请求太频繁", "Too many requests"),
    "status_500": ("本系统出错", "Tocsin made a mistake"),
    "status_503": ("暂时不可用", "Not available now"),
    # what and where
    "error_405": (
        "这个地址不支持此方法：请看 /api/v1/docs。",
        "This address has no such method: see /api/v1/docs.",
    ),
    "no_alert": (
        "没有这条警情，或不在您的范围内。请用 GET /api/v1/alerts 查看编号。",
        "There is no such alert, or it is outside your places. GET /api/v1/alerts gives the numbers.",
    ),
    "no_device": (
        "没有这个设备，或不在您的范围内。请用 GET /api/v1/devices 查看编号。",
        "There is no such device, or it is outside your places. GET /api/v1/devices gives the ids.",
    ),
    "no_place": (
        "没有这个地点。请用 GET /api/v1/places 查看编号。",
        "There is no such place. GET /api/v1/places gives the ids.",
    ),
    "no_rule": (
        "没有这条规则。请用 GET /api/v1/rules 查看编号。",
        "There is no such rule. GET /api/v1/rules gives the ids.",
    ),
    "error_scope": (
        "这里不在您的范围内：请通知那里的值班人员，或请管理员在校园文件中修改您的范围。",
        "This is outside your places: tell whoever is on duty there, or have the administrator change your"
        " scope in the campus file.",
    ),
    "error_everywhere": (
        "这是全校区的内容，您的角色只限于部分地点。",
        "This is of the whole campus, and your role is limited to some places.",
    ),
    "error_nameless": (
        "这个令牌不属于任何人员，不能作出承诺：请管理员生成属于某位人员的令牌。",
        "This token acts in nobody's name, and a promise needs a person: have the administrator make a token"
        " for a person.",
    ),
    "token_not_here": (
        "令牌只能用于 /api/v1/：页面请用浏览器登录。",
        "Tokens are for /api/v1/ only: for the pages, sign in with a browser.",
    ),
    "token_refused": (
        "令牌不对，或已过期、已吊销：请管理员在“令牌”页面生成新的。",
        "The token is wrong, expired or revoked: have the administrator make a new one on the page Tokens.",
    ),
    "token_often": (
        "错误的令牌太多，请过一分钟再试。",
        "Too many wrong tokens: try again in a minute.",
    ),
    "cursor_wrong": (
        "query.cursor：不是本接口给出的游标。请原样使用上一页的 next，或去掉 cursor 从头开始。",
        "query.cursor: not a cursor of this list. Send `next` of the page before as it is, or leave it out to"
        " begin anew.",
    ),
    "key_wrong": (
        "Idempotency-Key 须为 1–200 个可见字符。请用随机的 UUID。",
        "An Idempotency-Key is 1 to 200 visible characters. Use a random UUID.",
    ),
    "key_acted": (
        "这个请求已经执行，但答复没有保存下来：请直接查看结果。",
        "This was done already, but its answer was lost: look at what came of it.",
    ),
    "key_reused": (
        "这个 Idempotency-Key 已用于另一个请求。新的请求请用新的键。",
        "This Idempotency-Key was used for another request. Use a new key for a new request.",
    ),
    "series_span": ("query.to：必须晚于 query.from。", "query.to: must be later than query.from."),
    # mistakes in what was sent, by pydantic's names
    "input_missing": ("缺少", "missing"),
    "input_extra_forbidden": ("没有这个字段", "there is no such field"),
    "input_string_type": ("必须是文字", "must be text"),
    "input_string_too_short": ("至少 {min_length} 个字", "at least {min_length} characters"),
    "input_string_too_long": ("最多 {max_length} 个字", "at most {max_length} characters"),
    "input_literal_error": ("只能是 {expected}", "must be {expected}"),
    "input_enum": ("只能是 {expected}", "must be {expected}"),
    "input_int_parsing": ("必须是整数", "must be a whole number"),
    "input_int_type": ("必须是整数", "must be a whole number"),
    "input_int_parsing_size": ("数字太大", "too large a number"),
    "input_bool_parsing": ("只能是 true 或 false", "must be true or false"),
    "input_list_type": ("必须是列表", "must be a list"),
    "input_too_short": ("至少 {min_length} 项", "at least {min_length} entries"),
    "input_too_long": ("最多 {max_length} 项", "at most {max_length} entries"),
    "input_greater_than_equal": ("不能小于 {ge}", "must not be less than {ge}"),
    "input_less_than_equal": ("不能大于 {le}", "must not be more than {le}"),
    "input_help": ("请改正后重新发送。", "Mend this and send it again."),
    "input_not_json": ("body：不是 JSON。", "body: this is not JSON."),
    "input_not_object": ("body：必须是 JSON 对象。", "body: must be a JSON object."),
    "input_content_type": (
        "内容类型 {kind} 不支持：请发送 application/json。",
        "Content type {kind} is not taken: send application/json.",
    ),
    # the page of tokens
    "tokens": ("令牌", "Tokens"),
    "tokens_help": (
        "程序用令牌访问接口（/api/v1/docs）。令牌只显示一次；只有它的摘要被保存。",
        "Programs use a token at the API (/api/v1/docs). It is shown once; only its hash is stored.",
    ),
    "tokens_none": ("还没有令牌。", "There are no tokens."),
    "token_new": ("新令牌", "New token"),
    "token_made": ("令牌（只显示这一次）", "Token (shown only now)"),
    "token_name": ("名称", "Name"),
    "token_scope": ("范围", "Places"),
    "token_scope_help": (
        "地点编号，用逗号分开；不填为全校区",
        "ids of places with commas; empty: everywhere",
    ),
    "token_person": ("以谁的名义", "In whose name"),
    "token_person_help": (
        "不选：只能查看、备注和上报。受理、核实等承诺须有本人。",
        "Nobody: it may only read, comment and raise. Whatever is a promise needs a person.",
    ),
    "token_for_days": ("有效天数", "Days"),
    "token_days": ("角色不对，或天数不在 1–1098 之间。", "An unknown role, or days not between 1 and 1098."),
    "token_places": ("没有这个地点：{place}", "There is no such place: {place}"),
    "token_until": ("有效至", "Until"),
    "token_used": ("最近使用", "Last used"),
    "token_never": ("从未", "never"),
    "token_revoke": ("吊销", "Revoke"),
    "token_revoked": ("已吊销", "revoked"),
    "token_expired": ("已过期", "expired"),
    "everywhere": ("全校区", "everywhere"),
    # the page of the API
    "api": ("接口", "API"),
    "api_help": (
        "机器可读的说明在 /api/v1/openapi.json。程序发送 Authorization: Bearer 令牌。",
        "For machines: /api/v1/openapi.json. A program sends Authorization: Bearer TOKEN.",
    ),
    "api_least": ("至少", "at least"),
}
