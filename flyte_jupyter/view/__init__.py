"""Runs in the notebook: the live view, the snapshot in the file, the text in a terminal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from flyte_jupyter.view._display import install, uninstall
from flyte_jupyter.view._show import TABS, show, show_io, show_logs, shown_runs

if TYPE_CHECKING:
    from flyte_jupyter.view._do import abort, freeze, rerun, signal, waiting
    from flyte_jupyter.view._html import snapshot_html
    from flyte_jupyter.view._notes import ArmedAction
    from flyte_jupyter.view._report import Report, show_report
    from flyte_jupyter.view._show_tables import (
        show_projects,
        show_runs,
        show_secrets,
        show_table,
        show_tasks,
        show_triggers,
    )
    from flyte_jupyter.view._tables import Act, Column, Row, WholeTable
    from flyte_jupyter.view._tell import listen, set_armed, toast
    from flyte_jupyter.view._text import text_tree
    from flyte_jupyter.view._wait import find_run, run_key, until, wait

__all__ = [
    "TABS",
    "Act",
    "ArmedAction",
    "Column",
    "Report",
    "Row",
    "WholeTable",
    "abort",
    "find_run",
    "freeze",
    "install",
    "listen",
    "rerun",
    "run_key",
    "set_armed",
    "show",
    "show_io",
    "show_logs",
    "show_projects",
    "show_report",
    "show_runs",
    "show_secrets",
    "show_table",
    "show_tasks",
    "show_triggers",
    "shown_runs",
    "signal",
    "snapshot_html",
    "text_tree",
    "toast",
    "uninstall",
    "until",
    "wait",
    "waiting",
]

_HOMES = {
    "Act": "_tables",
    "ArmedAction": "_notes",
    "Column": "_tables",
    "Report": "_report",
    "Row": "_tables",
    "WholeTable": "_tables",
    "abort": "_do",
    "find_run": "_wait",
    "freeze": "_do",
    "listen": "_tell",
    "rerun": "_do",
    "run_key": "_wait",
    "set_armed": "_tell",
    "show_projects": "_show_tables",
    "show_report": "_report",
    "show_runs": "_show_tables",
    "show_secrets": "_show_tables",
    "show_table": "_show_tables",
    "show_tasks": "_show_tables",
    "show_triggers": "_show_tables",
    "signal": "_do",
    "snapshot_html": "_html",
    "text_tree": "_text",
    "toast": "_tell",
    "until": "_wait",
    "wait": "_wait",
    "waiting": "_do",
}


def __getattr__(name: str) -> Any:
    """Import what `%load_ext` does not need when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
