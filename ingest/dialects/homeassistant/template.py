"""Thinks. A value template of Home Assistant, checked against a list of what is allowed, and made ready.

A sandbox limits neither time nor memory. So whatever could repeat (loops, variables, macros, `*`, `**`, `%`,
`~`, padding, regular expressions) is refused at approval; what is left looks at each part of a
template once. Attributes are only the keys of the JSON. A key that is missing says nothing, whatever the
template makes of it; null and what is no number are `Unreadable`, never the other branch of an `if`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateError, Undefined, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ingest.dialects.homeassistant.filters import FILTERS, Null, Unreadable
from ingest.value import shown

Render = Callable[[str, Any], Any]  # the text and its JSON → what is said; raises Nothing or Unreadable

LONGEST = 4096  # characters that a template may render, and of a text that it may look into
LONGEST_TEMPLATE = 1024
_MOST_NODES, _DEEPEST = 300, 20
_NAMES = {"value", "value_json"}
_TESTS = {"equalto", "eq", "==", "ne", "!=", "gt", ">", "greaterthan", "ge", ">=", "lt", "<", "lessthan",
          "le", "<=", "in", "true", "false", "boolean", "number", "integer", "float", "string"}  # fmt: skip
_SHAPE: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.Getattr, nodes.Getitem,
    nodes.Slice, nodes.List, nodes.Tuple, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.CondExpr, nodes.If, nodes.Filter, nodes.Test, nodes.Keyword, nodes.Add,
    nodes.Sub, nodes.Div, nodes.FloorDiv, nodes.Neg, nodes.Pos,
)  # fmt: skip
_LOOKED_INTO = (nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Filter)
_WORDS: dict[type[nodes.Node], str] = {
    nodes.For: "a loop", nodes.Mul: "`*`", nodes.Pow: "`**`", nodes.Mod: "`%`", nodes.Concat: "`~`",
    nodes.Call: "a call", nodes.Assign: "a variable (set)", nodes.AssignBlock: "a variable (set)",
    nodes.Macro: "a macro", nodes.Import: "an import", nodes.FromImport: "an import",
    nodes.Include: "an include", nodes.With: "a variable (with)", nodes.Dict: "a table in braces",
}  # fmt: skip


class Nothing(Exception):
    """The message says nothing of this: the key is not in it."""


class _Environment(ImmutableSandboxedEnvironment):
    """Without attributes of Python, and with numbers only in arithmetic."""

    intercepted_binops = frozenset(("+", "-", "/", "//"))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        for number in (left, right):
            if type(number) not in (int, float):
                _refuse_operand(number)
        return super().call_binop(context, operator, left, right)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if type(obj) is Null or type(argument) is Null:
            raise Unreadable("null")
        try:
            found = obj[argument] if type(obj) in (dict, list, tuple, str) else self.undefined()
        except (KeyError, IndexError, TypeError):
            return self.undefined()
        return Null() if found is None else found

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)


def _refuse_operand(operand: Any) -> NoReturn:
    if isinstance(operand, Undefined):
        raise UndefinedError
    raise Unreadable(f"not a number: {'null' if type(operand) is Null else shown(operand)}")


def _environment() -> _Environment:
    made = _Environment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    made.globals.clear()
    made.filters = dict(FILTERS)
    made.tests = {name: made.tests[name] for name in _TESTS}
    return made


_ENVIRONMENT = _environment()


def template(source: str) -> Render:
    """A template made ready. Raises ValueError with what in it is refused."""
    if len(source) > LONGEST_TEMPLATE:
        raise ValueError(f"a template of {len(source)} characters; the limit is {LONGEST_TEMPLATE}")
    try:
        tree = _ENVIRONMENT.parse(source)
        _check(tree)
        keys = _keys(tree)
        if keys is not None:
            return partial(_looked_up, keys) if keys[0] == "value_json" else _as_it_is
        made = _ENVIRONMENT.from_string(tree)
    except TemplateError as error:
        raise ValueError(f"template {source[:80]!r}: {str(error)[:300] or type(error).__name__}") from None
    except (RecursionError, MemoryError, SyntaxError, OverflowError):
        raise ValueError(f"template {source[:80]!r}: nested too deep") from None
    return partial(_rendered, made)


def _check(tree: nodes.Template) -> None:
    """Raises TemplateError for what is not on the list. No recursion: the depth is what is measured."""
    if tree.find(nodes.Name) is None:
        raise TemplateError("it looks at neither value nor value_json")
    level, seen, depth = [*tree.iter_child_nodes()], 0, 0
    while level:
        seen, depth = seen + len(level), depth + 1
        if seen > _MOST_NODES or depth > _DEEPEST:
            raise TemplateError("too long or nested too deep to be a look at a value")
        for node in level:
            _check_node(node)
        level = [child for node in level for child in node.iter_child_nodes()]


def _check_node(node: nodes.Node) -> None:
    if type(node) not in _SHAPE:
        word = _WORDS.get(type(node), type(node).__name__.lower())
        raise TemplateError(f"{word} is not allowed")
    if isinstance(node, nodes.Name) and node.name not in _NAMES:
        raise TemplateError(f"{node.name!r} is not known here; only value and value_json are")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise TemplateError(
            f"the filter {node.name!r} is not allowed; allowed are {', '.join(sorted(FILTERS))}"
        )
    if isinstance(node, nodes.Filter | nodes.Test) and (node.dyn_args or node.dyn_kwargs):
        raise TemplateError("* and ** are not allowed")
    if isinstance(node, nodes.Getattr | nodes.Getitem) and not isinstance(node.node, _LOOKED_INTO):
        raise TemplateError("a look-up in a list of the template is not allowed")
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        silent = node.name in ("defined", "undefined", "none")
        hint = ": a missing key says nothing and null is unknown anyhow, leave it out" if silent else ""
        raise TemplateError(f"the test {node.name!r} is not allowed{hint}")
    if isinstance(node, nodes.Filter) and node.name in ("default", "d") and not _of_a_key(node):
        node.name, node.args, node.kwargs = "is_defined", [], []


def _of_a_key(default: nodes.Filter) -> bool:
    """`default(value_json.b)`. A constant is the template's word and nothing that the device has said."""
    return any(isinstance(arg, nodes.Name) or arg.find(nodes.Name) for arg in default.args[:1])


