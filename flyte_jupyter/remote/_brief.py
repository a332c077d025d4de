"""Errors of Flyte as one line below the cell: the stack behind them is ours, and nobody can act upon it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from flyte_jupyter.remote._errors import FlyteError


@contextmanager
def brief_errors() -> Generator[None, None, None]:
    """Make IPython show a `FlyteError` that leaves the block, or the decorated function, as its name and sentence."""
    try:
        yield
    except FlyteError as error:
        sentence = f"{type(error).__name__}: {error}"
        shown: Any = error
        shown._render_traceback_ = lambda: [sentence]
        raise
