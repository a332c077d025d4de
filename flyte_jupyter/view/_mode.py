"""How an output is shown: what the user asked for, what asks us to run, and what the front end turned out to do."""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

VARIABLE = "FLYTE_JUPYTER_DISPLAY"


class Form(enum.Enum):
    """What an output is made of."""

    STATIC = "static"  # HTML that nothing will adopt, as in batch runs
    ADOPTED = "adopted"  # HTML that the hub brings to life
    WIDGET = "widget"  # the fall-back view, with the HTML beside it


@dataclass
class FrontEnd:
    """What is known of the page, or of whatever shows the outputs of this kernel.

    Attributes:
        adopts: the hub's model has run there, so placeholders come alive.
        has_widgets: True once a fall-back view said hello; False when one was shown and stayed silent.
    """

    adopts: bool = False
    has_widgets: bool | None = None


def initial_front_end() -> FrontEnd:
    """Return what is known before the page has spoken."""
    # Voila's page comes after the last cell and takes its outputs as they are then: none may fall back meanwhile.
    return FrontEnd(has_widgets=False if is_voila() else None)


def setting() -> str:
    """Return what FLYTE_JUPYTER_DISPLAY asks for: "auto", "static" or "widget".

    Raises:
        ValueError: it is something else.
    """
    value = os.environ.get(VARIABLE, "").strip().lower() or "auto"
    if value not in ("auto", "static", "widget"):
        raise ValueError(f"{VARIABLE} is {value!r}; it may be auto, static or widget.")
    return value


def offers() -> bool:
    """Whether the page may be offered to bring earlier snapshots to life: not where only static output is wanted."""
    return os.environ.get(VARIABLE, "").strip().lower() in ("", "auto") and not is_voila()


def choose(asked: str, *, batch: bool, front_end: FrontEnd) -> Form:
    """Decide the form of a new output.

    Args:
        asked: what `setting` returned.
        batch: the cell was sent by a program such as nbclient, with nobody to look.
        front_end: what is known of the page.
    """
    if asked == "widget":
        return Form.WIDGET
    if asked == "static" or batch:
        return Form.STATIC
    if front_end.has_widgets and not front_end.adopts:
        return Form.WIDGET
    return Form.ADOPTED


def kernel_of(ip: InteractiveShell | None) -> Any:
    """Return the Jupyter kernel around the shell, None in a terminal."""
    return getattr(ip, "kernel", None)


def is_batch(kernel: Any) -> bool:
    """Whether the running cell was sent by a program: nobody is there to answer `input()`."""
    if is_voila():  # it runs the cells before the page is there, and then connects the page to the kernel
        return False
    try:
        return kernel.get_parent("shell")["content"].get("allow_stdin") is False
    except (AttributeError, KeyError, LookupError, TypeError):
        return False


def is_voila() -> bool:
    """Whether the notebook is served as a page by Voila."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")
