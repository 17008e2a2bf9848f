"""Puts the names that the code mentions most at the head of the module's table of names.

Bytecode gives a name by its place in that table, which is the order of first mention: a place below 128 takes
one byte, the others two. A function's code stays on the heap, a module's own code does not: so the module
begins with a statement that mentions the frequent names and is never executed.
"""

import ast
import keyword
from collections import Counter

from host_tools.shrink.program import INTERNED, is_viper
from host_tools.shrink.scopes import Scope, analyse

_SHORT = 127  # places of one byte, without the first, which is the file's name


def frequent_first(tree: ast.Module) -> None:
    """Change the tree of a module."""
    mention: ast.expr = ast.Name("__name__", ast.Load())
    for word, _ in _count(tree).most_common(_SHORT):
        if word.isidentifier() and not keyword.iskeyword(word):
            mention = ast.Attribute(mention, word, ast.Load())
        else:
            mention = ast.Subscript(mention, ast.Constant(word), ast.Load())
    never = ast.UnaryOp(ast.Not(), ast.Name("__name__", ast.Load()))
    tree.body.insert(0, ast.If(never, [ast.Expr(mention)], []))


def _count(tree: ast.Module) -> Counter[str]:
    """How often the bytecode of functions mentions each interned string; viper code has its own way."""
    count: Counter[str] = Counter()
    module = analyse(tree)
    for scope in _bytecode(module):
        for name in scope.seen:
            if name in module.owned:
                count[name] += sum(ref.scope is scope for ref in module.owned[name])
        if isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef):
            count[scope.node.name] += 1
            count.update(arg.arg for arg in scope.node.args.args)
            for node in ast.walk(scope.node):
                if isinstance(node, ast.Attribute):
                    count[node.attr] += 1
                elif (
                    isinstance(node, ast.Constant)
                    and isinstance(node.value, str)
                    and len(node.value) <= INTERNED
                ):
                    count[node.value] += 1
    return count


def _bytecode(scope: Scope):
    for inner in scope.everything():
        if inner.kind == "function" and not is_viper(inner.node):
            yield inner
