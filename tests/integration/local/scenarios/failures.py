"""Runs that do not succeed, or not at once: retries, failures, time-outs, hard exits, aborts, conditions."""

# ruff: noqa: ASYNC110, ASYNC240, ASYNC251 - the tasks tell by means of small files that they run

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import flyte
import flyte.errors
import harness
from flyte.remote import Action, ActionDetails, Condition, Run

env = flyte.TaskEnvironment(name="failures")


def attempt() -> int:
    return int(os.environ["FLYTE_ATTEMPT_NUMBER"])


@env.task(retries=3)
async def third_time_lucky() -> int:
    print("attempt", attempt())
    if attempt() < 2:
        raise ValueError(f"attempt {attempt()} fails")
    return attempt()


@env.task(retries=1)
async def never_lucky() -> int:
    raise ValueError(f"attempt {attempt()} fails")


@env.task
async def fails(text: str) -> int:
    print("about to fail")
    raise ValueError(text)


@env.task
async def catches(text: str) -> str:
    try:
        await fails(text)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


@env.task
async def does_not_catch(text: str) -> int:
    return await fails(text)


@env.task(timeout=timedelta(seconds=4))
async def too_slow(pid_file: str) -> int:
    Path(pid_file).write_text(str(os.getpid()))
    time.sleep(120)
    return 1


@env.task
async def catches_timeout(pid_file: str) -> str:
    try:
        await too_slow(pid_file)
    except flyte.errors.TaskTimeoutError as error:
        return type(error).__name__
    return ""


@env.task
async def exits(code: int) -> int:
    print("last words")
    os._exit(code)


@env.task
async def killed() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 1


@env.task
async def catches_hard_exits() -> list[str]:
    found: list[str] = []
    for child in (exits(3), killed()):
        try:
            await child
        except Exception as error:
            found.append(str(error))
    return found


@env.task
async def sleeps(pid_file: str) -> int:
    Path(pid_file).write_text(str(os.getpid()))
    await asyncio.sleep(300)
    return 1


@env.task
async def sleeping_children(directory: str, n: int) -> int:
    return sum(await asyncio.gather(*(sleeps(f"{directory}/{i}") for i in range(n))))


@env.task
async def catches_abort(pid_file: str) -> str:
    try:
        await sleeps(pid_file)
    except Exception as error:
        return type(error).__name__
    return ""


@env.task
async def dies_with_children(directory: str) -> int:
    child = asyncio.ensure_future(sleeps(f"{directory}/child"))
    while not Path(directory, "child").exists():
        await asyncio.sleep(0.05)
    child.cancel()
    os._exit(4)


@env.task
async def asks() -> list[str]:
    answers: list[str] = []
    for kind in (bool, int, float, str):
        condition = await flyte.new_condition.aio(f"is_{kind.__name__}", prompt="Well?", data_type=kind)
        answers.append(repr(await condition.wait.aio()))
    return answers


@env.task
async def asks_in_vain() -> str:
    condition = await flyte.new_condition.aio("in_vain", timeout=1)
    try:
        await condition.wait.aio()
    except flyte.errors.ConditionTimedoutError as error:
        return type(error).__name__
    return ""


@env.task
async def asks_for_ever() -> bool:
    condition = await flyte.new_condition.aio("for_ever")
    return await condition.wait.aio()


def place(name: str) -> str:
    path = Path(os.environ["SCENARIO_DIRECTORY"], name)
    path.mkdir()
    return str(path)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


async def started(path: str) -> int:
    async def pid() -> int:
        file = Path(path)
        return int(file.read_text() or 0) if file.exists() else 0

    return await harness.until(pid, f"the pid in {path}")


async def ended(pid: int) -> None:
    async def check() -> bool:
        return gone(pid)

    await harness.until(check, f"the end of process {pid}")


async def child_of(run: Run) -> Action:
    async def find() -> Action | None:
        found = await harness.actions(run, parent_name="a0")
        return found[0] if found else None

    return await harness.until(find, "the child")


async def check_retries_until_it_succeeds() -> None:
    run = await flyte.run.aio(third_time_lucky)
    assert await harness.outputs(run) == (2,)
    details = (await run.details.aio()).action_details
    assert details.attempts == 3
    attempts = details.pb2.attempts
    assert [one.attempt for one in attempts] == [1, 2, 3]
    assert ["fails" in one.error_info.message for one in attempts] == [True, True, False]
    for number in (1, 2, 3):
        assert f"attempt {number - 1}" in await harness.lines(run, attempt=number)


async def check_retries_that_run_out() -> None:
    run = await flyte.run.aio(never_lucky)
    assert (await harness.finished(run)).phase == "failed"
    assert "attempt 1 fails" in await harness.error(run)
    assert (await run.details.aio()).action_details.attempts == 2


async def check_failure_that_is_caught() -> None:
    run = await flyte.run.aio(catches, text="a reason")
    (caught,) = await harness.outputs(run)
    assert "a reason" in caught
    (child,) = await harness.actions(run, parent_name="a0")
    assert child.phase == "failed"
    details = await ActionDetails.get.aio(run_name=run.name, name=child.name)
    assert details.error_info is not None
    assert "a reason" in details.error_info.message