def _keys(tree: nodes.Template) -> tuple[Any, ...] | None:
    """`{{ value_json.a['b'] }}` as ("value_json", "a", "b"), which needs no template engine."""
    outputs = [node for node in tree.body if isinstance(node, nodes.Output)]
    if len(tree.body) != 1 or len(outputs) != 1:
        return None
    inner = [n for n in outputs[0].nodes if not (isinstance(n, nodes.TemplateData) and not n.data.strip())]
    here, keys = (inner[0] if len(inner) == 1 else None), []
    if isinstance(here, nodes.Filter) and here.name == "is_defined":
        here = here.node
    while isinstance(here, nodes.Getattr | nodes.Getitem):
        if isinstance(here, nodes.Getitem) and not (
            isinstance(here.arg, nodes.Const) and type(here.arg.value) in (str, int)
        ):
            return None
        keys.append(here.attr if isinstance(here, nodes.Getattr) else here.arg.value)  # type: ignore[attr-defined]
        here = here.node
    if not isinstance(here, nodes.Name) or (here.name == "value" and keys):
        return None
    return here.name, *reversed(keys)


def _as_it_is(text: str, body: Any) -> Any:
    return _short(text)


def _short(found: Any) -> Any:
    if type(found) in (dict, list):
        raise Unreadable(shown(found))
    if type(found) is str and len(found) > LONGEST:
        raise Unreadable(f"a text of {len(found)} characters")
    return found


def _looked_up(keys: tuple[Any, ...], text: str, body: Any) -> Any:
    found = body
    try:
        for key in keys[1:]:
            found = found[key]
    except (KeyError, IndexError, TypeError):
        if found is None:
            raise Unreadable("null") from None
        raise Nothing from None
    if found is Undefined:
        raise Nothing
    return found if found is True or found is False else _short(found)


def _rendered(made: Any, text: str, body: Any) -> Any:
    if len(text) > LONGEST and not body:
        raise Unreadable(f"a text of {len(text)} characters")
    variables: dict[str, Any] = {"value": text}
    if body is not Undefined:
        variables["value_json"] = Null() if body is None else body
    parts, length = [], 0
    try:
        for part in made.root_render_func(made.new_context(variables, shared=False)):
            parts.append(part)
            length += len(part)
            if length > LONGEST:
                raise Unreadable(f"the template renders more than {LONGEST} characters")
    except (Unreadable, Nothing):
        raise
    except UndefinedError:
        raise Nothing from None
    except Exception as error:
        raise Unreadable(f"the template fails: {type(error).__name__}"[:200]) from None
    found = "".join(parts).strip()
    if not found:
        raise Nothing
    return None if found == "None" else found
