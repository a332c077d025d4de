"""The flavors that come with flyte-jupyter."""

from flyte_jupyter.actions._flavor import BaseActionFlavor
from flyte_jupyter.actions.flavors._abort import Abort, AbortFlavor
from flyte_jupyter.actions.flavors._callback import Callback, CallbackFlavor
from flyte_jupyter.actions.flavors._notify import Notify, NotifyFlavor
from flyte_jupyter.actions.flavors._rerun import Rerun, RerunFlavor
from flyte_jupyter.actions.flavors._run_task import RunTask, RunTaskFlavor
from flyte_jupyter.actions.flavors._signal import Signal, SignalFlavor

FLAVORS: tuple[type[BaseActionFlavor], ...] = (
    NotifyFlavor,
    RunTaskFlavor,
    RerunFlavor,
    AbortFlavor,
    SignalFlavor,
    CallbackFlavor,
)

__all__ = ["FLAVORS", "Abort", "Callback", "Notify", "Rerun", "RunTask", "Signal"]