async def check_failure_that_is_not_caught() -> None:
    run = await flyte.run.aio(does_not_catch, text="a deep reason")
    assert (await harness.finished(run)).phase == "failed"
    assert "a deep reason" in await harness.error(run)
    assert {action.phase for action in await harness.actions(run)} == {"failed"}
    await harness.refused(run.raise_for_status.aio(), "a deep reason")


async def check_timeout() -> None:
    path = place("timeout")
    run = await flyte.run.aio(too_slow, pid_file=f"{path}/pid")
    assert (await harness.finished(run)).phase == "timed_out"
    assert "4" in await harness.error(run)
    await ended(await started(f"{path}/pid"))


async def check_timeout_that_is_caught() -> None:
    path = place("caught-timeout")
    run = await flyte.run.aio(catches_timeout, pid_file=f"{path}/pid")
    (name,) = await harness.outputs(run)
    assert name.endswith(("TimeoutError", "ExceededError"))
    (child,) = await harness.actions(run, parent_name="a0")
    assert child.phase == "timed_out"


async def check_hard_exit() -> None:
    run = await flyte.run.aio(exits, code=3)
    assert (await harness.finished(run)).phase == "failed"
    message = await harness.error(run)
    assert "3" in message
    assert "last words" in message


async def check_sigkill() -> None:
    run = await flyte.run.aio(killed)
    assert (await harness.finished(run)).phase == "failed"
    message = await harness.error(run)
    assert "SIGKILL" in message or "signal 9" in message


async def check_hard_exits_that_are_caught() -> None:
    (messages,) = await harness.outputs(await flyte.run.aio(catches_hard_exits))
    assert len(messages) == 2
    assert "3" in messages[0]
    assert "SIGKILL" in messages[1] or "9" in messages[1]


async def check_children_of_a_dead_parent_are_aborted() -> None:
    path = place("orphan")
    run = await flyte.run.aio(dies_with_children, directory=path)
    pid = await started(f"{path}/child")
    assert (await harness.finished(run)).phase == "failed"
    await ended(pid)

    async def child_is_over() -> bool:
        return {action.phase for action in await harness.actions(run, parent_name="a0")} == {"aborted"}

    await harness.until(child_is_over, "the end of the child")


async def check_abort_of_a_run() -> None:
    path = place("abort-run")
    run = await flyte.run.aio(sleeping_children, directory=path, n=2)
    pids = [await started(f"{path}/{i}") for i in range(2)]
    await run.abort.aio(reason="enough of it")
    assert (await harness.finished(run)).phase == "aborted"
    details = (await run.details.aio()).action_details
    assert details.abort_info is not None
    assert "enough of it" in details.abort_info.reason
    for pid in pids:
        await ended(pid)

    async def all_aborted() -> bool:
        return {action.phase for action in await harness.actions(run)} == {"aborted"}

    await harness.until(all_aborted, "the end of every action")


async def check_abort_of_an_action() -> None:
    path = place("abort-action")
    run = await flyte.run.aio(catches_abort, pid_file=f"{path}/pid")
    pid = await started(f"{path}/pid")
    child = await child_of(run)
    await child.abort.aio(reason="not this one")
    (caught,) = await harness.outputs(run)
    assert caught
    await ended(pid)
    details = await ActionDetails.get.aio(run_name=run.name, name=child.name)
    assert details.phase == "aborted"
    assert details.abort_info is not None
    assert "not this one" in details.abort_info.reason


async def check_abort_of_what_is_over() -> None:
    run = await flyte.run.aio(fails, text="over")
    await harness.finished(run)
    await run.abort.aio()
    assert (await harness.finished(run)).phase == "failed"


async def check_conditions_and_signals() -> None:
    run = await flyte.run.aio(asks)
    for name, answer in (("is_bool", True), ("is_int", 7), ("is_float", 1.5), ("is_str", "yes")):

        async def find(name: str = name) -> Condition | None:
            return await Condition.get.aio(name, run_name=run.name)

        condition = await harness.until(find, name)
        assert condition.phase.endswith("PAUSED"), condition.phase
        await condition.signal.aio(answer)
    assert await harness.outputs(run) == (["True", "7", "1.5", "'yes'"],)
    assert {action.phase for action in await harness.actions(run)} == {"succeeded"}


async def check_condition_that_times_out() -> None:
    run = await flyte.run.aio(asks_in_vain)
    assert await harness.outputs(run) == ("ConditionTimedoutError",)
    (condition,) = [one async for one in Condition.listall.aio(run_name=run.name)]
    assert condition.phase.endswith("TIMED_OUT"), condition.phase


async def check_abort_while_a_condition_waits() -> None:
    run = await flyte.run.aio(asks_for_ever)

    async def find() -> Condition | None:
        return await Condition.get.aio("for_ever", run_name=run.name)

    await harness.until(find, "the condition")
    await run.abort.aio()
    assert (await harness.finished(run)).phase == "aborted"
    (condition,) = [one async for one in Condition.listall.aio(run_name=run.name)]
    assert condition.phase.endswith("ABORTED"), condition.phase


if __name__ == "__main__":
    harness.main()
