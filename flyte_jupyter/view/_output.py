"""An output of a cell that can be written anew, from any thread."""

from __future__ import annotations

import secrets
from typing import Any


class Output:
    """One display with a display id.

    Args:
        publisher: the shell's display publisher, the one in force when the output is first shown.
    """

    def __init__(self, publisher: Any) -> None:
        self._publisher = publisher
        self._transient = {"display_id": f"flyte-{secrets.token_hex(8)}"}
        self._shown = False

    def show(self, bundle: dict[str, Any]) -> None:
        """Show the mimebundle: as a new output the first time, in place of what was shown afterwards."""
        update = self._shown
        self._shown = True
        self._publisher.publish(data=bundle, metadata={}, transient=self._transient, update=update)
