"""Tasks that are deployed first, images whose packages are missing here, and tasks that only a cluster can run."""

from __future__ import annotations

from typing import Any

import flyte
import flyte.extras
import flyte.remote
import harness

env = flyte.TaskEnvironment(name="deployed")
plugin_env = flyte.TaskEnvironment(name="plugin")
pod_env = flyte.TaskEnvironment(name="pod", pod_template="big-machine")
image_env = flyte.TaskEnvironment(
    name="image",
    image=flyte.Image.from_debian_base().with_pip_packages("no-such-package-of-ours==1.0", "protobuf"),
)


@env.task
async def add(a: int, b: int = 2) -> int:
    return a + b


@env.task
async def add_all(n: int) -> int:
    total = 0
    for number in range(n):
        total = await add(total, number)
    return total


@plugin_env.task
async def on_spark(x: int) -> int:
    return x


on_spark.task_type = "spark"


@pod_env.task
async def in_a_pod(x: int) -> int:
    return x


@image_env.task
async def in_an_image(x: int) -> int:
    return x


in_a_container = flyte.extras.ContainerTask(
    name="in_a_container",
    image="alpine:3",
    command=["/bin/sh", "-c", "echo"],
    inputs={"x": int},
    outputs={"y": int},
)
container_env = flyte.TaskEnvironment.from_task("container", in_a_container)


async def check_deploy_then_run() -> None:
    await flyte.deploy.aio(env, version="v1")
    task = flyte.remote.Task.get("deployed.add", version="v1")
    assert await harness.outputs(await flyte.run.aio(task, a=40)) == (42,)
    latest = flyte.remote.Task.get("deployed.add_all", auto_version="latest")
    assert await harness.outputs(await flyte.run.aio(latest, n=4)) == (6,)
    listed: Any = flyte.remote.Task.listall.aio()
    names = [task.name async for task in listed]
    assert {"deployed.add", "deployed.add_all"} <= set(names)


async def check_task_that_is_not_deployed() -> None:
    missing = flyte.remote.Task.get("deployed.missing", version="v1")
    await harness.refused(flyte.run.aio(missing, a=1), "missing")


async def check_container_task_is_refused() -> None:
    await harness.refused(flyte.run.aio(in_a_container, x=1), "in_a_container", "container task", "cluster")


async def check_plugin_task_is_refused() -> None:
    await harness.refused(flyte.run.aio(on_spark, x=1), "on_spark", "Spark", "cluster")


async def check_pod_template_is_refused() -> None:
    await harness.refused(flyte.run.aio(in_a_pod, x=1), "in_a_pod", "pod template", "cluster")


async def check_packages_that_are_missing_are_warned_of() -> None:
    run = await flyte.run.aio(in_an_image, x=5)
    assert await harness.outputs(run) == (5,)
    warnings = [line for line in [line async for line in run.get_logs.aio()] if "no-such-package-of-ours" in line]
    assert warnings
    assert not any("protobuf" in line for line in warnings)


if __name__ == "__main__":
    harness.main(image_builder="remote")
