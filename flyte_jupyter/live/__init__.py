"""What is being watched: run state, frames, feeds, and the watcher that shares them. Knows no Jupyter."""

from flyte_jupyter.live._frames import Frame, FrameWriter
from flyte_jupyter.live._state import Head, Row, RunState, Stale

__all__ = ["Frame", "FrameWriter", "Head", "Row", "RunState", "Stale"]
