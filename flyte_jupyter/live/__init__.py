"""What is being watched: run state, frames, feeds, and the watcher that shares them. Knows no Jupyter."""

from flyte_jupyter.live._details import ActionError, abort_reason_of, error_of, headline
from flyte_jupyter.live._facts import identity, moment
from flyte_jupyter.live._feed import Feed, run_key
from flyte_jupyter.live._frames import Frame, FrameWriter
from flyte_jupyter.live._labels import read_all_labels, read_labels
from flyte_jupyter.live._looks import TOPICS, Look, Looks
from flyte_jupyter.live._model import Head, Row, Stale
from flyte_jupyter.live._notifier import Notifier
from flyte_jupyter.live._state import RunState
from flyte_jupyter.live._times import read_times
from flyte_jupyter.live._timing import Timing
from flyte_jupyter.live._topic import Sight
from flyte_jupyter.live._watcher import Condition, Subscription, Watcher, watcher

__all__ = [
    "TOPICS",
    "ActionError",
    "Condition",
    "Feed",
    "Frame",
    "FrameWriter",
    "Head",
    "Look",
    "Looks",
    "Notifier",
    "Row",
    "RunState",
    "Sight",
    "Stale",
    "Subscription",
    "Timing",
    "Watcher",
    "abort_reason_of",
    "error_of",
    "headline",
    "identity",
    "moment",
    "read_all_labels",
    "read_labels",
    "read_times",
    "run_key",
    "watcher",
]
