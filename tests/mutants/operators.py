"""Small changes of a module that a test should notice: mutants, each of one place in its source.

Comparisons are moved by one or turned round, numbers differ by one, `and` is `or`, `not` is gone, conditions
are turned round, arithmetic is swapped, what a function returns is None, and a statement is gone. Left alone
are texts, annotations, decorators, `__all__` and what is there for a type checker.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Mutant", "mutants_of"]

_COMPARED: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitAnd,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: its lines (from 1), the bytes `start` to `stop` of the source, what is there instead."""

    line: int
    last_line: int
    start: int
    stop: int
    instead: str
    kind: str
    #: The function or class that it is in, and whether it runs when the module is imported.
    inside: str
    at_import: bool

    def applied(self, source: str) -> str:
        """Return the source with the change."""
        raw = source.encode()
        return (raw[: self.start] + self.instead.encode() + raw[self.stop :]).decode()

    def shown(self, source: str) -> str:
        """Return the change in a line: what was there, and what is there instead."""
        before = source.encode()[self.start : self.stop].decode()
        return f"{' '.join(before.split())}  ->  {' '.join(self.instead.split())}"


def mutants_of(source: str) -> list[Mutant]:
    """Return every mutant of a module, in the order of its source.

    >>> source = "def f(a):\\n    return a < 2\\n"
    >>> for mutant in mutants_of(source):
    ...     print(mutant.kind, "|", mutant.shown(source))
    return | return a < 2  ->  return None
    compare | a < 2  ->  (a <= 2)
    compare | a < 2  ->  (a >= 2)
    number | 2  ->  (3)
    number | 2  ->  (1)
    """
    return list(_Finder(source).visit_all())


class _Finder:
    def __init__(self, source: str) -> None:
        self._tree = ast.parse(source)
        lines = source.encode().splitlines(keepends=True)
        self._offsets = [0]
        for line in lines:
            self._offsets.append(self._offsets[-1] + len(line))

    def visit_all(self) -> Iterator[Mutant]:
        yield from self._body(self._tree.body, (), True)

    def _body(self, body: list[ast.stmt], inside: tuple[str, ...], at_import: bool) -> Iterator[Mutant]:
        for statement in body:
            yield from self._statement(statement, inside, at_import)

    def _statement(self, node: ast.stmt, inside: tuple[str, ...], at_import: bool) -> Iterator[Mutant]:
        if _left_alone(node):
            return
        if isinstance(node, ast.ClassDef):
            if not any("Protocol" in ast.unparse(base) for base in node.bases):
                yield from self._body(node.body, (*inside, node.name), at_import)
            return
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for default in (*node.args.defaults, *node.args.kw_defaults):
                if default is not None:
                    yield from self._expressions(default, inside, at_import)
            yield from self._body(node.body, (*inside, node.name), False)
            return
        yield from self._whole(node, inside, at_import)
        for name, value in ast.iter_fields(node):
            if name == "annotation":
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.stmt):
                    yield from self._statement(child, inside, at_import)
                elif isinstance(child, ast.ExceptHandler | ast.match_case):
                    yield from self._body(child.body, inside, at_import)
                elif isinstance(child, ast.withitem):
                    yield from self._expressions(child.context_expr, inside, at_import)
                elif isinstance(child, ast.expr):
                    yield from self._expressions(child, inside, at_import)

    def _whole(self, node: ast.stmt, inside: tuple[str, ...], at_import: bool) -> Iterator[Mutant]:
        def made(instead: str, kind: str, at: ast.expr | ast.stmt = node) -> Mutant:
            return self._made(at, instead, kind, inside, at_import)

        match node:
            case ast.Return(value=ast.expr() as value):
                if not (isinstance(value, ast.Constant) and value.value is None):
                    yield made("return None", "return")
            case ast.Expr(value=ast.Call() | ast.Await()) | ast.Raise() | ast.AugAssign() | ast.Delete():
                yield made("pass", "statement")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield made("pass", "statement")
            case ast.Break():
                yield made("continue", "loop")
            case ast.Continue():
                yield made("break", "loop")
            case ast.If() | ast.While() if not isinstance(node.test, ast.Constant | ast.Compare):
                yield made(f"(not ({_text(node.test)}))", "condition", node.test)
            case _:
                pass

    def _expressions(self, root: ast.expr, inside: tuple[str, ...], at_import: bool) -> Iterator[Mutant]:
        if isinstance(root, ast.JoinedStr):
            # Python 3.11 does not say where in the source its parts are.
            return

        def made(changed: ast.expr, kind: str, at: ast.expr) -> Mutant:
            return self._made(at, f"({_text(changed)})", kind, inside, at_import)

        for changed, kind, at in _changed(root):
            yield made(changed, kind, at)
        now = at_import and not isinstance(root, ast.Lambda)
        for child in ast.iter_child_nodes(root):
            if isinstance(child, ast.comprehension):
                yield from self._expressions(child.iter, inside, now)
                for condition in child.ifs:
                    if not isinstance(condition, ast.Compare):
                        yield made(ast.UnaryOp(ast.Not(), condition), "condition", condition)
                    yield from self._expressions(condition, inside, now)
            elif isinstance(child, ast.keyword):
                yield from self._expressions(child.value, inside, now)
            elif isinstance(child, ast.expr):
                yield from self._expressions(child, inside, now)

    def _made(
        self, node: ast.expr | ast.stmt, instead: str, kind: str, inside: tuple[str, ...], at_import: bool
    ) -> Mutant:
        last, end = node.end_lineno, node.end_col_offset
        assert last is not None
        assert end is not None
        return Mutant(
            line=node.lineno,
            last_line=last,
            start=self._offsets[node.lineno - 1] + node.col_offset,
            stop=self._offsets[last - 1] + end,
            instead=instead,
            kind=kind,
            inside=".".join(inside),
            at_import=at_import,
        )


def _changed(node: ast.expr) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    """Return what an expression itself may be instead, of which kind the change is, and where it is."""
    match node:
        case ast.Compare():
            for at, operator in enumerate(node.ops):
                for other in _COMPARED[type(operator)]:
                    operators = [*node.ops[:at], other(), *node.ops[at + 1 :]]
                    yield ast.Compare(node.left, operators, node.comparators), "compare", node
        case ast.BoolOp():
            other_way = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield ast.BoolOp(other_way, node.values), "and-or", node
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand, "not", node
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right), "arithmetic", node
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value), "number", node
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1), "number", node
            yield ast.Constant(value - 1), "number", node
        case ast.IfExp() if not isinstance(node.test, ast.Compare):
            yield ast.UnaryOp(ast.Not(), node.test), "condition", node.test
        case _:
            pass


def _left_alone(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test)
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _text(node: ast.expr) -> str:
    return ast.unparse(ast.fix_missing_locations(node))
