from __future__ import annotations

import pytest
from flyteidl2.core import tasks_pb2

from flyte_jupyter.local._refuse import refusal
from tests.unit.local.support import task_spec


@pytest.mark.parametrize("kind", ["python", "actor"])
def test_tasks_of_the_sdk_run(kind: str) -> None:
    spec = task_spec()
    spec.task_template.type = kind
    assert refusal(spec) == ""


def test_container_task() -> None:
    spec = task_spec("env.box")
    spec.task_template.type = "raw-container"
    assert "env.box is a container task" in refusal(spec)


def test_pod_template() -> None:
    spec = task_spec("env.box")
    spec.task_template.k8s_pod.CopyFrom(tasks_pb2.K8sPod(primary_container_name="main"))
    assert "env.box has a Kubernetes pod template" in refusal(spec)


def test_pod_template_by_name() -> None:
    spec = task_spec("env.box")
    spec.task_template.metadata.pod_template_name = "gpu-pod"
    assert "pod template 'gpu-pod'" in refusal(spec)


@pytest.mark.parametrize(
    ("kind", "label"), [("ray", "Ray"), ("spark", "Spark"), ("pytorch", "PyTorch"), ("mystery", "mystery")]
)
def test_plugins(kind: str, label: str) -> None:
    spec = task_spec("env.box")
    spec.task_template.type = kind
    assert f"env.box is a {label} task" in refusal(spec)


def test_no_command_line() -> None:
    spec = task_spec("env.box")
    del spec.task_template.container.args[:]
    assert "no command line" in refusal(spec)
    spec.task_template.container.args.append("bash")
    assert "'bash'" in refusal(spec)


def test_each_is_one_sentence() -> None:
    for kind in ("raw-container", "spark"):
        spec = task_spec("box")
        spec.task_template.type = kind
        assert refusal(spec).count(".") == 1
        assert refusal(spec).endswith("cluster.")
