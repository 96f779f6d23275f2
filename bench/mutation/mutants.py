"""Small faults: a module's source with one node changed.

Left alone is what no test should pin down: documentation, annotations, texts, and what only builds
the sentence of an error.
"""

import ast
import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}  # fmt: skip
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
CALLS = {"min": "max", "max": "min", "all": "any", "any": "all", "sorted": "list"}


@dataclass(frozen=True)
class Mutant:
    """One fault: another node, `new`, in the place of the tree's `number` of ast.walk."""

    module: str
    line: int
    function: str
    change: str
    tree: ast.Module = field(repr=False)
    number: int
    new: ast.AST = field(repr=False)

    @cached_property
    def source(self) -> str:
        """The whole module with the fault."""
        changed = copy.deepcopy(self.tree)
        old = next(node for n, node in enumerate(ast.walk(changed)) if n == self.number)
        return ast.unparse(ast.fix_missing_locations(_Replace(old, self.new).visit(changed)))

    @cached_property
    def key(self) -> str:
        """The same for the same fault in the same module text."""
        return hashlib.sha256(f"{self.module}\n{self.source}".encode()).hexdigest()[:16]


def mutants_of(module: str, text: str) -> list[Mutant]:
    """Every mutant of a module, in the order of the nodes."""
    tree = ast.parse(text)
    skipped, functions = _skipped(tree), _functions(tree)
    return [
        Mutant(
            module,
            getattr(node, "lineno", 0),
            functions.get(number, ""),
            f"{_short(ast.unparse(node))} -> {_short(ast.unparse(new))}",
            tree,
            number,
            new,
        )
        for number, node in enumerate(ast.walk(tree))
        if number not in skipped
        for new in _changes(node)
    ]


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        """The new node for the old one."""
        return self.new if node is self.old else self.generic_visit(node)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 70 else line[:67] + "..."


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in the node's place, one fault at a time."""
    if isinstance(node, ast.Compare):
        for at, operation in enumerate(node.ops):
            operations = [*node.ops[:at], COMPARISONS[type(operation)](), *node.ops[at + 1 :]]
            yield ast.Compare(node.left, operations, node.comparators)
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in ARITHMETIC:
        yield _with(node, op=ARITHMETIC[type(node.op)]())
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool | int):
        yield ast.Constant(not node.value if isinstance(node.value, bool) else node.value + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        yield _with(node, func=ast.Name(CALLS[node.func.id], ast.Load()))
    elif isinstance(node, ast.If | ast.IfExp | ast.While):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Raise) or _is_statement(node):
        yield ast.Pass()
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Break):
        yield ast.Continue()


def _is_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _with(node: ast.AST, **fields: ast.AST) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _skipped(tree: ast.Module) -> set[int]:
    """Nodes in annotations and decorators, in what is raised and in formatted texts."""
    roots: list[ast.AST | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg):
            roots.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            roots += [node.returns, *node.decorator_list]
        elif isinstance(node, ast.ClassDef):
            roots += node.decorator_list
        elif isinstance(node, ast.Raise):
            roots += [node.exc, node.cause]
        elif isinstance(node, ast.JoinedStr):
            roots.append(node)
    inner = {id(child) for root in roots if root is not None for child in ast.walk(root)}
    return {number for number, node in enumerate(ast.walk(tree)) if id(node) in inner}


def _functions(tree: ast.Module) -> dict[int, str]:
    """The innermost function or class of every node."""
    owner: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            owner |= {id(child): node.name for child in ast.walk(node)}
    return {n: owner[id(node)] for n, node in enumerate(ast.walk(tree)) if id(node) in owner}
