"""A run or action as the value of a cell: shows its view. Ours and the SDK's, also where the SDK is imported later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flyte_jupyter.view import _listening, _mode
from flyte_jupyter.view._show import cell_begins, look, show, show_wait

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# Module and name: nothing is imported for this.
SHOWN = (
    ("flyte_jupyter.remote._run", "Run"),
    ("flyte_jupyter.remote._run_details", "RunDetails"),
    ("flyte_jupyter.remote._action", "Action"),
    ("flyte_jupyter.remote._details", "ActionDetails"),
    ("flyte.remote._run", "Run"),
    ("flyte.remote._run", "RunDetails"),
    ("flyte.remote._action", "Action"),
    ("flyte.remote._action", "ActionDetails"),
)


def install(ip: InteractiveShell) -> None:
    """Show runs and actions as views, and keep their buttons alive while our calls wait. Prints nothing.

    Args:
        ip: the shell of a kernel, or of a terminal.
    """
    kernel = _mode.kernel_of(ip)
    if kernel is None:
        _register(_plain_formatter(ip), _pretty)
        return
    # This formatter's function displays by itself: one output, with an id by which it can be written anew.
    _register(_display_formatter(ip), _display)
    for event, handler in _handlers():
        if handler not in ip.events.callbacks[event]:
            ip.events.register(event, handler)
    from flyte_jupyter.remote import background, set_wait_display
    from flyte_jupyter.view._pump import make_pump

    background().on_wait = _listening.noting(make_pump(kernel))
    set_wait_display(show_wait)


def uninstall(ip: InteractiveShell) -> None:
    """Undo `install`. Views that are shown stay alive."""
    if _mode.kernel_of(ip) is None:
        _unregister(_plain_formatter(ip))
        return
    _unregister(_display_formatter(ip))
    for event, handler in _handlers():
        if handler in ip.events.callbacks[event]:
            ip.events.unregister(event, handler)
    from flyte_jupyter.remote import background, set_wait_display

    background().on_wait = None
    set_wait_display(None)


def _register(formatter: Any, function: Callable[..., Any]) -> None:
    for module, name in SHOWN:
        formatter.for_type_by_name(module, name, function)


def _unregister(formatter: Any) -> None:
    for module, name in SHOWN:
        formatter.pop(f"{module}.{name}", None)


def _display_formatter(ip: Any) -> Any:
    return ip.display_formatter.ipython_display_formatter


def _plain_formatter(ip: Any) -> Any:
    return ip.display_formatter.formatters["text/plain"]


def _handlers() -> list[tuple[str, Callable[..., None]]]:
    return [
        ("pre_run_cell", _listening.cell_begins),
        ("pre_run_cell", cell_begins),
        ("post_run_cell", _settle),
        ("post_run_cell", _offer),
        ("post_run_cell", _listening.cell_ends),
    ]


def _settle(_result: object) -> None:
    """Write what a batch program's outputs lack before it stops listening to this cell."""
    import sys

    module = sys.modules.get("flyte_jupyter.view._session")
    if module is not None:
        module.session().settle()


def _offer(_result: object) -> None:
    """Once this kernel is connected, let the page offer to bring to life what earlier kernels have shown."""
    import sys

    from IPython.core.getipython import get_ipython

    if "flyte_jupyter.remote" not in sys.modules:
        return
    from flyte_jupyter.view._place import current_place

    place = current_place()
    kernel = _mode.kernel_of(get_ipython())
    if place and kernel is not None and not _mode.is_batch(kernel) and _mode.offers():
        from flyte_jupyter.view._session import session

        session().offer(place)


def _display(run: Any) -> None:
    from flyte_jupyter.remote import FlyteError
    from flyte_jupyter.view._target import is_on_backend

    if not is_on_backend(run):
        raise NotImplementedError  # tells IPython to go on to the other formatters
    try:
        show(run)
    except (FlyteError, RuntimeError, ValueError) as error:
        print(f"{_short(run)} cannot be shown: {error}")  # noqa: T201


def _pretty(run: Any, printer: Any, cycle: bool) -> None:
    from flyte_jupyter.remote import FlyteError
    from flyte_jupyter.view._target import is_on_backend
    from flyte_jupyter.view._text import text_tree

    # In a list of runs each is one line.
    if cycle or len(printer.stack) > 1 or not is_on_backend(run):
        printer.text(repr(run))
        return
    try:
        printer.text(text_tree(look(run)))
    except FlyteError as error:
        printer.text(f"{_short(run)} cannot be shown: {error}")


def _short(run: Any) -> str:
    name = getattr(run, "name", "")
    return f"{type(run).__name__} {name}".strip()
