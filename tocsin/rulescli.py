"""Touches. `tocsin rules`: tests beside rules, reload, backtest, and the JSON Schema for editors."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rules.load import STANDARD, RuleErrors, load, load_trials, rule_files, trial_files
from rules.ruleset import RuleSet
from rules.trial import Trial, run, untested
from tocsin.config import Settings
from tocsin.config import load as load_settings
from tocsin.doctor.finding import language_of
from tocsin.mistake import Mistakes

CONFIG = "tocsin.yaml"
_WHAT = {"added": "新增", "changed": "已修改", "removed": "已删除", "promoted": "已投入使用"}


def add_rules_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    test = acts.add_parser("test", help="run the tests beside the rules")
    test.add_argument("files", nargs="*", type=Path, help="tests, rules or folders (default: all of them)")
    test.set_defaults(act=_test)
    again = acts.add_parser("reload", help="have the running service load the rule files at once")
    again.set_defaults(act=_reload)
    past = acts.add_parser("replay", help="what rules would have raised over the recorded history")
    _add_replay_arguments(past)
    past.set_defaults(act=_replay)
    for one in (test, again, past):
        one.add_argument("-c", "--config", default=CONFIG, help="the configuration (tocsin.yaml)")
    acts.add_parser("schema", help="write the JSON Schema of rule files").set_defaults(act=_schema)


def _add_replay_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", default="30d", help="how long ago (30d), or a day or time (2026-11-01)")
    parser.add_argument("--until", default="", help="up to when (default: now)")
    parser.add_argument(
        "--rules", action="append", type=Path, metavar="PATH",
        help="files or folders proposed in place of yours: shows the difference",
    )  # fmt: skip
    parser.add_argument("--rule", action="append", default=[], metavar="ID", help="only this rule")
    parser.add_argument(
        "--device", action="append", default=[], metavar="ID", help="only what it raises here"
    )
    parser.add_argument("--all", action="store_true", help="list every activation")


def rules(args: argparse.Namespace) -> int:
    try:
        code: int = args.act(args)
    except RuleErrors as error:
        raise Mistakes(error.mistakes) from None
    return code


def _test(args: argparse.Namespace) -> int:
    """The pack's tests are about the pack alone; the user's, about everything that is in force."""
    settings = _settings(args)
    missing = [f"{path}: there is no such file or folder" for path in args.files if not path.exists()]
    if missing:
        raise Mistakes(missing)
    asked = trial_files(args.files)
    given = () if settings.source else [path for path in rule_files(args.files) if path not in asked]
    mine = load([*settings.rules, *given], settings.standard_rules)
    failures, total = _run(asked or ([] if args.files else trial_files(settings.rules)), mine)
    if settings.standard_rules and not args.files:
        more = _run(trial_files([STANDARD]), load())
        failures, total = failures + more[0], total + more[1]
    print("\n".join(failures), end="\n" if failures else "", file=sys.stderr)
    _say_untested(mine, total)
    failed = len({failure.split("  ")[1].rpartition(", at ")[0] for failure in failures})
    passed, every = len(total) - failed, len(total)
    print(_say(f"{every} 个测试中通过 {passed} 个", f"{passed} of {every} tests passed"))
    return 1 if failures else 0


def _run(files: Sequence[Path], known: RuleSet) -> tuple[list[str], list[Trial]]:
    trials = load_trials(files, known)
    return [failure for trial in trials for failure in run(trial, known)], trials


def _say_untested(known: RuleSet, trials: Sequence[Trial]) -> None:
    own = [rule for rule in known.rules if not rule.source.startswith("standard/")]
    for rule in untested(own, trials):
        print(f"{rule.source}  {rule.id}: " + _say("没有测试触发此规则", "no test raises this rule"))


def _say(zh: str, en: str) -> str:
    """In the language of the terminal."""
    return zh if language_of(os.environ) == "zh" else en


def _settings(args: argparse.Namespace) -> Settings:
    """Without a configuration: the standard pack, and the rules among the files that were named."""
    path = Path(args.config)
    if path.exists():
        return load_settings(path, os.environ)
    if args.config == CONFIG:
        return Settings()
    raise Mistakes([f"{path}: there is no such file"])


def _reload(args: argparse.Namespace) -> int:
    from tocsin.cli import settings_of
    from tocsin.office import Office

    answer = Office(settings_of(args)).rules_reload()
    for change in answer["changes"]:
        what = _say(_WHAT.get(change["what"], change["what"]), change["what"])
        print(f"{what} {change['rule']}  {change['former'] or '–'} → {change['version'] or '–'}")
        for one in change["difference"]:
            print(f"  {one['key']}: {one['old']} → {one['new']}")
    for sentence in answer["strangers"]:
        print(sentence)
    version, number = answer["version"], len(answer["changes"])
    print(_say(f"版本 {version}，{number} 条规则有变化", f"version {version}, {number} rules changed"))
    return 0


def _replay(args: argparse.Namespace) -> int:
    from tocsin import replaycli
    from tocsin.cli import settings_of

    return replaycli.replay(args, settings_of(args))


def _schema(args: argparse.Namespace) -> int:
    from rules.schema import schema

    print(schema(), end="")
    return 0
