"""What a program says to people, taken out of its syntax tree: another message changes no number.

Words leave in three places: the arguments of an exception that is raised, those of :class:`ReplisomeError` wherever it
is made, and calls that print or log. What an argument *does* stays: a call, an assignment within an expression or a
look-up by key may have effects, so it counts like any other code. What is raised or printed as plain data stays too.
"""

from __future__ import annotations

import ast

# What may do more than say something. A look-up by key makes the entry of a defaultdict.
EFFECTS = (
    *(ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom, ast.Subscript),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
HARMLESS = frozenset({"len", "repr", "str", "round", "type"})  # calls of these do nothing but tell
LOGGERS = frozenset({"log", "logger", "logging"})
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
STREAMS = frozenset({"stdout", "stderr"})
MESSAGES = frozenset({"ReplisomeError"})  # exceptions that hold a message for people and nothing else


class WithoutWording(ast.NodeTransformer):
    """Takes wording out of a tree, in place."""

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """Take the words out of what is raised."""
        self.generic_visit(node)
        if isinstance(node.exc, ast.Call):
            node.exc = _without_words(node.exc)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Take the words out of a message for people that is made to be raised elsewhere."""
        self.generic_visit(node)
        is_message = isinstance(node.func, ast.Name) and node.func.id in MESSAGES
        return _without_words(node) if is_message else node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Take away a statement that prints or logs, but for what its arguments do."""
        self.generic_visit(node)
        if not (isinstance(node.value, ast.Call) and _tells(node.value)):
            return node
        left = [e for a in _arguments(node.value) for e in _effects(a)]
        return ast.Expr(ast.Tuple(elts=left, ctx=ast.Load())) if left else ast.Pass()


def _tells(call: ast.Call) -> bool:
    """Say whether a call prints to the terminal or logs; one that prints to a file writes a result."""
    match call.func:
        case ast.Name(id="print"):
            files = [keyword.value for keyword in call.keywords if keyword.arg in ("file", None)]
            return all(isinstance(file, ast.Attribute) and file.attr in STREAMS for file in files)
        case ast.Attribute(value=ast.Name(id=name), attr=level):
            return name in LOGGERS and level in LEVELS
    return False


def _without_words(call: ast.Call) -> ast.Call:
    """Return the call of an exception with data as it is, and of each text what its parts do."""
    kept: list[ast.expr] = []
    for argument in _arguments(call):
        kept.extend(_effects(argument) if _is_text(argument) else [argument])
    return ast.Call(func=call.func, args=kept, keywords=[])


def _is_text(node: ast.expr) -> bool:
    """Say whether an expression is surely a text: written out, or put together from one that is."""
    match node:
        case ast.JoinedStr():
            return True
        case ast.Constant(value=value):
            return isinstance(value, str)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _is_text(left) or _is_text(right)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _is_text(left)
    return False


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _effects(node: ast.AST) -> list[ast.expr]:
    """Return the largest parts of an expression that may do more than say something, in order."""
    if isinstance(node, EFFECTS):
        harmless = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HARMLESS
        if not harmless:
            assert isinstance(node, ast.expr)
            return [node]
    return [effect for child in ast.iter_child_nodes(node) for effect in _effects(child)]
