"""Runs source as IPython runs a cell: transformed, its last expression shown, top-level await allowed."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def is_async(ip: InteractiveShell, source: str) -> bool:
    """Whether the source awaits at its top level."""
    try:
        code = compile(ip.transform_cell(source), "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError):
        return False
    return bool(code.co_flags & inspect.CO_COROUTINE)


async def execute(ip: InteractiveShell, source: str) -> None:
    """Execute the source in the user's namespace and show the value of its last expression.

    Source without top-level await never suspends: such a coroutine can be driven by `drive`.
    """
    body = ip.transform_cell(source)
    name = ip.compile.cache(body, ip.execution_count, raw_code=source)
    tree = ip.transform_ast(ip.compile.ast_parse(body, filename=name))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    if tree.body:
        await _evaluate(ip, _compile(ip, tree, name, "exec"))
    if isinstance(last, ast.Expr):
        ip.displayhook(await _evaluate(ip, _compile(ip, ast.Expression(last.value), name, "eval")))


def drive(coroutine: Any) -> None:
    """Run a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the cell suspended outside of an event loop")


def _compile(ip: InteractiveShell, tree: ast.Module | ast.Expression, name: str, mode: str) -> Any:
    flags = ip.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return compile(tree, name, mode, flags=flags, dont_inherit=True)


async def _evaluate(ip: InteractiveShell, code: Any) -> Any:
    value = eval(code, ip.user_global_ns, ip.user_ns)  # noqa: S307 - the user's own cell
    return await value if code.co_flags & inspect.CO_COROUTINE else value
