"""Runs in the notebook: the live view, the snapshot in the file, the text in a terminal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from flyte_jupyter.view._display import install, uninstall
from flyte_jupyter.view._show import show, shown_runs

if TYPE_CHECKING:
    from flyte_jupyter.view._brief import brief_errors
    from flyte_jupyter.view._html import snapshot_html
    from flyte_jupyter.view._report import Report
    from flyte_jupyter.view._table import RunTable
    from flyte_jupyter.view._text import text_tree
    from flyte_jupyter.view._wait import find_run, run_key, until, wait

__all__ = [
    "Report",
    "RunTable",
    "brief_errors",
    "find_run",
    "install",
    "run_key",
    "show",
    "shown_runs",
    "snapshot_html",
    "text_tree",
    "uninstall",
    "until",
    "wait",
]

_HOMES = {
    "Report": "_report",
    "RunTable": "_table",
    "brief_errors": "_brief",
    "find_run": "_wait",
    "run_key": "_wait",
    "snapshot_html": "_html",
    "text_tree": "_text",
    "until": "_wait",
    "wait": "_wait",
}


def __getattr__(name: str) -> Any:
    """Import what `%load_ext` does not need when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
