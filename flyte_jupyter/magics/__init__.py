"""The magics: parse, call, display. `register` adds them to a shell; each has `--help`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from flyte_jupyter.magics._arguments import parse, plain_errors
from flyte_jupyter.magics._complete import Complete, Completer, Matcher
from flyte_jupyter.magics._local import start as use_local
from flyte_jupyter.magics._magics import FlyteMagics
from flyte_jupyter.magics._on import OnMagics
from flyte_jupyter.magics._on_complete import complete_on
from flyte_jupyter.magics._on_kernel import Kernel
from flyte_jupyter.magics._tables import TableMagics
from flyte_jupyter.magics._wait import Awaiting, run_and_wait_async

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["FlyteMagics", "TableMagics", "awaited_flyte_wait", "parser_of", "register", "unregister", "use_local"]

_LINE_MAGICS = (FlyteMagics, TableMagics)


def register(ip: InteractiveShell) -> None:
    """Add the magics, their completions and the rewriting of awaiting `%%flyte_wait` cells to a shell; once."""
    unregister(ip)
    for line_magics in _LINE_MAGICS:
        ip.register_magics(line_magics(ip))
    kernel = Kernel(ip)
    ip.register_magics(OnMagics(ip, kernel))
    kernel.resume()
    ip.input_transformers_cleanup.append(Awaiting(ip))
    names = [name for line_magics in _LINE_MAGICS for name in line_magics.magics["line"]]
    completers: dict[str, Complete] = {name: Completer(parser_of(name)) for name in names}
    completers["flyte_on"] = complete_on
    ip.Completer.custom_matchers.append(Matcher(completers).match)


def parser_of(name: str) -> ArgumentParser:
    """The parser of a magic's arguments, by the magic's name."""
    return next(getattr(each, name) for each in _LINE_MAGICS if name in each.magics["line"]).parser


def unregister(ip: InteractiveShell) -> None:
    """Undo `register`."""
    ip.input_transformers_cleanup[:] = [one for one in ip.input_transformers_cleanup if not isinstance(one, Awaiting)]
    ip.Completer.custom_matchers[:] = [one for one in ip.Completer.custom_matchers if not _is_ours(one)]
    kernels: set[Kernel] = set()
    for kind in ("line", "cell"):
        registered = ip.magics_manager.magics[kind]
        for name in list(registered):
            owner = getattr(registered[name], "__self__", None)
            if isinstance(owner, OnMagics):
                kernels.add(owner.kernel)
            if isinstance(owner, (*_LINE_MAGICS, OnMagics)):
                del registered[name]
    for kernel in kernels:
        kernel.close()


def _is_ours(matcher: object) -> bool:
    return isinstance(getattr(matcher, "__self__", None), Matcher)


async def awaited_flyte_wait(line: str, cell: str) -> None:
    """What a `%%flyte_wait` cell with top-level await becomes."""
    args = parse(parser_of("flyte_wait"), line)
    if args is not None:
        with plain_errors():
            await run_and_wait_async(args, cell)
