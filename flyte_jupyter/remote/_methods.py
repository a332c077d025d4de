"""The RPCs that this package makes."""

from __future__ import annotations

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Method:
    """One RPC.

    Attributes:
        service: Full name of the service, a key of `MODULES`.
        rpc: The RPC's name.
        idempotent: Asking twice does no more than asking once, so a lost answer may be asked for again.
        streams: It answers with a stream.

    Example:
        >>> str(methods.GET_RUN_DETAILS), methods.GET_RUN_DETAILS.path
        ('RunService.GetRunDetails', '/flyteidl2.workflow.RunService/GetRunDetails')
    """

    service: str
    rpc: str
    idempotent: bool = False
    streams: bool = False

    @property
    def snake(self) -> str:
        """The name of the RPC in flyteidl2's Connect clients."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.rpc).lower()

    @property
    def path(self) -> str:
        """The path of the RPC on the wire."""
        return f"/{self.service}/{self.rpc}"

    def __str__(self) -> str:
        return f"{self.service.rpartition('.')[2]}.{self.rpc}"


RUN_SERVICE = "flyteidl2.workflow.RunService"
RUN_LOGS_SERVICE = "flyteidl2.workflow.RunLogsService"
DATA_PROXY_SERVICE = "flyteidl2.dataproxy.DataProxyService"
TASK_SERVICE = "flyteidl2.task.TaskService"
TRIGGER_SERVICE = "flyteidl2.trigger.TriggerService"
PROJECT_SERVICE = "flyteidl2.project.ProjectService"
SECRET_SERVICE = "flyteidl2.secret.SecretService"  # noqa: S105
IDENTITY_SERVICE = "flyteidl2.auth.IdentityService"
AUTH_METADATA_SERVICE = "flyteidl2.auth.AuthMetadataService"
CLUSTER_SERVICE = "flyteidl2.cluster.ClusterService"

MODULES = {
    RUN_SERVICE: "flyteidl2.workflow.run_service",
    RUN_LOGS_SERVICE: "flyteidl2.workflow.run_logs_service",
    DATA_PROXY_SERVICE: "flyteidl2.dataproxy.dataproxy_service",
    TASK_SERVICE: "flyteidl2.task.task_service",
    TRIGGER_SERVICE: "flyteidl2.trigger.trigger_service",
    PROJECT_SERVICE: "flyteidl2.project.project_service",
    SECRET_SERVICE: "flyteidl2.secret.secret",
    IDENTITY_SERVICE: "flyteidl2.auth.identity",
    AUTH_METADATA_SERVICE: "flyteidl2.auth.auth_service",
    CLUSTER_SERVICE: "flyteidl2.cluster.service",
}
"""Where flyteidl2 keeps a service: its modules begin with this name."""

GET_RUN_DETAILS = Method(RUN_SERVICE, "GetRunDetails", idempotent=True)
GET_ACTION_DETAILS = Method(RUN_SERVICE, "GetActionDetails", idempotent=True)
LIST_RUNS = Method(RUN_SERVICE, "ListRuns", idempotent=True)
LIST_ACTIONS = Method(RUN_SERVICE, "ListActions", idempotent=True)
WATCH_RUNS = Method(RUN_SERVICE, "WatchRuns", idempotent=True, streams=True)
WATCH_ACTIONS = Method(RUN_SERVICE, "WatchActions", idempotent=True, streams=True)
WATCH_ACTION_DETAILS = Method(RUN_SERVICE, "WatchActionDetails", idempotent=True, streams=True)
# An abort overwrites a terminal phase, so it is not sent a second time without looking.
ABORT_RUN = Method(RUN_SERVICE, "AbortRun")
ABORT_ACTION = Method(RUN_SERVICE, "AbortAction")
SIGNAL_EVENT = Method(RUN_SERVICE, "SignalEvent")
CREATE_RUN = Method(RUN_SERVICE, "CreateRun")

GET_ACTION_DATA = Method(DATA_PROXY_SERVICE, "GetActionData", idempotent=True)
TAIL_LOGS = Method(DATA_PROXY_SERVICE, "TailLogs", idempotent=True, streams=True)
CREATE_DOWNLOAD_LINK = Method(DATA_PROXY_SERVICE, "CreateDownloadLink", idempotent=True)
CREATE_UPLOAD_LOCATION = Method(DATA_PROXY_SERVICE, "CreateUploadLocation", idempotent=True)
UPLOAD_INPUTS = Method(DATA_PROXY_SERVICE, "UploadInputs", idempotent=True)

GET_TASK_DETAILS = Method(TASK_SERVICE, "GetTaskDetails", idempotent=True)
LIST_TASKS = Method(TASK_SERVICE, "ListTasks", idempotent=True)
LIST_VERSIONS = Method(TASK_SERVICE, "ListVersions", idempotent=True)

# Each deployment is a revision of its own.
DEPLOY_TRIGGER = Method(TRIGGER_SERVICE, "DeployTrigger")
GET_TRIGGER_DETAILS = Method(TRIGGER_SERVICE, "GetTriggerDetails", idempotent=True)
LIST_TRIGGERS = Method(TRIGGER_SERVICE, "ListTriggers", idempotent=True)
UPDATE_TRIGGERS = Method(TRIGGER_SERVICE, "UpdateTriggers", idempotent=True)
DELETE_TRIGGERS = Method(TRIGGER_SERVICE, "DeleteTriggers", idempotent=True)

CREATE_PROJECT = Method(PROJECT_SERVICE, "CreateProject")
UPDATE_PROJECT = Method(PROJECT_SERVICE, "UpdateProject", idempotent=True)
GET_PROJECT = Method(PROJECT_SERVICE, "GetProject", idempotent=True)
LIST_PROJECTS = Method(PROJECT_SERVICE, "ListProjects", idempotent=True)

CREATE_SECRET = Method(SECRET_SERVICE, "CreateSecret")
UPDATE_SECRET = Method(SECRET_SERVICE, "UpdateSecret", idempotent=True)
GET_SECRET = Method(SECRET_SERVICE, "GetSecret", idempotent=True)
LIST_SECRETS = Method(SECRET_SERVICE, "ListSecrets", idempotent=True)
DELETE_SECRET = Method(SECRET_SERVICE, "DeleteSecret")

USER_INFO = Method(IDENTITY_SERVICE, "UserInfo", idempotent=True)

SELECT_CLUSTER = Method(CLUSTER_SERVICE, "SelectCluster", idempotent=True)

# Asked without authentication: they tell how one logs in.
GET_OAUTH2_METADATA = Method(AUTH_METADATA_SERVICE, "GetOAuth2Metadata", idempotent=True)
GET_PUBLIC_CLIENT_CONFIG = Method(AUTH_METADATA_SERVICE, "GetPublicClientConfig", idempotent=True)

# Older backends have these where newer ones have those of the data proxy.
OLD_GET_ACTION_DATA = Method(RUN_SERVICE, "GetActionData", idempotent=True)
OLD_TAIL_LOGS = Method(RUN_LOGS_SERVICE, "TailLogs", idempotent=True, streams=True)
