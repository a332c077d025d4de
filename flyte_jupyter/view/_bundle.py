"""What is written into the notebook for a run: HTML and text, together below 64 kB."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from flyte_jupyter.view._html import saved_size, snapshot_html
from flyte_jupyter.view._select import Selector
from flyte_jupyter.view._text import text_tree

if TYPE_CHECKING:
    from flyte_jupyter.live import RunState
    from flyte_jupyter.view._freeze import Frozen

MAX_TEXT_BYTES = 10_000
TEXT_ROWS = 30


def bundle(
    state: RunState, view_id: str, hub_id: str, place: str = "", frozen: Frozen | None = None, opens: str = ""
) -> dict[str, Any]:
    """Return the mimebundle of a snapshot of `state`, with the placeholder for the view `view_id`.

    Args:
        state: the run as it is known now.
        view_id: see `snapshot_html`; likewise the others.
        hub_id: see `view_id`.
        place: see `view_id`.
        frozen: see `view_id`.
        opens: see `view_id`.
    """
    now = time.time() * 1000
    selector = Selector(state, now)
    text = text_tree(state, limit=TEXT_ROWS, now=now, selector=selector, frozen=frozen)
    while (size := saved_size(text)) > MAX_TEXT_BYTES:
        text = text[: len(text) * MAX_TEXT_BYTES // size - 1].rstrip("…") + "…"
    html = snapshot_html(state, view_id, hub_id, now=now, selector=selector, place=place, frozen=frozen, opens=opens)
    return {"text/html": html, "text/plain": text}
