"""Flyte 2 runs, live in the notebook cell that started them.

    %load_ext flyte_jupyter
    %flyte_local            # or: %flyte_connect flyte.example.com -p PROJECT -d DOMAIN
    flyte.run(main, n=3)    # as the last line of a cell: the run, live

The same from Python, and in marimo: `use_local`, `connect`, `show` and `wait`. The client of Flyte's API is
`flyte_jupyter.remote`; the embedded backend is `flyte_jupyter.local`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from flyte_jupyter._version import __version__

# gRPC reads these when it is first loaded. Its fork handlers crash or hang processes that fork while a stream is open
# (a forked child must not use gRPC), and what it logs of connections that end would stand below the user's cell.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flyte_jupyter.actions import on
    from flyte_jupyter.magics import use_local
    from flyte_jupyter.remote import connect
    from flyte_jupyter.view import (
        abort,
        freeze,
        rerun,
        show,
        show_io,
        show_logs,
        show_projects,
        show_report,
        show_runs,
        show_secrets,
        show_tasks,
        show_triggers,
        signal,
        wait,
    )

__all__ = [
    "__version__",
    "abort",
    "connect",
    "freeze",
    "load_ipython_extension",
    "on",
    "rerun",
    "show",
    "show_io",
    "show_logs",
    "show_projects",
    "show_report",
    "show_runs",
    "show_secrets",
    "show_tasks",
    "show_triggers",
    "signal",
    "unload_ipython_extension",
    "use_local",
    "wait",
]

_HOMES = {
    "abort": "flyte_jupyter.view",
    "connect": "flyte_jupyter.remote",
    "freeze": "flyte_jupyter.view",
    "on": "flyte_jupyter.actions",
    "rerun": "flyte_jupyter.view",
    "show": "flyte_jupyter.view",
    "show_io": "flyte_jupyter.view",
    "show_logs": "flyte_jupyter.view",
    "show_projects": "flyte_jupyter.view",
    "show_report": "flyte_jupyter.view",
    "show_runs": "flyte_jupyter.view",
    "show_secrets": "flyte_jupyter.view",
    "show_tasks": "flyte_jupyter.view",
    "show_triggers": "flyte_jupyter.view",
    "signal": "flyte_jupyter.view",
    "use_local": "flyte_jupyter.magics",
    "wait": "flyte_jupyter.view",
}


def __getattr__(name: str) -> Any:
    """Import the front door's functions when they are first asked for: `import flyte_jupyter` alone stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Register the magics and the display of runs and actions; called by `%load_ext flyte_jupyter`. Prints nothing."""
    from flyte_jupyter import magics, view

    view.install(ip)
    magics.register(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Undo `load_ipython_extension`; called by `%unload_ext flyte_jupyter`."""
    from flyte_jupyter import magics, view

    magics.unregister(ip)
    view.uninstall(ip)
