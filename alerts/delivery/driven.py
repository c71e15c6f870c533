"""Thinks. What an MQTT topic drives: Tocsin operates sounders and lamps, never a lock, a gate or a valve.

A topic is read from its end, where it names the thing: a word for something that sounds or shines settles it
(`campus/gate/siren`), unless a word for a lock or a valve stands behind it (`campus/siren/lock`).
"""

import re


def _words(english: str, chinese: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{english})s?(?![a-z])|{chinese}")


_SOUNDS = _words(
    "siren|sounder|hooter|horn|bell|buzzer|alarm|lamp|light|beacon|strobe|flash(?:er)?|led|display|screen"
    "|speaker|pa|warning",
    "警|声光|喇叭|扬声|广播|灯|铃|屏",
)
_LOCKS = _words(
    r"\w*unlock|(?:door|gate|smart|mag|pad|dead)?lock|deadbolt|\w*valve\w*|\w*sprinkler\w*|\w*extinguish\w*|deluge",
    "锁|门禁|阀|喷淋|灭火",
)
# Words of places too (`north-gate/tower/2`), so they count only where they name the thing itself.
_DOORS = _words("door|gate|barrier|turnstile|shutter|pump|open|release|discharge", "门|闸|泵|打开|开启")
_ACTS = _words(
    r"set|get|state|cmd|cmnd|command|control|power|on|off|switch|relay|output|value|write|action",
    "命令|控制|开关|启动",
)


SOUNDERS_ONLY = (
    "Tocsin operates sounders and lamps, never a lock, a door, a valve or extinguishing equipment;"
    " the topic of a sounder ends in what it is, as in campus/gate/siren"
)


def forbidden(topic: str) -> str:
    """The word of a topic for what Tocsin never operates; "" for a topic that may be published on."""
    names_it = True
    for level in reversed(topic.split("/")):
        words = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W\d_]+", " ", level).lower()
        sounds, lock, door = (_last(pattern, words) for pattern in (_SOUNDS, _LOCKS, _DOORS))
        if lock and (not sounds or lock.start() > sounds.start()):
            return lock[0]
        if sounds:
            return ""
        if door and names_it:
            return door[0]
        names_it = names_it and not _ACTS.sub("", words).strip()
    return ""


def _last(pattern: re.Pattern[str], words: str) -> re.Match[str] | None:
    return max(pattern.finditer(words), key=re.Match.start, default=None)
