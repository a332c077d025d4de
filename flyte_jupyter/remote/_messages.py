"""The messages of flyteidl2 that we make, each loaded when it is first made.

Loading flyteidl2 takes longer than loading everything else here, and a notebook that only loads the extension needs
none of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flyteidl2.auth.auth_service_pb2 import GetOAuth2MetadataRequest as GetOAuth2MetadataRequest
    from flyteidl2.auth.auth_service_pb2 import GetPublicClientConfigRequest as GetPublicClientConfigRequest
    from flyteidl2.auth.identity_pb2 import UserInfoRequest as UserInfoRequest
    from flyteidl2.cluster.payload_pb2 import SelectClusterRequest as SelectClusterRequest
    from flyteidl2.common.identifier_pb2 import ActionAttemptIdentifier as ActionAttemptIdentifier
    from flyteidl2.common.identifier_pb2 import ActionIdentifier as ActionIdentifier
    from flyteidl2.common.identifier_pb2 import ProjectIdentifier as ProjectIdentifier
    from flyteidl2.common.identifier_pb2 import RunIdentifier as RunIdentifier
    from flyteidl2.common.identifier_pb2 import TriggerName as TriggerName
    from flyteidl2.common.list_pb2 import Filter as Filter
    from flyteidl2.common.list_pb2 import ListRequest as ListRequest
    from flyteidl2.common.list_pb2 import Sort as Sort
    from flyteidl2.core.interface_pb2 import Variable as Variable
    from flyteidl2.core.literals_pb2 import Binary as Binary
    from flyteidl2.core.literals_pb2 import Blob as Blob
    from flyteidl2.core.literals_pb2 import BlobMetadata as BlobMetadata
    from flyteidl2.core.literals_pb2 import KeyValuePair as KeyValuePair
    from flyteidl2.core.literals_pb2 import Literal as Literal
    from flyteidl2.core.literals_pb2 import LiteralCollection as LiteralCollection
    from flyteidl2.core.literals_pb2 import LiteralMap as LiteralMap
    from flyteidl2.core.literals_pb2 import Primitive as Primitive
    from flyteidl2.core.literals_pb2 import Scalar as Scalar
    from flyteidl2.core.literals_pb2 import Schema as Schema
    from flyteidl2.core.literals_pb2 import StructuredDataset as StructuredDataset
    from flyteidl2.core.literals_pb2 import StructuredDatasetMetadata as StructuredDatasetMetadata
    from flyteidl2.core.literals_pb2 import Union as Union
    from flyteidl2.core.literals_pb2 import Void as Void
    from flyteidl2.core.tasks_pb2 import Resources as Resources
    from flyteidl2.core.tasks_pb2 import TaskTemplate as TaskTemplate
    from flyteidl2.core.types_pb2 import BlobType as BlobType
    from flyteidl2.core.types_pb2 import LiteralType as LiteralType
    from flyteidl2.core.types_pb2 import SimpleType as SimpleType
    from flyteidl2.core.types_pb2 import StructuredDatasetType as StructuredDatasetType
    from flyteidl2.dataproxy.dataproxy_service_pb2 import ArtifactType as ArtifactType
    from flyteidl2.dataproxy.dataproxy_service_pb2 import CreateDownloadLinkRequest as CreateDownloadLinkRequest
    from flyteidl2.dataproxy.dataproxy_service_pb2 import CreateUploadLocationRequest as CreateUploadLocationRequest
    from flyteidl2.dataproxy.dataproxy_service_pb2 import GetActionDataRequest as GetActionDataRequest
    from flyteidl2.dataproxy.dataproxy_service_pb2 import TailLogsRequest as TailLogsRequest
    from flyteidl2.dataproxy.dataproxy_service_pb2 import UploadInputsRequest as UploadInputsRequest
    from flyteidl2.project.project_service_pb2 import CreateProjectRequest as CreateProjectRequest
    from flyteidl2.project.project_service_pb2 import GetProjectRequest as GetProjectRequest
    from flyteidl2.project.project_service_pb2 import ListProjectsRequest as ListProjectsRequest
    from flyteidl2.project.project_service_pb2 import Project as Project
    from flyteidl2.project.project_service_pb2 import UpdateProjectRequest as UpdateProjectRequest
    from flyteidl2.secret.definition_pb2 import SecretIdentifier as SecretIdentifier
    from flyteidl2.secret.definition_pb2 import SecretSpec as SecretSpec
    from flyteidl2.secret.payload_pb2 import CreateSecretRequest as CreateSecretRequest
    from flyteidl2.secret.payload_pb2 import DeleteSecretRequest as DeleteSecretRequest
    from flyteidl2.secret.payload_pb2 import GetSecretRequest as GetSecretRequest
    from flyteidl2.secret.payload_pb2 import ListSecretsRequest as ListSecretsRequest
    from flyteidl2.secret.payload_pb2 import UpdateSecretRequest as UpdateSecretRequest
    from flyteidl2.task.common_pb2 import Cron as Cron
    from flyteidl2.task.common_pb2 import FixedRate as FixedRate
    from flyteidl2.task.common_pb2 import FixedRateUnit as FixedRateUnit
    from flyteidl2.task.common_pb2 import Inputs as Inputs
    from flyteidl2.task.common_pb2 import NamedLiteral as NamedLiteral
    from flyteidl2.task.common_pb2 import Outputs as Outputs
    from flyteidl2.task.common_pb2 import Schedule as Schedule
    from flyteidl2.task.common_pb2 import TriggerAutomationSpec as TriggerAutomationSpec
    from flyteidl2.task.run_pb2 import RunSpec as RunSpec
    from flyteidl2.task.task_definition_pb2 import TaskDetails as TaskDetails
    from flyteidl2.task.task_definition_pb2 import TaskIdentifier as TaskIdentifier
    from flyteidl2.task.task_definition_pb2 import TaskName as TaskName
    from flyteidl2.task.task_definition_pb2 import TaskSpec as TaskSpec
    from flyteidl2.task.task_service_pb2 import GetTaskDetailsRequest as GetTaskDetailsRequest
    from flyteidl2.task.task_service_pb2 import ListTasksRequest as ListTasksRequest
    from flyteidl2.task.task_service_pb2 import ListVersionsRequest as ListVersionsRequest
    from flyteidl2.trigger.trigger_definition_pb2 import Trigger as Trigger
    from flyteidl2.trigger.trigger_definition_pb2 import TriggerSpec as TriggerSpec
    from flyteidl2.trigger.trigger_service_pb2 import DeleteTriggersRequest as DeleteTriggersRequest
    from flyteidl2.trigger.trigger_service_pb2 import DeployTriggerRequest as DeployTriggerRequest
    from flyteidl2.trigger.trigger_service_pb2 import GetTriggerDetailsRequest as GetTriggerDetailsRequest
    from flyteidl2.trigger.trigger_service_pb2 import ListTriggersRequest as ListTriggersRequest
    from flyteidl2.trigger.trigger_service_pb2 import UpdateTriggersRequest as UpdateTriggersRequest
    from flyteidl2.workflow.run_definition_pb2 import Action as Action
    from flyteidl2.workflow.run_definition_pb2 import Run as Run
    from flyteidl2.workflow.run_service_pb2 import AbortActionRequest as AbortActionRequest
    from flyteidl2.workflow.run_service_pb2 import AbortRunRequest as AbortRunRequest
    from flyteidl2.workflow.run_service_pb2 import CreateRunRequest as CreateRunRequest
    from flyteidl2.workflow.run_service_pb2 import EventPayload as EventPayload
    from flyteidl2.workflow.run_service_pb2 import GetActionDetailsRequest as GetActionDetailsRequest
    from flyteidl2.workflow.run_service_pb2 import GetRunDetailsRequest as GetRunDetailsRequest
    from flyteidl2.workflow.run_service_pb2 import ListActionsRequest as ListActionsRequest
    from flyteidl2.workflow.run_service_pb2 import ListRunsRequest as ListRunsRequest
    from flyteidl2.workflow.run_service_pb2 import SignalEventRequest as SignalEventRequest
    from flyteidl2.workflow.run_service_pb2 import WatchActionDetailsRequest as WatchActionDetailsRequest

_HOMES = {
    "auth.auth_service": (
        "GetOAuth2MetadataRequest",
        "GetPublicClientConfigRequest",
    ),
    "auth.identity": ("UserInfoRequest",),
    "cluster.payload": ("SelectClusterRequest",),
    "common.identifier": (
        "ActionAttemptIdentifier",
        "ActionIdentifier",
        "ProjectIdentifier",
        "RunIdentifier",
        "TriggerName",
    ),
    "common.list": (
        "Filter",
        "ListRequest",
        "Sort",
    ),
    "core.interface": ("Variable",),
    "core.literals": (
        "Binary",
        "Blob",
        "BlobMetadata",
        "KeyValuePair",
        "Literal",
        "LiteralCollection",
        "LiteralMap",
        "Primitive",
        "Scalar",
        "Schema",
        "StructuredDataset",
        "StructuredDatasetMetadata",
        "Union",
        "Void",
    ),
    "core.tasks": (
        "Resources",
        "TaskTemplate",
    ),
    "core.types": (
        "BlobType",
        "LiteralType",
        "SimpleType",
        "StructuredDatasetType",
    ),
    "dataproxy.dataproxy_service": (
        "ArtifactType",
        "CreateDownloadLinkRequest",
        "CreateUploadLocationRequest",
        "GetActionDataRequest",
        "TailLogsRequest",
        "UploadInputsRequest",
    ),
    "project.project_service": (
        "CreateProjectRequest",
        "GetProjectRequest",
        "ListProjectsRequest",
        "Project",
        "UpdateProjectRequest",
    ),
    "secret.definition": (
        "SecretIdentifier",
        "SecretSpec",
    ),
    "secret.payload": (
        "CreateSecretRequest",
        "DeleteSecretRequest",
        "GetSecretRequest",
        "ListSecretsRequest",
        "UpdateSecretRequest",
    ),
    "task.common": (
        "Cron",
        "FixedRate",
        "FixedRateUnit",
        "Inputs",
        "NamedLiteral",
        "Outputs",
        "Schedule",
        "TriggerAutomationSpec",
    ),
    "task.run": ("RunSpec",),
    "task.task_definition": (
        "TaskDetails",
        "TaskIdentifier",
        "TaskName",
        "TaskSpec",
    ),
    "task.task_service": (
        "GetTaskDetailsRequest",
        "ListTasksRequest",
        "ListVersionsRequest",
    ),
    "trigger.trigger_definition": (
        "Trigger",
        "TriggerSpec",
    ),
    "trigger.trigger_service": (
        "DeleteTriggersRequest",
        "DeployTriggerRequest",
        "GetTriggerDetailsRequest",
        "ListTriggersRequest",
        "UpdateTriggersRequest",
    ),
    "workflow.run_definition": (
        "Action",
        "Run",
    ),
    "workflow.run_logs_service": ("OldTailLogsRequest",),
    "workflow.run_service": (
        "AbortActionRequest",
        "AbortRunRequest",
        "CreateRunRequest",
        "EventPayload",
        "GetActionDetailsRequest",
        "GetRunDetailsRequest",
        "ListActionsRequest",
        "ListRunsRequest",
        "OldGetActionDataRequest",
        "SignalEventRequest",
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
