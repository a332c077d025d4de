"""marimo: not IPython's display, but it shows widgets."""

from __future__ import annotations

import sys
from typing import Any


def runs_us() -> bool:
    """Whether this process runs the cells of a marimo notebook."""
    marimo: Any = sys.modules.get("marimo")
    return marimo is not None and bool(marimo.running_in_notebook())


def display(widget: Any) -> None:
    """Add a widget to the output of the running cell."""
    import marimo  # pyright: ignore[reportMissingImports]

    marimo.output.append(widget)
