"""Whether the words of an SQL statement are the programmer's own, read off the source.

A piece is ours where it is written down: a constant, something put together of such, a name in
capitals (a constant of a module), question marks for values, a number. What comes in through a
function's arguments is looked for at the calls of that function.
"""

import ast
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

SINKS = {"execute", "executemany", "executescript", "query", "one", "scalar"}
TABLES = {"table", "rows_where", "count_where", "delete_where", "pks_and_rows_where"}
# Calls that give question marks, numbers or quoted names, whatever they get.
CLEAN = {"places", "len", "int"}
STRINGS = {"join", "replace", "format", "strip", "removeprefix", "lower", "upper", "rstrip"}


BINDERS = (
    *(ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.comprehension),
    ast.Call,  # parts.append(...)
)


class Source:
    """One file of ours."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text("utf-8"))
        self._binders: dict[ast.AST, list[ast.AST]] = {}
        for parent in ast.walk(self.tree):
            for child in ast.iter_child_nodes(parent):
                child.parent = parent  # type: ignore[attr-defined]

    @cached_property
    def functions(self) -> dict[str, ast.FunctionDef]:
        return {n.name: n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef)}

    def statements(self) -> Iterator[tuple[int, ast.expr]]:
        """Each argument that SQLite reads as words: its line, and the expression.

        So is what a method `where` returns first: the conditions of a part of a queue.
        """
        for node in ast.walk(self.tree):
            match node:
                case ast.Return(value=ast.Tuple(elts=[first, *_])) if self.within(node) == "where":
                    yield node.lineno, first
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in ("one", "scalar") and isinstance(called, ast.Name) and len(node.args) > 1:
                yield node.lineno, node.args[1]
            elif isinstance(called, ast.Attribute) and (
                name in SINKS or (name in TABLES and "db" in ast.unparse(called.value))
            ):
                yield node.lineno, node.args[0]

    def within(self, node: ast.AST) -> str:
        """The function in which a statement stands."""
        found = _function(node)
        return found.name if found else ""

    def ours(self, node: ast.AST, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a piece of a statement can only be what we wrote."""
        match node:
            case ast.Constant():
                return True
            case ast.JoinedStr(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts):
                return all(self.ours(part, seen) for part in parts)
            case ast.Set(elts=parts):
                return all(self.ours(part, seen) for part in parts)
            case ast.Dict(keys=keys, values=values):
                return all(self.ours(part, seen) for part in (*keys, *values) if part)
            case ast.FormattedValue(value=inner) | ast.Starred(value=inner):
                return self.ours(inner, seen)
            case ast.BinOp(left=left, right=right):
                if isinstance(node.op, ast.Mult):  # "?" * n
                    return self.ours(left, seen) or self.ours(right, seen)
                return self.ours(left, seen) and self.ours(right, seen)
            case ast.IfExp(body=body, orelse=other):
                return self.ours(body, seen) and self.ours(other, seen)
            case ast.BoolOp(values=parts):
                return all(self.ours(part, seen) for part in parts)
            case ast.NamedExpr(value=value):
                return self.ours(value, seen)
            case ast.Compare() | ast.UnaryOp():
                return True  # truth or a number
            case ast.Subscript(value=value):
                return self.ours(value, seen)
            case ast.ListComp(elt=elt) | ast.GeneratorExp(elt=elt) | ast.SetComp(elt=elt):
                return self.ours(elt, seen)
            case ast.Attribute(attr=attr):
                return attr.strip("_").isupper()
            case ast.Call():
                return self._call(node, seen)
            case ast.Name(id=name):
                return self._name(node, name, seen)
        return False

    def _call(self, node: ast.Call, seen: frozenset[str]) -> bool:
        called = node.func
        if isinstance(called, ast.Attribute):
            if called.attr in STRINGS | {"items", "keys", "values", "get"}:
                return self.ours(called.value, seen) and all(
                    self.ours(part, seen) for part in node.args if called.attr != "get"
                )
            return called.attr == "where" and not node.args  # of a part of a queue
        name = getattr(called, "id", "")
        if name in CLEAN:
            return True
        if name in ("sorted", "list", "tuple", "dict", "filter", "reversed", "zip", "enumerate"):
            return all(self.ours(part, seen) for part in node.args)
        made = self.functions.get(name)
        if made is None or name in seen:
            return False
        returned = [n.value for n in ast.walk(made) if isinstance(n, ast.Return) and n.value]
        return bool(returned) and all(self.ours(one, seen | {name}) for one in returned)

    def _name(self, node: ast.AST, name: str, seen: frozenset[str]) -> bool:
        if name.strip("_").isupper() or name == "None":
            return True
        within, key = _function(node), f"{name}@{getattr(_function(node), 'name', '')}"
        if key in seen:
            return True  # a += that adds to itself
        seen |= {key}
        scope = within or self.tree
        found = self._bindings(scope, name)
        place = None if within is None else _argument(within, name)
        if within is not None and place is not None:
            # What is bound anew may stand on what came in: both are looked at.
            if not self._argument_ours(within, name, place, seen):
                return False
            return all(self.ours(value, seen) for value in found)
        if not found and within is not None:
            outer = _function(within)
            scope = outer or self.tree
            found = self._bindings(scope, name)
        return bool(found) and all(self.ours(value, seen) for value in found)

    def _bindings(self, scope: ast.AST, name: str) -> list[ast.AST]:
        """Everything that a name is bound to in a function or the module."""
        if scope not in self._binders:
            self._binders[scope] = [n for n in ast.walk(scope) if isinstance(n, BINDERS)]
        return [value for n in self._binders[scope] for value in _bound(n, name)]

    def _argument_ours(
        self, made: ast.FunctionDef, name: str, place: int, seen: frozenset[str]
    ) -> bool:
        """Whether every call of a function in its file gives an argument of ours."""
        if not made.name.startswith("_") and _function(made) is None:
            return False
        calls = [
            n for n in ast.walk(self.tree)
            if isinstance(n, ast.Call) and made.name in (
                getattr(n.func, "id", ""), getattr(n.func, "attr", ""))
        ]  # fmt: skip
        shift = 1 if made.args.args and made.args.args[0].arg in ("self", "cls") else 0
        for call in calls:
            given = next((k.value for k in call.keywords if k.arg == name), None)
            if given is None and 0 <= place - shift < len(call.args):
                given = call.args[place - shift]
            if given is not None and not self.ours(given, seen):
                return False
        return bool(calls)


def _function(node: ast.AST) -> ast.FunctionDef | None:
    while (node := getattr(node, "parent", None)) is not None:
        if isinstance(node, ast.FunctionDef):
            return node
    return None


def _argument(made: ast.FunctionDef, name: str) -> int | None:
    every = [*made.args.posonlyargs, *made.args.args]
    for place, argument in enumerate(every):
        if argument.arg == name:
            return place
    return -1 if any(one.arg == name for one in made.args.kwonlyargs) else None


def _bound(node: ast.AST, name: str) -> Iterator[ast.AST]:
    """What a statement binds a name to."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _part(target, value, name)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield from _part(target, value, name)
        case ast.AugAssign(target=ast.Name(id=found), value=value) if found == name:
            yield value
        case ast.NamedExpr(target=ast.Name(id=found), value=value) if found == name:
            yield value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target)):
                yield value
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="append"), args=[value]):
            if found == name:
                yield value


def _part(target: ast.AST, value: ast.AST, name: str) -> Iterator[ast.AST]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple):
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            for one, its in zip(target.elts, value.elts, strict=True):
                yield from _part(one, its, name)
        elif any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target)):
            yield value
