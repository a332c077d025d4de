"""The messages of flyteidl2 that we make, each loaded when it is first made.

Loading flyteidl2 takes longer than loading everything else here, and a notebook that only loads the extension needs
none of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flyteidl2.common.identifier_pb2 import ActionAttemptIdentifier as ActionAttemptIdentifier
    from flyteidl2.common.identifier_pb2 import ActionIdentifier as ActionIdentifier
    from flyteidl2.common.identifier_pb2 import ProjectIdentifier as ProjectIdentifier
    from flyteidl2.common.identifier_pb2 import RunIdentifier as RunIdentifier
    from flyteidl2.common.list_pb2 import Filter as Filter
    from flyteidl2.common.list_pb2 import ListRequest as ListRequest
    from flyteidl2.common.list_pb2 import Sort as Sort
    from flyteidl2.dataproxy.dataproxy_service_pb2 import ArtifactType as ArtifactType
    from flyteidl2.dataproxy.dataproxy_service_pb2 import CreateDownloadLinkRequest as CreateDownloadLinkRequest
    from flyteidl2.dataproxy.dataproxy_service_pb2 import GetActionDataRequest as GetActionDataRequest
    from flyteidl2.dataproxy.dataproxy_service_pb2 import TailLogsRequest as TailLogsRequest
    from flyteidl2.task.common_pb2 import Inputs as Inputs
    from flyteidl2.task.common_pb2 import NamedLiteral as NamedLiteral
    from flyteidl2.task.common_pb2 import Outputs as Outputs
    from flyteidl2.workflow.run_definition_pb2 import Action as Action
    from flyteidl2.workflow.run_definition_pb2 import Run as Run
    from flyteidl2.workflow.run_service_pb2 import AbortActionRequest as AbortActionRequest
    from flyteidl2.workflow.run_service_pb2 import AbortRunRequest as AbortRunRequest
    from flyteidl2.workflow.run_service_pb2 import GetActionDetailsRequest as GetActionDetailsRequest
    from flyteidl2.workflow.run_service_pb2 import GetRunDetailsRequest as GetRunDetailsRequest
    from flyteidl2.workflow.run_service_pb2 import ListActionsRequest as ListActionsRequest
    from flyteidl2.workflow.run_service_pb2 import ListRunsRequest as ListRunsRequest
    from flyteidl2.workflow.run_service_pb2 import WatchActionDetailsRequest as WatchActionDetailsRequest

_HOMES = {
    "common.identifier": ("ActionAttemptIdentifier", "ActionIdentifier", "ProjectIdentifier", "RunIdentifier"),
    "common.list": ("Filter", "ListRequest", "Sort"),
    "dataproxy.dataproxy_service": (
        "ArtifactType",
        "CreateDownloadLinkRequest",
        "GetActionDataRequest",
        "TailLogsRequest",
    ),
    "task.common": ("Inputs", "NamedLiteral", "Outputs"),
    "workflow.run_definition": ("Action", "Run"),
    "workflow.run_logs_service": ("OldTailLogsRequest",),
    "workflow.run_service": (
        "AbortActionRequest",
        "AbortRunRequest",
        "GetActionDetailsRequest",
        "GetRunDetailsRequest",
        "ListActionsRequest",
        "ListRunsRequest",
        "OldGetActionDataRequest",
        "WatchActionDetailsRequest",
    ),
}
_MODULES = {name: f"flyteidl2.{module}_pb2" for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(name)
    message = getattr(importlib.import_module(_MODULES[name]), name.removeprefix("Old"))
    globals()[name] = message
    return message
