"""What this backend cannot run, each said in one sentence."""

from __future__ import annotations

from flyteidl2.task import task_definition_pb2

# "actor" is a reusable environment: its arguments are an ordinary command line.
_RUNNABLE = ("python", "python-task", "actor", "")
_PLUGINS = {
    "ray": "Ray",
    "spark": "Spark",
    "dask": "Dask",
    "pytorch": "PyTorch",
    "tensorflow": "TensorFlow",
    "mpi": "MPI",
    "clustered": "clustered",
}


def refusal(spec: task_definition_pb2.TaskSpec) -> str:
    """Why a task cannot run on the embedded backend, or an empty string if it can."""
    template = spec.task_template
    name = template.id.name or spec.short_name or "The task"
    kind = template.type
    target = template.WhichOneof("target")
    if kind == "raw-container":
        return f"{name} is a container task, and the embedded backend runs no containers: it needs a Flyte cluster."
    if target == "k8s_pod":
        return (
            f"{name} has a Kubernetes pod template, and the embedded backend has no Kubernetes: "
            "it needs a Flyte cluster."
        )
    if template.metadata.pod_template_name:
        return (
            f"{name} names the Kubernetes pod template {template.metadata.pod_template_name!r}, "
            "and the embedded backend has no Kubernetes: it needs a Flyte cluster."
        )
    if kind not in _RUNNABLE:
        plugin = next((label for word, label in _PLUGINS.items() if word in kind.lower()), kind)
        return (
            f"{name} is a {plugin} task (type {kind!r}), and the embedded backend runs plain Python tasks only: "
            "it needs a Flyte cluster."
        )
    if target != "container" or not template.container.args:
        return f"{name} has no command line to run: it needs a Flyte cluster."
    if template.container.args[0] != "a0":
        return (
            f"{name} starts {template.container.args[0]!r}, and the embedded backend runs tasks of the Flyte SDK only: "
            "it needs a Flyte cluster."
        )
    return ""
